import { decodeText } from "../../runtime/files.ts";
import { assertEquals } from "../assert.ts";

const text = '{"name": "Zürich \u{1F40E}"}\r\n';

/** The text in UTF-16, after a byte order mark. */
function inUtf16(isLittleEndian: boolean): Uint8Array {
  const units = `\uFEFF${text}`;
  const view = new DataView(new ArrayBuffer(2 * units.length));
  for (let index = 0; index < units.length; index++) {
    view.setUint16(2 * index, units.charCodeAt(index), isLittleEndian);
  }
  return new Uint8Array(view.buffer);
}

Deno.test({
  name: "decodeText() reads what editors write, with or without a mark",
  permissions: "none",
  fn() {
    const encoder = new TextEncoder();
    assertEquals(decodeText(encoder.encode(text)), text);
    assertEquals(decodeText(encoder.encode(`\uFEFF${text}`)), text);
    assertEquals(decodeText(inUtf16(true)), text);
    assertEquals(decodeText(inUtf16(false)), text);
    for (const short of ["", "x"]) {
      assertEquals(decodeText(encoder.encode(short)), short);
    }
  },
});
