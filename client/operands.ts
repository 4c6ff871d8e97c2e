/**
 * Converts between the values of a program and the fields of a line.
 *
 * @module
 */
import {
  bytesOfText,
  type ByteString,
  textOfBytes,
} from "../protocol/bytes.ts";
import {
  type OperandField,
  operandsOf,
  type Verb,
} from "../protocol/command.ts";
import { isField } from "../protocol/fields.ts";
import { maxPlaces, maxRadiusKm } from "../protocol/limits.ts";
import { isPosition } from "../protocol/position.ts";
import { fieldsOf } from "../protocol/report.ts";
import { readTypedTime, typedTimes } from "../protocol/typed_time.ts";
import { describe, expectedWholeNumber, isWholeNumber } from "./numbers.ts";
import type { At, PositionReport } from "./types.ts";

/** The greatest latitude and longitude, in degrees. */
const maxLatitude = 90;
const maxLongitude = 180;

/** The fields of an AT line. */
export function readAt(line: ByteString): At {
  const [server, clockDifference, client, position, time] = fieldsOf(line);
  return {
    line: textOfBytes(line),
    server: textOfBytes(server),
    clockDifference,
    client: textOfBytes(client),
    position,
    time,
  };
}

/**
 * For each operand, a function that writes its value as a field. It throws a
 * RangeError for an invalid value, and for a value of another type, which an
 * untyped program may pass.
 */
const fieldFor = {
  client: (id: string) => fieldOf(id, "client"),
  position: positionText,
  time: timeText,
  radiusKm: radiusText,
  bound: boundText,
} satisfies Readonly<Record<OperandField, (value: never) => ByteString>>;

/** The operands of a command, as values of a program. */
export type OperandValues<Each extends Verb> = {
  readonly [Field in OperandField<Each>]: Parameters<
    (typeof fieldFor)[Field]
  >[0];
};

/**
 * A command as a line, without its LF.
 *
 * @throws {RangeError} If an operand is invalid. The message names it.
 */
export function commandLine<Each extends Verb>(
  verb: Each,
  values: OperandValues<Each>,
): ByteString {
  const fields = operandsOf(verb).map(({ field }) => {
    const name = field as OperandField<Each>;
    return (fieldFor[name] as (value: unknown) => ByteString)(values[name]);
  });
  return [verb, ...fields].join(" ");
}

function fieldOf(text: string, what: string): ByteString {
  const bytes = typeof text === "string" ? bytesOfText(text) : "";
  if (isField(bytes)) return bytes;
  throw new RangeError(
    `${what}: expected text without white space, found ${describe(text)}`,
  );
}

function positionText(position: PositionReport["position"]): ByteString {
  const text = typeof position === "string"
    ? position
    : degreesText(position?.latitude, maxLatitude) +
      degreesText(position?.longitude, maxLongitude);
  if (isPosition(text)) return text;
  throw new RangeError(
    "position: expected latitude -90 to 90 and longitude -180 to 180 in " +
      `decimal degrees, found ${describe(position)}`,
  );
}

/**
 * Degrees with their sign and eight decimals, which is about a millimetre. If
 * they are out of range before they are rounded, the text is not a position.
 */
function degreesText(degrees: number, most: number): string {
  const isDegrees = typeof degrees === "number" && Math.abs(degrees) <= most;
  if (!isDegrees) return "no degrees";
  const digits = decimalText(Math.abs(degrees), 8);
  // ISO 6709 gives the equator and the prime meridian a plus.
  return `${degrees < 0 && digits !== "0" ? "-" : "+"}${digits}`;
}

function timeText(time: NonNullable<PositionReport["time"]>): ByteString {
  if (time instanceof Date) return timeText((time.getTime() / 1000).toFixed(3));
  const isText = typeof time === "string" || typeof time === "number";
  // The empty text is no time.
  const read = readTypedTime(isText ? String(time) : "");
  if (read.kind === "time") return read.digits;
  if (read.kind === "now") return timeText(new Date());
  const fault = read.kind === "other unit"
    ? read.fault
    : `expected a date, ${typedTimes}, found ${describe(time)}`;
  throw new RangeError(`time: ${fault}`);
}

/**
 * A report with its time as digits, so that it is the same each time it is sent.
 *
 * @throws {RangeError} If the time is invalid.
 */
export function withTime(
  report: PositionReport,
): PositionReport & { readonly time: string } {
  const { time = new Date() } = report;
  return { ...report, time: timeText(time) };
}

function radiusText(km: number): ByteString {
  const isInRange = typeof km === "number" && km >= 0 && km <= maxRadiusKm;
  if (isInRange) return decimalText(km, 6);
  throw new RangeError(
    `radiusKm: expected a number of kilometres from 0 to ${maxRadiusKm}, ` +
      `found ${describe(km)}`,
  );
}

function boundText(places: number): ByteString {
  if (isWholeNumber(places, 0, maxPlaces)) return `${places}`;
  throw new RangeError(
    `bound: ${expectedWholeNumber(0, maxPlaces)}, found ${describe(places)}`,
  );
}

/** A number of at least 0 without exponent, rounded to these decimals. */
function decimalText(number: number, decimals: number): string {
  return number.toFixed(decimals).replace(/\.?0+$/, "");
}
