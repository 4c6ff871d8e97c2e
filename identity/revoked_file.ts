/**
 * The list of revoked tokens: the ID of one token (`jti`) a line. A line may be
 * removed when its token has expired.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { isTokenId } from "./claims.ts";
import { faultAt, readEditedLines } from "./edited_lines.ts";
import {
  maxRevokedFileLength,
  maxRevokedTokens,
  maxTokenIdLength,
} from "./limits.ts";

/**
 * The IDs of the tokens in a list, which may be empty.
 *
 * @param path For messages.
 * @throws {SetupError} Naming the file and the line with a fault.
 */
export function parseRevokedFile(
  text: string,
  path: string,
): ReadonlySet<ByteString> {
  const revoked = new Set<ByteString>();
  for (const line of readEditedLines(text, path, maxRevokedFileLength)) {
    if (!isTokenId(line.text)) {
      throw faultAt(
        path,
        line,
        `expected the ID of a token (jti), 1 to ${maxTokenIdLength} visible ` +
          "ASCII characters",
      );
    }
    revoked.add(line.text);
    if (revoked.size > maxRevokedTokens) {
      throw faultAt(
        path,
        line,
        `expected at most ${maxRevokedTokens} tokens; remove those that have ` +
          "expired, or replace the key",
      );
    }
  }
  return revoked;
}
