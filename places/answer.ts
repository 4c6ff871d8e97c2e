/**
 * Formats bodies like those of Google's Nearby Search, for answers that do not
 * come from Google.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { type Json, printJson } from "./print.ts";

/** A status of an answer. */
export type AnswerStatus = "OK" | "ZERO_RESULTS";

/** A status of a refusal. */
export type RefusalStatus =
  | "INVALID_REQUEST"
  | "OVER_QUERY_LIMIT"
  | "REQUEST_DENIED"
  | "UNKNOWN_ERROR";

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

/** A body without results, with an error message if given. */
export function formatRefusal(
  status: RefusalStatus,
  message?: string,
): ByteString {
  return printJson({
    error_message: message,
    html_attributions: [],
    results: [],
    status,
  });
}

/** The body for a query without a usable answer. The client may ask again. */
export const unknownError: ByteString = formatRefusal("UNKNOWN_ERROR");
