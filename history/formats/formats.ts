/**
 * All formats in which positions are printed.
 *
 * @module
 */
import { atFormat } from "./at_lines.ts";
import { csvFormat } from "./csv.ts";
import { geoJsonFormat } from "./geo_json.ts";
import { gpxFormat } from "./gpx.ts";
import { jsonFormat } from "./json.ts";
import type { CreateFormat } from "./position_format.ts";
import { tableFormat } from "./table.ts";

/** The formats by the name that `--format` takes. */
export const positionFormats: Readonly<Record<string, CreateFormat>> = {
  table: tableFormat,
  json: jsonFormat,
  geojson: geoJsonFormat,
  gpx: gpxFormat,
  csv: csvFormat,
  at: atFormat,
};
