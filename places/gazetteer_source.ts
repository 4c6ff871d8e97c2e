/**
 * Facts about places/gazetteer.txt, as printed by `deno task gazetteer`.
 *
 * @module
 */

/** Populated places in the file. */
export const gazetteerPlaces = 171_075;

/** SHA-256 of the file, in hexadecimal. */
export const gazetteerSha256 =
  "0b78dead72f47c74b3c1ed0524b2eeed24cffebf4e4187218fb6c9b2833bef24";

/** The attribution that the licence requires, in the form of Google's. */
export const gazetteerAttribution =
  'Places by <a href="https://www.geonames.org/">GeoNames</a>, ' +
  '<a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>';
