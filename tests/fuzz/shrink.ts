/**
 * Shrinks an input that shows a fault, so that its cause is easier to see.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";

/** Most smaller inputs that are tried. */
const maxTries = 3_000;

/** Replacements for bytes that the fault does not need. */
const plainBytes = ["a", "0", " "];

/**
 * Removes parts of the input, first large ones and then single bytes, and
 * replaces other bytes by plain ones. Each change is kept if the input still
 * fails.
 */
export async function shrink(
  input: ByteString,
  fails: (input: ByteString) => boolean | Promise<boolean>,
): Promise<ByteString> {
  let text = input;
  let tries = 0;
  const take = async (smaller: ByteString): Promise<boolean> => {
    if (smaller === text || tries++ >= maxTries || !await fails(smaller)) {
      return false;
    }
    text = smaller;
    return true;
  };
  for (let before = ""; before !== text;) {
    before = text;
    for (let size = text.length; size >= 1; size = Math.floor(size / 2)) {
      for (let at = 0; at < text.length;) {
        const isTaken = await take(text.slice(0, at) + text.slice(at + size));
        if (!isTaken) at += size;
      }
    }
    for (let at = 0; at < text.length; at++) {
      if (plainBytes.includes(text[at])) continue;
      const [before, after] = [text.slice(0, at), text.slice(at + 1)];
      for (const byte of plainBytes) {
        if (await take(before + byte + after)) break;
      }
    }
  }
  return text;
}
