/**
 * Patterns of client IDs.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";

/**
 * Creates a function that tests whether a client ID matches a pattern. Each `*`
 * in the pattern matches any number of bytes, including none.
 */
export function createMatcher(
  pattern: ByteString,
): (client: ByteString) => boolean {
  const [first, ...others] = pattern.split("*");
  const last = others.pop();
  if (last === undefined) return (client) => client === pattern;
  return (client) => {
    if (!client.startsWith(first)) return false;
    let at = first.length;
    for (const part of others) {
      const found = client.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return client.length - last.length >= at && client.endsWith(last);
  };
}
