/**
 * Positions as JSON, in the form of `/history.json`.
 *
 * @module
 */
import { escapeBytes } from "../../log/escape.ts";
import { positionJson, quoteJson } from "../json.ts";
import type { FormatContext, PositionFormat } from "./position_format.ts";

/** The format `json`. */
export function jsonFormat({ client }: FormatContext): PositionFormat {
  const shown = escapeBytes(client);
  return {
    start: `{"client":${quoteJson(shown)},"records":[`,
    position: (position, isFirst) =>
      `${isFirst ? "" : ","}\n${positionJson(position, shown)}`,
    end: "\n]}\n",
  };
}
