import { drawQrCode, maxQrCodeLength } from "../../cli/qr_code.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { readQrCode } from "./read_qr_code.ts";

/** Any character of ASCII that a link has, `length` times. */
const linkOf = (length: number) =>
  Array.from({ length }, (_, index) => String.fromCharCode(33 + index % 94))
    .join("");

Deno.test({
  name: "a QR code is read as the text that it was drawn of, up to the longest",
  permissions: "none",
  fn() {
    for (const length of [1, 17, 320, 644, 645, maxQrCodeLength]) {
      const text = linkOf(length);
      assertEquals(readQrCode(drawQrCode(text, false)), text, `${length}`);
    }
    assertThrows(() => drawQrCode(linkOf(maxQrCodeLength + 1), false));
  },
});

Deno.test({
  name: "a QR code has lines of equal width and a light border of four modules",
  permissions: "none",
  fn() {
    // 21 modules, which is odd, and twice the border.
    const lines = drawQrCode("herd", false);
    assertEquals(lines.length, Math.ceil((21 + 8) / 2));
    for (const line of lines) assertEquals([...line].length, 21 + 8);
    for (const line of [...lines.slice(0, 2), ...lines.slice(-2)]) {
      assertEquals(line.trim(), "");
    }
    assert(lines.every((line) => /^ {4}.* {4}$/.test(line)));
  },
});

Deno.test({
  name:
    "on a terminal every line of a QR code sets black on white, and ends it",
  permissions: "none",
  fn() {
    const plain = drawQrCode("herd", false);
    const coloured = drawQrCode("herd", true);
    assertEquals(
      coloured,
      plain.map((line) => `\x1b[30;107m${line}\x1b[0m`),
    );
  },
});
