/** The number of characters to insert, delete or replace. */
export function levenshteinDistance(a: string, b: string): number;
