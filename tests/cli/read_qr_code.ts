/**
 * Reads QR codes as a phone's camera does, with a reader that shares no code
 * with the program that draws them.
 *
 * @module
 */
import jsqr from "../jsqr.ts";

/** Pixels on one side of a module. */
const scale = 3;

/** Which halves of a character are dark. */
const halves: Readonly<
  Record<string, readonly [upper: boolean, lower: boolean]>
> = {
  " ": [false, false],
  "▀": [true, false],
  "▄": [false, true],
  "█": [true, true],
};

/** The text of a code that is drawn in lines; undefined if it is none. */
export function readQrCode(lines: readonly string[]): string | undefined {
  const rows = lines.flatMap((line) =>
    [0, 1].map((half) => [...line].map((character) => halves[character][half]))
  );
  const [width, height] = [rows[0].length * scale, rows.length * scale];
  const pixels = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isDark = rows[Math.floor(y / scale)][Math.floor(x / scale)];
      if (isDark) pixels.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  }
  const found = jsqr(pixels, width, height, {
    inversionAttempts: "dontInvert",
  });
  return found?.data;
}

/** The codes within a text, each as its lines. */
export function qrCodesIn(text: string): string[][] {
  const codes: string[][] = [];
  let code: string[] = [];
  for (const line of [...text.split("\n"), ""]) {
    if (line !== "" && /^[ ▀▄█]+$/.test(line)) {
      code.push(line);
    } else if (code.length > 0) {
      codes.push(code);
      code = [];
    }
  }
  return codes;
}
