/**
 * What a client can say: one table of its verbs. The parser, sessions, counters
 * and metrics, the client, the prompt and the analysis of logs all use it.
 * A new verb is one entry here and its handler in `sessions/session.ts`.
 *
 * Everything else is an invalid command. AT is one too: clients cannot speak
 * for servers.
 *
 * @module
 */
import { type ByteString, encodeScratch } from "./bytes.ts";
import { isAtMost, isDecimal, isWholeNumber } from "./decimal.ts";
import { isField, splitFields } from "./fields.ts";
import { maxPlaces, maxRadiusKm } from "./limits.ts";
import { isPosition } from "./position.ts";
import { isTime } from "./time.ts";

/** A field behind the verb. */
export interface Operand<Field extends string = string> {
  /** Its name in a `Command`. */
  readonly field: Field;
  /** Its name in the syntax. */
  readonly name: string;
  readonly isValid: (text: ByteString) => boolean;
  /** What it has to be, for a person. */
  readonly expected: string;
  /** The same in a few words; empty if there is nothing to say. */
  readonly unit: string;
}

/** A verb, and all that is particular to it. */
export interface ClientVerb {
  /** In the order in which they follow the verb. */
  readonly operands: readonly Operand[];
  /** The reply to a valid command: an AT line, or one with places behind it. */
  readonly reply: "AT" | "places";
  /** What a client does with it. */
  readonly purpose: string;
  /** What is counted at a server, in a word and in a sentence. */
  readonly counted: { readonly as: string; readonly help: string };
  /** A command, as a person would type it. */
  readonly example: string;
}

/** The client's ID: any bytes but white space. */
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

/** POSIX seconds by the client's clock, as sent. At the prompt also `now`. */
export const timeOperand = {
  field: "time",
  name: "time",
  isValid: isTime,
  expected: "POSIX seconds without a sign, such as 1520023934.918963997, " +
    "or now",
  unit: "POSIX seconds or the word now",
} as const satisfies Operand;

/** How far from the client to look, in kilometres, as sent. */
const radius = {
  field: "radiusKm",
  name: "radius",
  isValid: isRadius,
  expected: `kilometres from 0 to ${maxRadiusKm}, such as 10 or 0.5`,
  unit: "kilometres",
} as const satisfies Operand;

/** Most places wanted, as sent. */
const bound = {
  field: "bound",
  name: "bound",
  isValid: isBound,
  expected: `a whole number of places from 0 to ${maxPlaces}`,
  unit: "a number of places",
} as const satisfies Operand;

/** Every verb, in the order of tables. */
export const clientVerbs = {
  /** A client reports where it is. */
  IAMAT: {
    operands: [client, position, timeOperand],
    reply: "AT",
    purpose: "says where a client is",
    counted: { as: "updates", help: "Reports that clients sent here" },
    example: "IAMAT kiwi +34.068930-118.445127 now",
  },
  /** A client asks what is near a client. */
  WHATSAT: {
    operands: [client, radius, bound],
    reply: "places",
    purpose: "asks where it is, and what is near",
    counted: { as: "questions", help: "Questions that clients asked here" },
    example: "WHATSAT kiwi 10 5",
  },
} as const satisfies Readonly<Record<string, ClientVerb>>;

/** A word that a command can begin with. */
export type Verb = keyof typeof clientVerbs;

/** All of them, in the order of tables. */
export const verbs = Object.keys(clientVerbs) as readonly Verb[];

/** The name of an operand of these verbs in a `Command`. */
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

/** A client asks what is near a client. */
export type Whatsat = Command<"WHATSAT">;

/** What a line is counted as: its verb, or `invalid` if the reply is `?`. */
export type LineKind = Lowercase<Verb> | "invalid";

/** What valid lines with this verb are counted as. */
export function lineKindOf<Each extends Verb>(verb: Each): Lowercase<Each> {
  return verb.toLowerCase() as Lowercase<Each>;
}

/** The verb that a word is; undefined if it is none. */
export function verbOf(word: ByteString | undefined): Verb | undefined {
  for (const verb of verbs) if (verb === word) return verb;
  return undefined;
}

/** What follows a verb. */
export function operandsOf(verb: Verb): readonly Operand[] {
  return clientVerbs[verb].operands;
}

/** How a command is written: `WHATSAT id radius bound`. */
export function syntaxOf(verb: Verb): string {
  return [verb, ...operandsOf(verb).map(({ name }) => name)].join(" ");
}

/** Fields of the longest command. */
const maxFields = 1 +
  Math.max(...verbs.map((verb) => operandsOf(verb).length));

/** Reads one line; undefined if it is not a valid command. */
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
  // It has the operands of its verb.
  return command as unknown as Command;
}

/** The inverse of `parseCommand`, without the LF. */
export function formatCommand(command: Command): ByteString {
  const texts: Readonly<Record<string, ByteString>> = command;
  let line: ByteString = command.verb;
  for (const { field } of operandsOf(command.verb)) line += ` ${texts[field]}`;
  return line;
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
