/** How many characters must be put in, left out or changed. */
export function levenshteinDistance(a: string, b: string): number;
