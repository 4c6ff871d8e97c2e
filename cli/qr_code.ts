/**
 * QR codes for a terminal (ISO/IEC 18004). A character shows two modules, one
 * above the other.
 *
 * @module
 */
import { encodeQR } from "../packages/qr.ts";

/**
 * Most characters of ASCII in a code: the largest code of the standard, with
 * the lowest error correction, has 2,953 bytes.
 */
export const maxQrCodeLength = 2_953;

/** Light modules around the code, as many as the standard asks for. */
const border = 4;

/** Black on white, so that dark is dark on every terminal; and its end. */
const [begin, end] = ["\x1b[30;107m", "\x1b[0m"];

/**
 * Draws a code with the lowest error correction: it is shown on a screen, and
 * has to be small.
 *
 * @param text In ASCII, of at most `maxQrCodeLength` characters.
 * @param isColoured Whether the lines set their colours. Otherwise the code is
 * right where text is dark on light, as on paper.
 * @returns Lines of equal width.
 */
export function drawQrCode(text: string, isColoured: boolean): string[] {
  const rows = encodeQR(text, "raw", { ecc: "low", border });
  const lines: string[] = [];
  for (let at = 0; at < rows.length; at += 2) {
    const below = rows.at(at + 1);
    const line = rows[at].map((isDark, column) =>
      character(isDark, below?.[column] ?? false)
    ).join("");
    lines.push(isColoured ? begin + line + end : line);
  }
  return lines;
}

function character(isUpperDark: boolean, isLowerDark: boolean): string {
  if (isUpperDark) return isLowerDark ? "█" : "▀";
  return isLowerDark ? "▄" : " ";
}
