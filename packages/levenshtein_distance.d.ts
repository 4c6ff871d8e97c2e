/**
 * The number of characters to insert, delete or replace to turn `a` into `b`.
 */
export function levenshteinDistance(a: string, b: string): number;
