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
  radiusKm: (km: number) => numberText(km, "radiusKm", isRadius),
  bound: (places: number) => numberText(places, "bound", isBound),
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
    `${what}: expected text without white space, found ${JSON.stringify(text)}`,
  );
}

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

/** Degrees with their sign and eight decimals, which is about a millimetre. */
function signedText(degrees: number): string {
  if (typeof degrees !== "number") return "no number";
  const digits = Math.abs(degrees).toFixed(8).replace(/\.?0+$/, "");
  return `${degrees < 0 ? "-" : "+"}${digits}`;
}

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

function numberText(
  number: number,
  what: string,
  isValid: (text: ByteString) => boolean,
): ByteString {
  // `toFixed` writes no exponent.
  const text = number.toFixed(6).replace(/\.?0+$/, "");
  if (isValid(text)) return text;
  throw new RangeError(`${what}: ${number} is out of range`);
}
