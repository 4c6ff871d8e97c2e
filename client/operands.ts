/**
 * Between the values of a program and the fields of a line.
 *
 * @module
 */
import {
  bytesOfText,
  type ByteString,
  textOfBytes,
} from "../protocol/bytes.ts";
import {
  isBound,
  isRadius,
  type OperandField,
  operandsOf,
  type Verb,
} from "../protocol/command.ts";
import { isField } from "../protocol/fields.ts";
import { isPosition } from "../protocol/position.ts";
import { fieldsOf } from "../protocol/report.ts";
import { isTime } from "../protocol/time.ts";
import type { At, PositionReport } from "./types.ts";

/** An AT line, taken apart. */
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

/** The field of a line for each value that an operand can have. */
const fieldFor = {
  client: (id: string) => fieldOf(id, "client"),
  position: positionText,
  time: timeText,
  radiusKm: (km: number) => numberText(km, "radiusKm", isRadius),
  bound: (places: number) => numberText(places, "bound", isBound),
} satisfies Readonly<Record<OperandField, (value: never) => ByteString>>;

/** What a program gives for the operands of a command. */
export type OperandValues<Each extends Verb> = {
  readonly [Field in OperandField<Each>]: Parameters<
    (typeof fieldFor)[Field]
  >[0];
};

/**
 * A command as a line.
 *
 * @throws {RangeError} If it cannot be sent; names the operand.
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

/**
 * Text as one field of a line. Throws a RangeError if it cannot be one, also
 * where a program without types gives something else, such as what it has read
 * from JSON.
 */
function fieldOf(text: string, what: string): ByteString {
  const bytes = typeof text === "string" ? bytesOfText(text) : "";
  if (isField(bytes)) return bytes;
  throw new RangeError(
    `${what}: expected text without white space, found ${JSON.stringify(text)}`,
  );
}

/** A position as one field, likewise. */
function positionText(position: PositionReport["position"]): ByteString {
  const text = typeof position === "string"
    ? position
    : signedText(position.latitude) + signedText(position.longitude);
  if (isPosition(text)) return text;
  throw new RangeError(
    "position: expected latitude -90 to 90 and longitude -180 to 180 in " +
      `decimal degrees, found ${JSON.stringify(position)}`,
  );
}

/** Eight decimals of a degree are a millimetre. */
function signedText(degrees: number): string {
  if (typeof degrees !== "number") return "no number";
  const digits = Math.abs(degrees).toFixed(8).replace(/\.?0+$/, "");
  return `${degrees < 0 ? "-" : "+"}${digits}`;
}

/** A time as one field, likewise. */
function timeText(time: NonNullable<PositionReport["time"]>): ByteString {
  const text = time instanceof Date
    ? (time.getTime() / 1000).toFixed(3)
    : typeof time === "number"
    ? String(time)
    : time;
  if (typeof text === "string" && isTime(text)) return text;
  throw new RangeError(
    `time: expected POSIX seconds as digits, found ${JSON.stringify(text)}`,
  );
}

/** A number as one field, likewise. */
function numberText(
  number: number,
  what: string,
  isValid: (text: ByteString) => boolean,
): ByteString {
  // Never in exponents, and no more digits than a double has.
  const text = number.toFixed(6).replace(/\.?0+$/, "");
  if (isValid(text)) return text;
  throw new RangeError(`${what}: ${number} is out of range`);
}
