/**
 * All readers of files with positions.
 *
 * @module
 */
import { AtReader } from "./at_reader.ts";
import { CsvReader } from "./csv_reader.ts";
import { GeoJsonReader } from "./geo_json_reader.ts";
import { GpxReader } from "./gpx_reader.ts";
import type { ImportContext, RowReader } from "./import_row.ts";

/** A kind of file. */
export interface FileKind {
  /** How its files' names end. */
  readonly endings: readonly string[];
  /** Whether its text is bytes: one character each, and not UTF-8. */
  readonly isBytes: boolean;
  readonly create: (context: ImportContext) => RowReader;
}

/** The kinds of files by the name that `--format` takes. */
export const fileKinds: Readonly<Record<string, FileKind>> = {
  gpx: {
    endings: [".gpx"],
    isBytes: false,
    create: (context) => new GpxReader(context),
  },
  geojson: {
    endings: [".geojson", ".json"],
    isBytes: false,
    create: (context) => new GeoJsonReader(context),
  },
  csv: {
    endings: [".csv"],
    isBytes: false,
    create: (context) => new CsvReader(context),
  },
  at: {
    endings: [".at", ".txt"],
    isBytes: true,
    create: () => new AtReader(),
  },
};
