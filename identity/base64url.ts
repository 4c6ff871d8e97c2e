/**
 * Base64url without padding (RFC 7515), in its only spelling: a token that is
 * written in two ways would pass a list of tokens by its other spelling.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";

/** The bytes; undefined if the text is not the spelling of any. */
export function decodeBase64Url(
  text: ByteString,
): Uint8Array<ArrayBuffer> | undefined {
  // The decoder skips white space.
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined;
  try {
    // Only with padding does it refuse bits that no byte uses.
    return Uint8Array.fromBase64(text + "=".repeat(-text.length & 3), {
      alphabet: "base64url",
      lastChunkHandling: "strict",
    });
  } catch {
    return undefined;
  }
}

/** The spelling of these bytes. */
export function encodeBase64Url(bytes: Uint8Array): ByteString {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
