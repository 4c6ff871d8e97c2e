/**
 * GeoJSON (RFC 7946): features and collections, and the batches of features
 * that Overland sends. The longitude comes first.
 *
 * @module
 */
import {
  AttributeReader,
  type FieldReader,
  fieldsOf,
  idTextOf,
  mapRaw,
  pointOf,
  rawOf,
  share,
} from "./fields.ts";
import { encodeId, encodeName } from "./ids.ts";
import {
  isList,
  isObject,
  type JsonList,
  type JsonObject,
  type JsonValue,
  memberOf,
  repeated,
} from "./json.ts";
import { maxPoints } from "./limits.ts";
import {
  type Raw,
  type RawPoint,
  type ReaderContext,
  type Reading,
  ReadingBuilder,
} from "./reading.ts";
import type { Reason } from "./reasons.ts";
import type { Steps } from "./steps.ts";

/** The members of a feature that has a point. */
interface PointFeature {
  readonly coordinates: JsonList;
  readonly properties: JsonObject | undefined;
}

/** The point of a feature, or the reason why it has none. */
function pointFeatureOf(feature: JsonValue): PointFeature | Reason {
  if (!isObject(feature)) return "no-position";
  const geometry = memberOf(feature, "geometry");
  const properties = memberOf(feature, "properties");
  if (geometry === repeated || properties === repeated) return "repeated-key";
  if (!isObject(geometry)) return "no-position";
  const coordinates = memberOf(geometry, "coordinates");
  const type = memberOf(geometry, "type");
  if (coordinates === repeated || type === repeated) return "repeated-key";
  // A line or an area is no position.
  if (type !== "Point" || !isList(coordinates)) return "no-position";
  return {
    coordinates,
    properties: isObject(properties) ? properties : undefined,
  };
}

/** Reads a batch of Overland. */
export function* readOverland(
  batch: JsonObject,
  context: ReaderContext,
): Steps<Reading> {
  const builder = new ReadingBuilder("overland", "overland", context);
  const locations = memberOf(batch, "locations");
  const current = memberOf(batch, "current");
  if (locations === repeated || current === repeated) {
    return builder.refuse("repeated-key");
  }
  if (locations !== undefined && !isList(locations)) {
    return builder.refuse("unknown-format");
  }
  const count = locations?.length ?? 0;
  if (count > maxPoints) return builder.refuse("too-many-points");
  for (const feature of locations ?? []) {
    builder.add(overlandPointOf(feature));
    yield;
  }
  // The newest place, ahead of the queue. `trip` repeats other positions.
  if (isObject(current)) builder.add(overlandPointOf(current));
  if (count === 0 && !isObject(current)) builder.add("empty");
  // Any answer but ok makes the app send the batch again.
  return builder.finishUnlessWithoutId();
}

function overlandPointOf(feature: JsonValue): RawPoint | Reason {
  const point = pointFeatureOf(feature);
  if (typeof point === "string") return point;
  const { coordinates, properties } = point;
  const fields = fieldsOf(properties);
  const attributes = new AttributeReader("overland");
  attributes.number("accuracy", fields("horizontal_accuracy"));
  attributes.number("altitude", fields("altitude"));
  attributes.number("battery", fields("battery_level"), share);
  attributes.number("course", fields("course"));
  attributes.number("speed", fields("speed"));
  const name = idTextOf(properties && memberOf(properties, "device_id"));
  return {
    id: mapRaw(name, encodeName),
    latitude: rawOf(coordinates.at(1)),
    longitude: rawOf(coordinates.at(0)),
    time: fields("timestamp"),
    attributes,
  };
}

/** Reads a feature or a collection of features. */
export function* readGeoJson(
  message: JsonObject,
  context: ReaderContext,
): Steps<Reading> {
  const builder = new ReadingBuilder("geojson", "counts", context);
  const type = memberOf(message, "type");
  const features = type === repeated
    ? repeated
    : type === "FeatureCollection"
    ? memberOf(message, "features")
    : [message];
  if (features === repeated) return builder.refuse("repeated-key");
  if (!Array.isArray(features) && !isList(features)) {
    return builder.refuse("unknown-format");
  }
  if (features.length > maxPoints) return builder.refuse("too-many-points");
  if (features.length === 0) builder.add("empty");
  for (const feature of features) {
    builder.add(geoJsonPointOf(feature));
    yield;
  }
  return builder.finish();
}

function geoJsonPointOf(feature: JsonValue): RawPoint | Reason {
  const point = pointFeatureOf(feature);
  if (typeof point === "string") return point;
  const { coordinates } = point;
  const altitude = coordinates.at(2);
  const properties = fieldsOf(point.properties);
  // The position is the geometry's, also where properties repeat it.
  const fields: FieldReader = (key) =>
    key === "altitude" && altitude !== undefined
      ? rawOf(altitude)
      : properties(key);
  return {
    ...pointOf(fields, "geojson", 1),
    id: geoJsonIdOf(feature as JsonObject, point.properties),
    latitude: rawOf(coordinates.at(1)),
    longitude: rawOf(coordinates.at(0)),
  };
}

function geoJsonIdOf(
  feature: JsonObject,
  properties: JsonObject | undefined,
): Raw {
  const id = idTextOf(memberOf(feature, "id")) ??
    idTextOf(properties && memberOf(properties, "id")) ??
    idTextOf(properties && memberOf(properties, "device_id"));
  return mapRaw(id, encodeId);
}
