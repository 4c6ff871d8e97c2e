/**
 * The commands of clients, as one table of verbs. The parser, sessions,
 * counters, metrics, the client, the prompt and the analysis of logs all use
 * it. A new verb takes one entry here and a handler in `sessions/session.ts`.
 *
 * All other lines are invalid, also AT: a client cannot act as a server.
 *
 * @module
 */
import { type ByteString, encodeScratch } from "./bytes.ts";
import { isAtMost, isDecimal, isWholeNumber } from "./decimal.ts";
import { isField, splitFields } from "./fields.ts";
import { maxPlaces, maxRadiusKm } from "./limits.ts";
import { isPosition } from "./position.ts";
import { isTime } from "./time.ts";
import { nowWord, typedTimes } from "./typed_time.ts";

/** A field after the verb. */
export interface Operand<Field extends string = string> {
  /** Its name in a `Command`. */
  readonly field: Field;
  /** Its name in the syntax. */
  readonly name: string;
  readonly isValid: (text: ByteString) => boolean;
  /** What is valid, as help text. */
  readonly expected: string;
  /** Its unit or form in a few words; empty if it has none. */
  readonly unit: string;
}

/** A verb, and everything that depends on it. */
export interface ClientVerb {
  /** In the order of the syntax. */
  readonly operands: readonly Operand[];
  /** The reply to a valid command: an AT line, or an AT line and places. */
  readonly reply: "AT" | "places";
  /** What the command does, as help text. */
  readonly purpose: string;
  /** The name of its counter, and the help text of its metric. */
  readonly counted: { readonly as: string; readonly help: string };
  /** A command as a user would type it. */
  readonly example: string;
}

/** The client's ID: any bytes except white space. */
const client = {
  field: "client",
  name: "id",
  isValid: isField,
  expected: "any text without white space",
  unit: "",
} as const satisfies Operand;

/** ISO 6709 decimal degrees, as sent. */
const position = {
  field: "position",
  name: "position",
  isValid: isPosition,
  expected: "latitude and longitude in decimal degrees, each with its " +
    "sign, at most 90 and 180, such as +34.068930-118.445127",
  unit: "ISO 6709 decimal degrees",
} as const satisfies Operand;

/**
 * POSIX seconds by the client's clock, as sent. Programs that read typed lines
 * also accept what `readTypedTime` converts.
 */
export const timeOperand = {
  field: "time",
  name: "time",
  isValid: isTime,
  expected: typedTimes,
  unit: `POSIX seconds, ISO 8601 or the word ${nowWord}`,
} as const satisfies Operand;

/** Search radius around the client in kilometres, as sent. */
const radius = {
  field: "radiusKm",
  name: "radius",
  isValid: isRadius,
  expected: `kilometres from 0 to ${maxRadiusKm}, such as 10 or 0.5`,
  unit: "kilometres",
} as const satisfies Operand;

/** Largest number of places in the answer, as sent. */
const bound = {
  field: "bound",
  name: "bound",
  isValid: isBound,
  expected: `a whole number of places from 0 to ${maxPlaces}`,
  unit: "a number of places",
} as const satisfies Operand;

/** The first word of a client's command. */
export type Verb = "IAMAT" | "WHATSAT";

/** Every verb, in the order of printed tables. */
export const clientVerbs = {
  /** A client reports where it is. */
  IAMAT: {
    operands: [client, position, timeOperand],
    reply: "AT",
    purpose: "reports where a client is",
    counted: { as: "updates", help: "Reports received from clients" },
    example: "IAMAT kiwi +34.068930-118.445127 now",
  },
  /** A client queries what is near a client. */
  WHATSAT: {
    operands: [client, radius, bound],
    reply: "places",
    purpose: "queries where a client is, and what is near",
    counted: { as: "questions", help: "Queries received from clients" },
    example: "WHATSAT kiwi 10 5",
  },
} as const satisfies Readonly<Record<Verb, ClientVerb>>;

/** All verbs, in the order of printed tables. */
export const verbs = Object.keys(clientVerbs) as readonly Verb[];

/** The names in a `Command` of the operands of these verbs. */
export type OperandField<Verbs extends Verb = Verb> =
  (typeof clientVerbs)[Verbs]["operands"][number]["field"];

/** A valid command of a client, with its operands by name. */
export type Command<Verbs extends Verb = Verb> = {
  [Each in Verbs]:
    & { readonly verb: Each }
    & { readonly [Field in OperandField<Each>]: ByteString };
}[Verbs];

/** A client reports where it is. */
export type Iamat = Command<"IAMAT">;

/** A client queries what is near a client. */
export type Whatsat = Command<"WHATSAT">;

/** How a line is counted: by its verb, or as `invalid` if the reply is `?`. */
export type LineKind = Lowercase<Verb> | "invalid";

/** The kind of valid lines with this verb. */
export function lineKindOf<Each extends Verb>(verb: Each): Lowercase<Each> {
  return verb.toLowerCase() as Lowercase<Each>;
}

/** The word as a verb; undefined if it is not a verb. */
export function verbOf(word: ByteString | undefined): Verb | undefined {
  for (const verb of verbs) if (verb === word) return verb;
  return undefined;
}

/** The operands of a verb, in order. */
export function operandsOf(verb: Verb): readonly Operand[] {
  return clientVerbs[verb].operands;
}

/** The syntax of a command: `WHATSAT id radius bound`. */
export function syntaxOf(verb: Verb): string {
  return [verb, ...operandsOf(verb).map(({ name }) => name)].join(" ");
}

/** The largest number of fields in a command. */
const maxFields = 1 +
  Math.max(...verbs.map((verb) => operandsOf(verb).length));

/** Parses one line; undefined if it is not a valid command. */
export function parseCommand(line: ByteString): Command | undefined {
  const fields = splitFields(line, maxFields);
  const verb = verbOf(fields[0]);
  if (verb === undefined) return undefined;
  const operands = operandsOf(verb);
  if (fields.length !== operands.length + 1) return undefined;
  const command: Record<string, ByteString> = { verb };
  for (let index = 0; index < operands.length; index++) {
    const { field, isValid } = operands[index];
    const text = fields[index + 1];
    if (!isValid(text)) return undefined;
    command[field] = text;
  }
  // The loop has set all operands of the verb.
  return command as unknown as Command;
}

/** The inverse of `parseCommand`, without the LF. */
export function formatCommand(command: Command): ByteString {
  const texts: Readonly<Record<string, ByteString>> = command;
  let line: ByteString = command.verb;
  for (const { field } of operandsOf(command.verb)) line += ` ${texts[field]}`;
  return line;
}

/** The reply to an invalid line, without the LF. */
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
