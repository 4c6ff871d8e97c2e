/**
 * Positions as a track in GPX 1.1.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { jsonNumber } from "../json.ts";
import { attributeMap } from "../past_position.ts";
import type { FormatContext, PositionFormat } from "./position_format.ts";
import { escapeForXml, isoOf } from "./texts.ts";

/** The format `gpx`. */
export function gpxFormat({ client }: FormatContext): PositionFormat {
  return {
    start: '<?xml version="1.0" encoding="UTF-8"?>\n' +
      '<gpx version="1.1" creator="herd" ' +
      'xmlns="http://www.topografix.com/GPX/1/1">\n' +
      `<trk><name>${xmlText(escapeForXml(client))}</name><trkseg>\n`,
    position(position) {
      const { effective, latitude, longitude } = position;
      const altitude = attributeMap(position).get("altitude");
      const elevation = altitude === undefined ? "" : `<ele>${altitude}</ele>`;
      return `<trkpt lat="${jsonNumber(latitude)}" ` +
        `lon="${xmlLongitude(longitude)}">${elevation}` +
        `<time>${isoOf(effective)}</time></trkpt>\n`;
    },
    end: "</trkseg></trk>\n</gpx>\n",
  };
}

/** GPX has no longitude 180, which is -180. */
function xmlLongitude(longitude: ByteString): ByteString {
  return Number(longitude) === 180 ? "-180" : jsonNumber(longitude);
}

/** Text between tags. */
function xmlText(text: ByteString): ByteString {
  return text.replace(
    /[&<>"']/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}
