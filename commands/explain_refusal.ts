/**
 * Why a server has refused a line, as far as the line itself tells.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { isBound, isRadius } from "../protocol/command.ts";
import { splitFields } from "../protocol/fields.ts";
import { maxPlaces, maxRadiusKm } from "../protocol/limits.ts";
import { isPosition } from "../protocol/position.ts";
import { isTime } from "../protocol/time.ts";

/** An operand of a command: what it is called, and what it has to be. */
interface Operand {
  readonly name: string;
  readonly isValid: (field: ByteString) => boolean;
  readonly expected: string;
}

/** An ID is any field, so that one is never wrong. */
const id: Operand = {
  name: "id",
  isValid: () => true,
  expected: "any text without white space",
};

/** The operands of each command. */
const commands: Readonly<Record<string, readonly Operand[]>> = {
  IAMAT: [id, {
    name: "position",
    isValid: isPosition,
    expected: "latitude and longitude in decimal degrees, each with its " +
      "sign, at most 90 and 180, such as +34.068930-118.445127",
  }, {
    name: "time",
    isValid: isTime,
    expected: "POSIX seconds without a sign, such as 1520023934.918963997, " +
      "or now",
  }],
  WHATSAT: [id, {
    name: "radius",
    isValid: isRadius,
    expected: `kilometres from 0 to ${maxRadiusKm}, such as 10 or 0.5`,
  }, {
    name: "bound",
    isValid: isBound,
    expected: `a whole number of places from 0 to ${maxPlaces}`,
  }],
};

/** What a person can say: the verbs. */
export const verbs: readonly string[] = Object.keys(commands);

/** How each command is written. */
export const syntax: readonly string[] = verbs.map(syntaxOf);

function syntaxOf(verb: string): string {
  return [verb, ...commands[verb].map(({ name }) => name)].join(" ");
}

/** A refusal, explained. */
export interface Explanation {
  /** Which field is wrong, and what would be right. It may quote the line. */
  readonly why: ByteString;
  /** How commands are written that may have been meant. */
  readonly syntax: readonly string[];
}

/** Explains why a server has answered a line with a question mark. */
export function explainRefusal(line: ByteString): Explanation {
  const [verb = "", ...fields] = splitFields(line, Infinity);
  const operands = Object.hasOwn(commands, verb) ? commands[verb] : undefined;
  if (operands === undefined) return { why: whyNoCommand(verb), syntax };
  return { why: whyRefused(operands, fields), syntax: [syntaxOf(verb)] };
}

function whyNoCommand(verb: ByteString): ByteString {
  if (verb === "") return "the line is empty";
  if (verb === "AT") return "AT is for servers: a client says IAMAT";
  const capitals = verb.toUpperCase();
  return verbs.includes(capitals)
    ? `commands are written in capitals: ${capitals}`
    : `there is no command ${verb}`;
}

function whyRefused(
  operands: readonly Operand[],
  fields: readonly ByteString[],
): ByteString {
  const wrong = operands.find(({ isValid }, index) =>
    index < fields.length && !isValid(fields[index])
  );
  if (fields.length < operands.length) {
    // One that is missing in the middle makes the others wrong.
    const missing = wrong ?? operands[fields.length];
    return `the ${missing.name} is missing or wrong: expected ` +
      missing.expected;
  }
  if (fields.length > operands.length) {
    return `there is more than the ${operands.at(-1)!.name}: ` +
      fields.slice(operands.length).join(" ");
  }
  if (wrong !== undefined) {
    const field = fields[operands.indexOf(wrong)];
    return `the ${wrong.name} ${field} is wrong: expected ${wrong.expected}`;
  }
  return `this server has not heard of ${fields[0]}`;
}
