import { maxFractionDigits } from "../../places/limits.ts";
import { makeQuery } from "../../places/provider.ts";
import { assert, assertEquals } from "../assert.ts";
import fc from "../fast_check.ts";
import { assertProperty } from "../property.ts";

const digits = (count: number, digit = "1") => digit.repeat(count);

Deno.test({
  name: "makeQuery() keeps the client's digits, up to a limit",
  permissions: "none",
  fn() {
    const position = { latitude: "+34.068930", longitude: "-0118.445127" };
    assertEquals(makeQuery(position, "10", "5"), {
      position,
      radiusMetres: "10000",
      bound: 5,
    });
    const long = {
      latitude: `+${digits(60_000, "0")}34.${digits(60_000)}`,
      longitude: `-${digits(60_000, "0")}`,
    };
    const fraction = digits(maxFractionDigits);
    assertEquals(
      makeQuery(long, `${digits(60_000, "0")}1.5${digits(60_000)}`, "5"),
      {
        position: { latitude: `+34.${fraction}`, longitude: "-0" },
        radiusMetres: `1511.${fraction}`,
        bound: 5,
      },
    );
  },
});

Deno.test({
  name: "makeQuery() changes no number by more than its last digit",
  permissions: "none",
  fn() {
    const anyDigits = fc.string({
      unit: fc.constantFrom(..."0123456789"),
      maxLength: 40,
    });
    assertProperty(
      fc.property(fc.nat(90), anyDigits, anyDigits, (whole, zeros, rest) => {
        const latitude = `-${zeros.replace(/./g, "0")}${whole}.${rest}1`;
        const longitude = "+1";
        const { position } = makeQuery({ latitude, longitude }, "1", "1");
        const difference = Number(position.latitude) - Number(latitude);
        assert(Math.abs(difference) < 1e-12, position.latitude);
        assert(position.latitude.length <= 2 + 2 + maxFractionDigits);
        assertEquals(position.longitude, "+1");
      }),
    );
  },
});
