/**
 * Patterns of client IDs: an exact ID, or `prefix/*` for all IDs that begin with
 * `prefix/` and are longer. IDs are bytes, and are compared byte by byte.
 *
 * @module
 */
import { bytesOfText, type ByteString } from "../protocol/bytes.ts";
import { isField } from "../protocol/fields.ts";
import { maxPatternBytes, maxPatterns } from "./limits.ts";

const wildcard = "*";

/** What a pattern without a fault is, for messages. */
export const patternHelp = "an ID or prefix/*";

/**
 * What is wrong with an exact ID, or undefined if nothing is. The text does not
 * repeat it.
 */
export function faultOfId(id: ByteString): string | undefined {
  if (id === "") return "it is empty";
  if (id.length > maxPatternBytes) {
    return `it has over ${maxPatternBytes} bytes`;
  }
  if (!isField(id)) return "it contains white space";
  if (id.includes(wildcard)) return "it contains *";
  return undefined;
}

/** What is wrong with a pattern, or undefined if nothing is. */
export function faultOfPattern(pattern: ByteString): string | undefined {
  if (pattern.length > maxPatternBytes) return faultOfId(pattern);
  if (!pattern.endsWith(wildcard)) {
    const fault = faultOfId(pattern);
    return fault === "it contains *" ? "* is not at its end, after /" : fault;
  }
  const prefix = pattern.slice(0, -1);
  if (!prefix.endsWith("/")) return "* is not at its end, after /";
  if (prefix === "/") return "nothing is before /*";
  const fault = faultOfId(prefix);
  return fault === "it contains *" ? "it contains * twice" : fault;
}

/** What is wrong with a list of patterns, or undefined if nothing is. */
export function faultOfPatterns(
  patterns: readonly ByteString[],
): string | undefined {
  if (patterns.length > maxPatterns) {
    return `expected at most ${maxPatterns} patterns, found ${patterns.length}`;
  }
  for (const [index, pattern] of patterns.entries()) {
    const fault = faultOfPattern(pattern);
    if (fault !== undefined) {
      return `pattern ${index + 1}: expected ${patternHelp}, but ${fault}`;
    }
  }
  return undefined;
}

const isAscii = /^[\0-\x7f]*$/;

/**
 * A text as bytes of UTF-8; undefined if it has half of a surrogate pair, which
 * UTF-8 cannot express.
 */
export function bytesOfClaim(text: string): ByteString | undefined {
  // Encoding takes a microsecond, and most texts are ASCII.
  if (isAscii.test(text)) return text;
  return text.isWellFormed() ? bytesOfText(text) : undefined;
}

/** The IDs that match one of several patterns. */
export class ClientPatterns {
  /** The patterns, as they were given. */
  readonly patterns: readonly ByteString[];
  readonly #exact: readonly ByteString[];
  /** Each ends in a slash. */
  readonly #prefixes: readonly ByteString[];

  /** @param patterns None has a fault. */
  constructor(patterns: readonly ByteString[]) {
    this.patterns = patterns;
    this.#exact = patterns.filter((pattern) => !pattern.endsWith(wildcard));
    this.#prefixes = patterns.filter((pattern) => pattern.endsWith(wildcard))
      .map((pattern) => pattern.slice(0, -1));
  }

  /** Whether an ID matches. */
  includes(client: ByteString): boolean {
    return this.#exact.includes(client) ||
      this.#prefixes.some((prefix) =>
        client.length > prefix.length && client.startsWith(prefix)
      );
  }

  /** Whether the ID from `start` to `end` of a buffer matches. */
  includesSpan(bytes: Uint8Array, start: number, end: number): boolean {
    for (const id of this.#exact) {
      if (id.length === end - start && beginsWith(bytes, start, id)) {
        return true;
      }
    }
    for (const prefix of this.#prefixes) {
      if (prefix.length < end - start && beginsWith(bytes, start, prefix)) {
        return true;
      }
    }
    return false;
  }
}

function beginsWith(
  bytes: Uint8Array,
  start: number,
  text: ByteString,
): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[start + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}
