/** The part of jsQR that the tests use. */

/**
 * Finds a QR code in an image.
 *
 * @param pixels Red, green, blue and alpha of each pixel.
 * @returns Null if there is no code.
 */
export default function jsQR(
  pixels: Uint8ClampedArray,
  width: number,
  height: number,
  options: { inversionAttempts: "dontInvert" },
): { readonly data: string } | null;
