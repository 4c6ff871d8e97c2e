/**
 * A second implementation of the lines between servers, after docs/PROTOCOL.md.
 * It is slow and simple, and uses no code of protocol/ or peers/.
 *
 * @module
 */
import { isAttributes } from "./attributes.ts";
import { isWhiteSpace } from "./commands.ts";
import {
  isDecimal,
  nanosecondsOf,
  objectionToPosition,
  objectionToTime,
} from "./numbers.ts";

/** Whether a text is HEX digits, from `least` to `most` of them. */
function isHex(text: string, least: number, most: number): boolean {
  return text.length >= least && text.length <= most &&
    [...text].every((byte) => "0123456789abcdef".includes(byte));
}

/** Whether a number is below 2^53. */
function isBelow2To53(hex: string): boolean {
  return BigInt(`0x${hex}`) < 2n ** 53n;
}

/** client = 1*(any byte that is not white space or LF) */
export function isClient(text: string): boolean {
  return text !== "" && ![...text].some(isWhiteSpace);
}

/** difference = sign 1*16DIGIT "." 9DIGIT */
function isDifference(text: string): boolean {
  const [integer, fraction] = text.slice(1).split(".");
  return /[+-]/.test(text.charAt(0)) && isDecimal(text.slice(1)) &&
    integer.length <= 16 && fraction?.length === 9;
}

const latestHeard = 10n ** 12n * 10n ** 9n;

/** heard = time + difference, 0 to 10^12 seconds */
function objectionToHeard(
  difference: string,
  time: string,
): string | undefined {
  const heard = nanosecondsOf(time) + nanosecondsOf(difference);
  if (heard < 0n) return "heard below zero";
  return heard > latestHeard ? "heard too late" : undefined;
}

/**
 * Compares two records about one client: -1, 0 or 1. The order is that of
 * `effective`, the earlier one of `time` and `heard`; then `heard`; then `time`;
 * then the bytes of the line; then those of the attributes.
 */
export function compareReports(one: string, other: string): number {
  const [a, b] = [one, other].map((record) => {
    const fields = record.split(" ");
    const [, , difference, , , text, attributes = ""] = fields;
    const line = fields.slice(0, 6).join(" ");
    const time = nanosecondsOf(text);
    const heard = time + nanosecondsOf(difference);
    return [time < heard ? time : heard, heard, time, line, attributes];
  });
  const differing = a.findIndex((value, index) => value !== b[index]);
  if (differing < 0) return 0;
  return a[differing] < b[differing] ? -1 : 1;
}

/** A time in whole seconds and nanoseconds. */
function wholeNanoseconds(time: string): number[] {
  const nanoseconds = nanosecondsOf(time);
  return [nanoseconds / 10n ** 9n, nanoseconds % 10n ** 9n].map(Number);
}

/** The parts of a record, or the reason why a line is not one. */
export type ReportReading =
  | { readonly objection: string }
  | {
    readonly objection: undefined;
    readonly server: string;
    readonly difference: string;
    readonly client: string;
    readonly position: string;
    readonly time: string;
    /** Empty for none. */
    readonly attributes: string;
  };

/**
 * report = "AT " server " " difference " " client " " position " " time
 *          [ " " attributes ]
 */
export function readReport(
  line: string,
  servers: readonly string[],
): ReportReading {
  const fields = line.split(" ");
  if (fields[0] !== "AT") return { objection: "no AT" };
  if (fields.length !== 6 && fields.length !== 7) {
    return { objection: `${Math.min(fields.length, 8)} fields` };
  }
  const [, server, difference, client, position, time, attributes] = fields;
  if (attributes === "" || !isAttributes(attributes ?? "")) {
    return { objection: "no attributes" };
  }
  if (!servers.includes(server)) return { objection: "no such server" };
  if (!isDifference(difference)) return { objection: "no difference" };
  if (!isClient(client)) return { objection: "no client" };
  const objection = objectionToPosition(position) ?? objectionToTime(time) ??
    objectionToHeard(difference, time);
  return objection === undefined
    ? {
      objection,
      server,
      difference,
      client,
      position,
      time,
      attributes: attributes ?? "",
    }
    : { objection };
}

/** The parts of a message, or the reason why a line is not one. */
export type MessageReading =
  | { readonly objection: string }
  | {
    readonly objection: undefined;
    readonly verb: string;
    readonly parts: readonly (string | number)[];
  };

/** Parses a field into its parts; undefined if it is invalid. */
type ReadField = (field: string) => (string | number)[] | undefined;

/** mark = 4HEX fingerprint; fingerprint = 14HEX, below 2^53 */
const readMark: ReadField = (field) => {
  const fingerprint = field.slice(4);
  return isHex(field, 18, 18) && isBelow2To53(fingerprint)
    ? [parseInt(field.slice(0, 4), 16), parseInt(fingerprint, 16)]
    : undefined;
};

/** entry = 4HEX fingerprint fingerprint 1*13HEX */
const readEntry: ReadField = (field) => {
  const mark = readMark(field.slice(0, 18));
  const [report, seconds] = [field.slice(18, 32), field.slice(32)];
  return mark !== undefined && isHex(report, 14, 14) &&
      isBelow2To53(report) && isHex(seconds, 1, 13)
    ? [...mark, parseInt(report, 16), parseInt(seconds, 16)]
    : undefined;
};

