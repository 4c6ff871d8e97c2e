import fc from "../fast_check.ts";
import {
  bytesOfText,
  decodeBytes,
  encodeBytes,
  encodeInto,
  encodeScratch,
  indexOfByte,
  LastView,
  textOfBytes,
} from "../../protocol/bytes.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { assertProperty } from "../property.ts";
import { anyBytes } from "./arbitraries.ts";

Deno.test({
  name: "encodeBytes() is the inverse of decodeBytes() for any bytes",
  permissions: "none",
  fn() {
    assertProperty(fc.property(anyBytes, (text) => {
      const bytes = encodeBytes(text);
      assertEquals(bytes.length, text.length);
      assertEquals([...bytes], [...text].map((byte) => byte.charCodeAt(0)));
      assertEquals(decodeBytes(bytes, 0, bytes.length), text);
    }));
  },
});

Deno.test({
  name: "encodeScratch() gives the bytes, also beyond its first buffer",
  permissions: "none",
  fn() {
    assertProperty(fc.property(anyBytes, (text) => {
      const scratch = encodeScratch(text);
      assertEquals(decodeBytes(scratch, 0, text.length), text);
    }));
    const long = "\xff\x00z".repeat(10_000);
    assertEquals(decodeBytes(encodeScratch(long), 0, long.length), long);
  },
});

Deno.test({
  name: "indexOfByte() searches only from start to end",
  permissions: "none",
  fn() {
    const bytes = encodeBytes("a b c");
    const space = 0x20;
    assertEquals(indexOfByte(bytes, space, 0, 5), 1);
    assertEquals(indexOfByte(bytes, space, 1, 5), 1);
    assertEquals(indexOfByte(bytes, space, 2, 5), 3);
    assertEquals(indexOfByte(bytes, space, 2, 3), -1);
    assertEquals(indexOfByte(bytes, space, 4, 5), -1);
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
    assertProperty(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        assertEquals(textOfBytes(bytesOfText(text)), text);
      }),
    );
    assertEquals(bytesOfText("é"), "\xc3\xa9");
  },
});

Deno.test({
  name: "LastView gives each buffer a view of its own part of memory",
  permissions: "none",
  fn() {
    const views = new LastView();
    const whole = encodeBytes("kiwi");
    const part = whole.subarray(2, 3);
    assertEquals(views.of(whole).byteLength, 4);
    assertEquals(views.of(part).byteLength, 1);
    assertEquals(views.of(part).getUint8(0), part[0]);
    assert(views.of(part) === views.of(part));
    assertEquals(views.of(whole).getUint8(0), whole[0]);
  },
});
