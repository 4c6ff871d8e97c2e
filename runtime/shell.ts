/**
 * Words for a shell.
 *
 * @module
 */

/** A word as a POSIX shell takes it back unchanged. */
export function quoteWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