/** digest = 1*14HEX, below 2^53 */
const readDigest: ReadField = (field) =>
  isHex(field, 1, 14) && isBelow2To53(field)
    ? [parseInt(field, 16)]
    : undefined;

/** Most marks or entries of a line. */
const mostOfLine = 1_024;

/** Most entries of the list of a node that is not a leaf. */
const mostOfInnerNode = 16;

/** optional = "+" 1*32(upper-case letter / DIGIT / "-") [ " " *byte ] */
function isOptional(line: string): boolean {
  const [name] = line.slice(1).split(" ");
  const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
  return line.startsWith("+") && name.length >= 1 && name.length <= 32 &&
    [...name].every((byte) => allowed.includes(byte));
}

/** number = 1*15DIGIT */
function isNumber(text: string): boolean {
  return text.length >= 1 && text.length <= 15 &&
    [...text].every((byte) => byte >= "0" && byte <= "9");
}

/** age = 1*10DIGIT */
function isAge(text: string): boolean {
  return isNumber(text) && text.length <= 10;
}

/** seen = "SEEN " age " " age *( " " server " " age ), each server once */
function readAges(
  fields: readonly string[],
  servers: readonly string[],
): (string | number)[] | undefined {
  const names = fields.slice(2).filter((_, index) => index % 2 === 0);
  const ages = fields.filter((_, index) => index < 2 || index % 2 === 1);
  const isValid = fields.length >= 2 && fields.length % 2 === 0 &&
    ages.every(isAge) && names.every((name) => servers.includes(name)) &&
    new Set(names).size === names.length;
  return isValid
    ? fields.map((field, index) =>
      index < 2 || index % 2 === 1 ? Number(field) : field
    )
    : undefined;
}

/**
 * deletion = "FORGET " client " " until
 * until = 1*12DIGIT "." 9DIGIT, without zeros in front
 */
export function isDeletion(line: string): boolean {
  const [verb, client, until, ...others] = line.split(" ");
  if (verb !== "FORGET" || until === undefined || others.length > 0) {
    return false;
  }
  const [integer, fraction] = until.split(".");
  return isClient(client) && isDecimal(until) && fraction?.length === 9 &&
    integer.length <= 12 && (integer === "0" || !integer.startsWith("0"));
}

/** Whether a server may list these entries for a node. */
function isList(verb: string, node: string, entries: string[]): boolean {
  const digits = node === "-" ? "" : node;
  const most = digits.length === 4
    ? mostOfLine
    : verb === "LIST"
    ? mostOfInnerNode
    : -1;
  return entries.length <= most &&
    entries.every((entry) => entry.startsWith(digits));
}

/** node = "-" / 1*4HEX; an inner node has at most 3 digits. */
function isNode(field: string, mostDigits: number): boolean {
  return field === "-" || isHex(field, 1, mostDigits);
}

/** Parses a message by the grammar. */
export function readMessage(
  line: string,
  servers: readonly string[],
): MessageReading {
  const [verb, ...fields] = line.split(" ");
  const objection = `${verb.slice(0, 8)}: its fields`;
  const [first, ...others] = fields;
  const readAll = (
    list: readonly string[],
    read: ReadField,
    opening: readonly string[] = [],
  ): MessageReading => {
    const parts: (string | number)[] = [...opening];
    for (const field of list) {
      const found = read(field);
      if (found === undefined) return { objection };
      parts.push(...found);
    }
    return { objection: undefined, verb, parts };
  };
  if (verb === "+CLOCK" && fields.length === 1) {
    if (objectionToTime(first) === undefined) {
      return {
        objection: undefined,
        verb: "CLOCK",
        parts: wholeNanoseconds(first),
      };
    }
  }
  if (isOptional(line)) {
    return { objection: undefined, verb: "OPTIONAL", parts: [line] };
  }
  switch (verb) {
    case "TREE":
      return fields.length === 1 && isHex(first, 32, 32)
        ? readAll([], readMark, [first])
        : { objection };
    case "SEEN": {
      const ages = readAges(fields, servers);
      return ages === undefined
        ? { objection }
        : { objection: undefined, verb, parts: ages };
    }
    case "ECHO":
    case "ECHOED":
      return fields.length === 1 && isNumber(first)
        ? { objection: undefined, verb, parts: [Number(first)] }
        : { objection };
    case "PING":
    case "SYNC":
    case "SYNCED":
      return fields.length === 0 ? readAll([], readMark) : { objection };
    case "PRUNE":
    case "GRAFT":
      return fields.length === 1 && servers.includes(first)
        ? readAll([], readMark, [first])
        : { objection };
    case "HAVE":
    case "WANT":
      return fields.length > 0 && fields.length <= mostOfLine
        ? readAll(fields, readMark)
        : { objection };
    case "HORIZON":
      return fields.length === 1 && objectionToTime(first) === undefined
        ? { objection: undefined, verb, parts: wholeNanoseconds(first) }
        : { objection };
    case "DIGEST":
      return fields.length === 17 && isNode(first, 3)
        ? readAll(others, readDigest, [first])
        : { objection };
    case "LIST":
    case "PART":
      return fields.length > 0 && isNode(first, 4) &&
          isList(verb, first, others)
        ? readAll(others, readEntry, [first])
        : { objection };
  }
  return { objection: "no such message" };
}
