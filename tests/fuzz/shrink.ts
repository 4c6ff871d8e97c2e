/**
 * Makes an input smaller that shows a fault, so that a person sees what it is
 * about.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";

/** So many smaller inputs are tried, at most. */
const maxTries = 3_000;

/** What an odd byte is replaced by if the fault shows without it. */
const plainBytes = ["a", "0", " "];

/**
 * Takes out of the input what it can, first large parts, then single bytes, and
 * makes of the rest what is plainer: greedily, as long as it fails.
 */
export function shrink(
  input: ByteString,
  fails: (input: ByteString) => boolean,
): ByteString {
  let text = input;
  let tries = 0;
  const take = (smaller: ByteString): boolean => {
    if (smaller === text || tries++ >= maxTries || !fails(smaller)) {
      return false;
    }
    text = smaller;
    return true;
  };
  for (let before = ""; before !== text;) {
    before = text;
    for (let size = text.length; size >= 1; size = Math.floor(size / 2)) {
      for (let at = 0; at < text.length;) {
        if (!take(text.slice(0, at) + text.slice(at + size))) at += size;
      }
    }
    for (let at = 0; at < text.length; at++) {
      if (plainBytes.includes(text[at])) continue;
      const [before, behind] = [text.slice(0, at), text.slice(at + 1)];
      plainBytes.some((byte) => take(before + byte + behind));
    }
  }
  return text;
}
