/**
 * Positions as GeoJSON (RFC 7946): a collection of points.
 *
 * @module
 */
import { escapeBytes } from "../../log/escape.ts";
import { attributesJson, jsonNumber, quoteJson } from "../json.ts";
import { attributeMap } from "../past_position.ts";
import type { FormatContext, PositionFormat } from "./position_format.ts";
import { isoOf } from "./texts.ts";

/** The format `geojson`. */
export function geoJsonFormat({ client }: FormatContext): PositionFormat {
  const id = quoteJson(escapeBytes(client));
  return {
    start: '{"type":"FeatureCollection","features":[',
    position(position, isFirst) {
      const { effective, latitude, longitude, server, time } = position;
      const attributes = attributeMap(position);
      const altitude = attributes.get("altitude");
      const coordinates = [longitude, latitude].map(jsonNumber);
      if (altitude !== undefined) coordinates.push(altitude);
      return `${isFirst ? "" : ","}\n{"type":"Feature","geometry":` +
        `{"type":"Point","coordinates":[${coordinates.join(",")}]},` +
        `"properties":{"client":${id},"time":"${isoOf(effective)}",` +
        `"clientTime":${jsonNumber(time)},` +
        `"server":${quoteJson(escapeBytes(server))}` +
        `${attributesJson(attributes)}}}`;
    },
    end: "\n]}\n",
  };
}
