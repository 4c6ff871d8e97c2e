/**
 * Removes credentials from text before it is logged, shown or counted.
 *
 * @module
 */
import { redactTokens, replacement } from "../runtime/redact_tokens.ts";

/**
 * Fewest characters of a known credential that is removed. A shorter one also
 * occurs in other words.
 */
const minKnownLength = 4;

/** Header fields that hold credentials, to the end of their last line. */
const fields =
  /(authorization|cookie|sec-websocket-protocol)(["']?\s*[:=])[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*/gi;

/** Credentials after the name of their scheme. */
const schemes = /\b(bearer|basic)\s+\S+/gi;

/** The token in a path `/t/TOKEN/...`, also if it is percent-encoded. */
const paths = /((?:\/|%2f)(?:t|%74)(?:\/|%2f)+)[^\s/?#&"'<>]+/gi;

/**
 * Values in queries, forms, JSON and settings, by the ends of their names. What
 * was removed before is matched alone, so that nothing more is removed.
 */
const values =
  /(token|passwd|password|secret)(["']?\s*(?:[:=]|%3a|%3d)\s*)(?:\[redacted\]|"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s&"']+)/gi;

/** The user and the password in a URL. */
const userInformation = /:\/\/[^\s/@]*@/g;

/**
 * The text without credentials.
 *
 * @param known Credentials that a client has given, for example its password.
 */
export function redact(text: string, known: readonly string[] = []): string {
  let redacted = text;
  const removable = known.filter(({ length }) => length >= minKnownLength);
  // A longer one may contain a shorter one.
  for (const one of removable.sort((a, b) => b.length - a.length)) {
    for (const spelling of [one, encodeURIComponent(one.toWellFormed())]) {
      redacted = redacted.replaceAll(spelling, replacement);
    }
  }
  const withoutMost = redacted
    .replaceAll(fields, `$1$2 ${replacement}`)
    .replaceAll(schemes, `$1 ${replacement}`)
    .replaceAll(paths, `$1${replacement}`)
    .replaceAll(values, `$1$2${replacement}`)
    .replaceAll(userInformation, `://${replacement}@`);
  return redactTokens(withoutMost);
}
