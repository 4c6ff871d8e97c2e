import fc from "../../fast_check.ts";
import { repeated } from "../../../gateways/readers/json.ts";
import {
  maxParameterBytes,
  maxParameters,
} from "../../../gateways/readers/limits.ts";
import {
  decodeSegment,
  parameterOf,
  parseParameters,
} from "../../../gateways/readers/parameters.ts";
import { bytesOfText } from "../../../protocol/bytes.ts";
import { assertEquals } from "../../assert.ts";
import { assertProperty } from "../../property.ts";

const valueOf = (text: string, key: string) =>
  parameterOf(parseParameters(text)!, key);

Deno.test({
  name: "parseParameters() reads what URLSearchParams writes",
  permissions: "none",
  fn() {
    const pair = fc.tuple(
      fc.string({ unit: "grapheme" }),
      fc.string({ unit: "grapheme" }),
    );
    const pairs = fc.uniqueArray(pair, { selector: ([key]) => key });
    assertProperty(fc.property(pairs, (pairs) => {
      const parameters = parseParameters(`${new URLSearchParams(pairs)}`)!;
      assertEquals(
        [...parameters],
        pairs.map(([key, value]) => [bytesOfText(key), bytesOfText(value)]),
      );
    }));
  },
});

Deno.test({
  name: "parseParameters() keeps bytes that are not UTF-8",
  permissions: "none",
  fn() {
    assertEquals(valueOf("id=%E9%ff\xe9", "id"), "\xe9\xff\xe9");
    assertEquals(valueOf("id=100%&x", "id"), "100%");
    assertEquals(valueOf("id=%4x%4", "id"), "%4x%4");
    assertEquals(valueOf("a+b=c+d%2B", "a b"), "c d+");
    assertEquals(valueOf("&&id&", "id"), "");
    assertEquals(valueOf("id==1=", "id"), "=1=");
    assertEquals(valueOf("__proto__=1", "toString"), undefined);
    assertEquals(decodeSegment("old%20+phone"), "old +phone");
  },
});

Deno.test({
  name: "parseParameters() marks a key with two values, also across texts",
  permissions: "none",
  fn() {
    assertEquals(valueOf("lat=1&lat=2", "lat"), repeated);
    assertEquals(valueOf("lat=1&lat=2&lat=1", "lat"), repeated);
    assertEquals(valueOf("lat=1&l%61t=1", "lat"), "1");
    assertEquals(parseParameters("id=1", "id=2")?.get("id"), repeated);
    assertEquals(parseParameters("id=1", "lat=2")?.size, 2);
  },
});

Deno.test({
  name: "parseParameters() limits the keys and the bytes",
  permissions: "none",
  fn() {
    const keys = (count: number) =>
      Array.from({ length: count }, (_, index) => `k${index}=1`).join("&");
    assertEquals(parseParameters(keys(maxParameters))?.size, maxParameters);
    assertEquals(parseParameters(keys(maxParameters + 1)), undefined);
    assertEquals(parseParameters(keys(200), keys(200)), undefined);
    assertEquals(parseParameters("&".repeat(maxParameterBytes))?.size, 0);
    const value = "+".repeat(maxParameterBytes - 4);
    assertEquals(
      valueOf(`id=${value}%`, "id"),
      `${" ".repeat(value.length)}%`,
    );
    assertEquals(parseParameters(`id=${value}%%`), undefined);
    assertEquals(parseParameters("id=1", `x=${value}`), undefined);
  },
});
