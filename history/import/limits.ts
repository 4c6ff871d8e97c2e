/**
 * Limits on files that are imported, with units and reasons.
 *
 * @module
 */

/** Longest row of CSV or AT lines, in characters: more than any record takes. */
export const maxRowLength = 128 * 1024;

/** Longest tag or text of GPX, in characters: those of points are short. */
export const maxTokenLength = 64 * 1024;

/** Longest feature of GeoJSON, in characters: a point has some hundreds. */
export const maxFeatureLength = 256 * 1024;
