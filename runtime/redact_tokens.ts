/**
 * Removes tokens from text before it is logged or shown.
 *
 * @module
 */

/** Stands for what was removed. */
export const replacement = "[redacted]";

/** Tokens anywhere, whole or cut off: their first bytes are always `{"`. */
const tokens = /eyJ[\w-]{6,}(?:(?:\.|%2[eE])[\w-]*)*/g;

/** The text without JSON Web Tokens. */
export function redactTokens(text: string): string {
  return text.includes("eyJ") ? text.replaceAll(tokens, replacement) : text;
}
