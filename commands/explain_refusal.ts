/**
 * Explains from a line why a server has refused it.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import {
  type Operand,
  operandsOf,
  syntaxOf,
  type Verb,
  verbOf,
  verbs,
} from "../protocol/command.ts";
import { splitFields } from "../protocol/fields.ts";

export interface Explanation {
  /** Which field is wrong, and what is expected. May quote the line. */
  readonly why: ByteString;
  /** The syntax of the commands that the user may have meant. */
  readonly syntax: readonly string[];
}

/**
 * Explains why a server has answered `?` to a line.
 *
 * @param hasCertificate Whether the client has shown a certificate, which may
 * not permit the command.
 */
export function explainRefusal(
  line: ByteString,
  hasCertificate = false,
): Explanation {
  const [word = "", ...fields] = splitFields(line, Infinity);
  const verb = verbOf(word);
  if (verb === undefined) {
    return { why: whyNoCommand(word), syntax: verbs.map(syntaxOf) };
  }
  return {
    why: whyWrong(operandsOf(verb), fields) ??
      whyRefused(verb, fields[0], hasCertificate),
    syntax: [syntaxOf(verb)],
  };
}

/** Why a valid command is refused. */
function whyRefused(
  verb: Verb,
  id: ByteString,
  hasCertificate: boolean,
): ByteString {
  if (verb === "WHATSAT") {
    const denied = hasCertificate
      ? ", or the certificate does not permit queries for it"
      : "";
    return `this server has no report of ${id}${denied}`;
  }
  return hasCertificate
    ? `the certificate does not permit reports for ${id}`
    : `this server accepts no report for ${id}: a field may be too long`;
}

function whyNoCommand(word: ByteString): ByteString {
  if (word === "") return "the line is empty";
  if (word === "AT") return "AT is for servers: a client sends IAMAT";
  const verb = verbOf(word.toUpperCase());
  return verb === undefined
    ? `there is no command ${word}`
    : `commands are written in capitals: ${verb}`;
}

/** What is wrong with a command; undefined if it is valid. */
function whyWrong(
  operands: readonly Operand[],
  fields: readonly ByteString[],
): ByteString | undefined {
  const wrong = operands.find(({ isValid }, index) =>
    index < fields.length && !isValid(fields[index])
  );
  if (fields.length < operands.length) {
    // A field that is missing in the middle makes a later one wrong.
    const missing = wrong ?? operands[fields.length];
    return `the ${missing.name} is missing or wrong: expected ` +
      missing.expected;
  }
  if (fields.length > operands.length) {
    return `unexpected text after the ${operands.at(-1)!.name}: ` +
      fields.slice(operands.length).join(" ");
  }
  if (wrong !== undefined) {
    const field = fields[operands.indexOf(wrong)];
    return `the ${wrong.name} ${field} is wrong: expected ${wrong.expected}`;
  }
  return undefined;
}
