/**
 * A second implementation of clients' commands, after docs/PROTOCOL.md. It is
 * slow and simple, and uses no code of protocol/.
 *
 * @module
 */
import {
  clockDifference,
  type Instant,
  objectionToBound,
  objectionToPosition,
  objectionToRadius,
  objectionToTime,
} from "./numbers.ts";

/** Space, tab, VT, FF and CR; and LF, which a line cannot contain. */
const whiteSpace = ["\x20", "\x09", "\x0b", "\x0c", "\x0d", "\x0a"];

/** Whether a byte is white space. */
export function isWhiteSpace(byte: string): boolean {
  return whiteSpace.includes(byte);
}

/**
 * Splits a line at one or more bytes of white space. White space before the
 * first field and after the last one is ignored.
 */
export function fieldsOf(line: string): string[] {
  const fields: string[] = [];
  let field = "";
  for (const byte of `${line} `) {
    if (!isWhiteSpace(byte)) {
      field += byte;
    } else if (field !== "") {
      fields.push(field);
      field = "";
    }
  }
  return fields;
}

/** A command with its operands, or the reason why a line is invalid. */
export type Reading =
  | { readonly verb: "IAMAT" | "WHATSAT"; readonly operands: string[] }
  | { readonly verb: undefined; readonly objection: string };

/** Parses a line that a client has sent. */
export function readCommand(line: string): Reading {
  const fields = fieldsOf(line);
  const [verb, , second, third] = fields;
  const refuse = (objection: string) => ({ verb: undefined, objection });
  if (verb !== "IAMAT" && verb !== "WHATSAT") return refuse("another verb");
  if (fields.length !== 4) {
    return refuse(`${verb} with ${Math.min(fields.length, 6)} fields`);
  }
  const objection = verb === "IAMAT"
    ? objectionToPosition(second) ?? objectionToTime(third)
    : objectionToRadius(second) ?? objectionToBound(third);
  return objection === undefined
    ? { verb, operands: fields.slice(1) }
    : refuse(objection);
}

/** The AT line with which a server answers an IAMAT. */
export function atLine(
  server: string,
  now: Instant,
  operands: readonly string[],
): string {
  const difference = clockDifference(now, operands[2]);
  return ["AT", server, difference, ...operands].join(" ");
}
