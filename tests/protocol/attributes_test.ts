import fc from "../fast_check.ts";
import {
  type Attributes,
  formatAttributes,
  isAttributeNumber,
  parseAttributes,
} from "../../protocol/attributes.ts";
import { maxAttributesBytes } from "../../protocol/limits.ts";
import { assert, assertEquals } from "../assert.ts";
import { readDocument } from "../document.ts";
import { assertProperty } from "../property.ts";
import { anyBytes } from "./arbitraries.ts";

const anyNumber = fc.tuple(
  fc.constantFrom("accuracy", "altitude", "battery", "course", "speed"),
  fc.double({ min: 0, max: 100, noNaN: true }),
).map(([key, value]) => [key, value.toFixed(8).replace(/\.?0+$/, "")] as const);

const anyText = fc.tuple(
  fc.constantFrom("source", "tid", "unknown", "zebra"),
  anyBytes.filter((text) => text !== "").map((text) => text.slice(0, 8)),
);

const anyAttributes: fc.Arbitrary<Attributes> = fc.array(
  fc.oneof(anyNumber, anyText),
  { maxLength: 6 },
).map((entries) => new Map(entries));

Deno.test({
  name: "parseAttributes() is the inverse of formatAttributes()",
  permissions: "none",
  fn() {
    assertProperty(fc.property(anyAttributes, (attributes) => {
      const field = formatAttributes(attributes)!;
      assert(field.length <= maxAttributesBytes, field);
      // deno-lint-ignore no-control-regex
      assert(!/[\x00-\x20\x7f]/.test(field), field);
      const parsed = parseAttributes(field)!;
      assertEquals(new Map([...parsed]), new Map([...attributes].sort()));
    }));
  },
});

Deno.test({
  name: "formatAttributes() is the inverse of parseAttributes(), for any field",
  permissions: "none",
  fn() {
    const anyPart = fc.oneof(
      fc.constantFrom(
        "accuracy=14",
        "accuracy=014",
        "altitude=-0",
        "battery=100",
        "battery=100.5",
        "speed=1.50",
        "tid=m%2Cx",
        "tid=m%2cx",
        "tid=%41",
        "tid=",
        "zebra=1",
      ),
      anyBytes,
    );
    assertProperty(
      fc.property(fc.array(anyPart, { maxLength: 4 }), (parts) => {
        const field = parts.join(",");
        const parsed = parseAttributes(field);
        if (parsed !== undefined) {
          assertEquals(formatAttributes(parsed), field);
        }
      }),
      { numRuns: 1_000 },
    );
  },
});

Deno.test("the attributes in PROTOCOL.md are valid, or not, as it says", () => {
  const page = readDocument("docs/PROTOCOL.md");
  const rows = [...page.matchAll(/^\| `([^`]*)` +\| (valid|not valid)[:,]?/gm)];
  assert(rows.length >= 15, `${rows.length}`);
  for (const [, field, verdict] of rows) {
    const isValid = parseAttributes(field) !== undefined;
    assertEquals(isValid ? "valid" : "not valid", verdict, field);
  }
});

Deno.test({
  name: "attributes have a limit",
  permissions: "none",
  fn() {
    const field = (bytes: number) => `a=${"x".repeat(bytes - 2)}`;
    const parsed = parseAttributes(field(maxAttributesBytes));
    assertEquals(parsed?.size, 1);
    assertEquals(parseAttributes(field(maxAttributesBytes + 1)), undefined);
    const long = new Map([["a", "x".repeat(maxAttributesBytes - 1)]]);
    assertEquals(formatAttributes(long), undefined);
  },
});

Deno.test({
  name: "formatAttributes() refuses keys and values that are not valid",
  permissions: "none",
  fn() {
    const cases = [["Tid", "x"], ["", "x"], ["tid", ""], ["speed", "-1"]];
    for (
      const [key, value] of [...cases, ["speed", "1.0"], ["speed", "x"], [
        "speed",
        "1,tid=x",
      ], ["a=b", "c"]]
    ) {
      assertEquals(formatAttributes(new Map([[key, value]])), undefined, key);
    }
    assertEquals(isAttributeNumber("tid", "1"), false);
  },
});
