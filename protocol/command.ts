/**
 * What a client may say: IAMAT and WHATSAT. Anything else is an invalid
 * command, and so is AT: clients cannot speak for servers.
 *
 * @module
 */
import { type ByteString, encodeScratch } from "./bytes.ts";
import { isAtMost, isDecimal, isWholeNumber } from "./decimal.ts";
import { splitFields } from "./fields.ts";
import { maxPlaces, maxRadiusKm } from "./limits.ts";
import { isPosition } from "./position.ts";
import { isTime } from "./time.ts";

/** A client reports where it is. */
export interface Iamat {
  readonly verb: "IAMAT";
  /** The client's ID, any bytes but white space. */
  readonly client: ByteString;
  /** ISO 6709 decimal degrees, as sent. */
  readonly position: ByteString;
  /** POSIX seconds by the client's clock, as sent. */
  readonly time: ByteString;
}

/** A client asks what is near a client. */
export interface Whatsat {
  readonly verb: "WHATSAT";
  /** The ID of the client to look around. */
  readonly client: ByteString;
  /** Kilometres, 0 to 50, as sent. */
  readonly radiusKm: ByteString;
  /** Most places wanted, 0 to 20, as sent. */
  readonly bound: ByteString;
}

/** A valid command of a client. */
export type Command = Iamat | Whatsat;

/** Both commands have a verb and three operands. */
const commandFields = 4;

/** Reads one line; undefined if it is not a valid command. */
export function parseCommand(line: ByteString): Command | undefined {
  const fields = splitFields(line, commandFields);
  if (fields.length !== commandFields) return undefined;
  const [verb, client, second, third] = fields;
  if (verb === "IAMAT") {
    return isPosition(second) && isTime(third)
      ? { verb, client, position: second, time: third }
      : undefined;
  }
  if (verb === "WHATSAT") {
    return isRadius(second) && isBound(third)
      ? { verb, client, radiusKm: second, bound: third }
      : undefined;
  }
  return undefined;
}

/** The inverse of `parseCommand`, without the LF. */
export function formatCommand(command: Command): ByteString {
  return command.verb === "IAMAT"
    ? `IAMAT ${command.client} ${command.position} ${command.time}`
    : `WHATSAT ${command.client} ${command.radiusKm} ${command.bound}`;
}

/** The reply to a line that is no valid command, without the LF. */
export function formatInvalid(line: ByteString): ByteString {
  return `? ${line}`;
}

/** Whether the text is a search radius in kilometres. */
export function isRadius(text: ByteString): boolean {
  return isDecimal(text) && isAtMostInWhole(text, maxRadiusKm);
}

/** Whether the text is a bound on the number of places. */
export function isBound(text: ByteString): boolean {
  return isWholeNumber(text) && isAtMostInWhole(text, maxPlaces);
}

function isAtMostInWhole(text: ByteString, limit: number): boolean {
  return isAtMost(encodeScratch(text), 0, text.length, limit);
}
