/**
 * Quoting for a shell.
 *
 * @module
 */

/** Quotes a word for a POSIX shell, if necessary. */
export function quoteWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
