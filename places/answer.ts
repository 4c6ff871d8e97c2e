/**
 * Bodies in the shape and print of Google's Nearby Search, for when they do
 * not come from Google.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { type Json, printJson } from "./print.ts";

/** A status of a Nearby Search that is made here. */
export type AnswerStatus = "OK" | "ZERO_RESULTS" | "UNKNOWN_ERROR";

/** A body with these results. */
export function formatAnswer(
  status: AnswerStatus,
  results: readonly Json[],
  htmlAttributions: readonly string[],
): ByteString {
  return printJson({
    html_attributions: htmlAttributions,
    results,
    status,
  });
}

/** The body where no usable one came: the client may ask again. */
export const unknownError: ByteString = formatAnswer("UNKNOWN_ERROR", [], []);
