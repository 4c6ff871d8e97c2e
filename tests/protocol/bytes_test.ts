import fc from "fast-check";
import {
  bytesOfText,
  decodeBytes,
  detach,
  encodeBytes,
  encodeInto,
  textOfBytes,
} from "../../protocol/bytes.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import { anyBytes } from "./arbitraries.ts";

Deno.test({
  name: "encodeBytes() is the inverse of decodeBytes() for any bytes",
  permissions: "none",
  fn() {
    fc.assert(fc.property(anyBytes, (text) => {
      const bytes = encodeBytes(text);
      assertEquals(bytes.length, text.length);
      assertEquals([...bytes], [...text].map((byte) => byte.charCodeAt(0)));
      assertEquals(decodeBytes(bytes, 0, bytes.length), text);
    }));
  },
});

Deno.test({
  name: "detach() returns an equal string, also beyond its first buffer",
  permissions: "none",
  fn() {
    fc.assert(fc.property(anyBytes, (text) => {
      assertEquals(detach(text), text);
    }));
    const long = "\xff\x00z".repeat(10_000);
    assertEquals(detach(long), long);
  },
});

Deno.test({
  name: "encodeInto() refuses a target that is too small",
  permissions: "none",
  fn() {
    assertThrows(() => encodeInto("abc", encodeBytes("ab")), RangeError);
  },
});

Deno.test({
  name: "textOfBytes() is the inverse of bytesOfText() for any text",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        assertEquals(textOfBytes(bytesOfText(text)), text);
      }),
    );
    assertEquals(bytesOfText("é"), "\xc3\xa9");
  },
});
