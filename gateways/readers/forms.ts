/**
 * Points in queries and forms: the OsmAnd protocol of Traccar Client up to 8
 * and of OsmAnd, templates of GPSLogger and of Traccar's forwarding, Home
 * Assistant's form, PhoneTrack.
 *
 * @module
 */
import { firstOf, knots, mapRaw, pointOf } from "./fields.ts";
import { encodeName } from "./ids.ts";
import { parameterOf, type Parameters } from "./parameters.ts";
import {
  type AnswerKind,
  type Format,
  type ReaderContext,
  type Reading,
  ReadingBuilder,
} from "./reading.ts";

/** Who sends the form. */
export type FormDialect = "osmand" | "home-assistant" | "phonetrack";

/** The unit of the field `speed`. */
export type SpeedUnit = "knots" | "metres-a-second";

const answers: Readonly<Record<FormDialect, AnswerKind>> = {
  "osmand": "empty",
  "home-assistant": "home-assistant",
  "phonetrack": "phonetrack",
};

/**
 * Keys of the ID, the preferred one first. `deviceId` is Traccar's internal
 * number of a device, and no ID. `aid` is the Android ID that GPSLogger sends.
 */
const idKeys = ["id", "deviceid", "device_id", "uniqueId", "device", "aid"];

/** Keys by which a query or a form is recognised as one of these formats. */
const knownKeys = [
  ...idKeys,
  "lat",
  "latitude",
  "lon",
  "longitude",
  "location",
  "timestamp",
  "cell",
  "wifi",
];

/** Whether the parameters are those of a form that this reader knows. */
export function isForm(parameters: Parameters): boolean {
  return knownKeys.some((key) => parameters.has(key));
}

/** Reads a query, a form, or both. */
export function readForm(
  parameters: Parameters,
  dialect: FormDialect,
  speedUnit: SpeedUnit,
  context: ReaderContext,
): Reading {
  const fields = (key: string) => parameterOf(parameters, key);
  const format: Format = dialect;
  const builder = new ReadingBuilder(format, answers[dialect], context);
  const hasKnots = speedUnit === "knots" && !isOfOsmAndApp(parameters);
  const point = pointOf(fields, format, hasKnots ? knots : 1);
  const id = mapRaw(firstOf(fields, idKeys), encodeName);
  builder.add({ ...point, id });
  const reading = builder.finish();
  const isIncomplete = dialect === "home-assistant" &&
    reading.ignored.some(({ reason }) => reason === "no-position");
  // Home Assistant answers a form without a position with 422.
  return isIncomplete ? builder.refuse("no-position") : reading;
}

/**
 * Whether the app OsmAnd sends the form. It has metres a second where the
 * OsmAnd protocol of Traccar has knots, and is known by its `hdop`.
 */
function isOfOsmAndApp(parameters: Parameters): boolean {
  return parameters.has("hdop") && !parameters.has("accuracy");
}
