/**
 * Prints JSON as Google's Nearby Search prints it: three spaces a level, a
 * space on both sides of the colon, lists of plain texts on one line, UTF-8 as
 * it is, and `<` and `>` escaped.
 *
 * @module
 */
import { bytesOfText, type ByteString } from "../protocol/bytes.ts";

/** A value that can be printed. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json }
  | Verbatim;

/** A number in the digits of its source. */
export class Verbatim {
  constructor(readonly digits: string) {}
}

/** The JSON text of a value, in UTF-8 bytes, without a newline at its end. */
export function printJson(value: Json): ByteString {
  return bytesOfText(print(value, ""));
}

const indent = "   ";

function print(value: Json, margin: string): string {
  if (typeof value === "string") return printString(value);
  if (value === null || typeof value !== "object") return String(value);
  if (value instanceof Verbatim) return value.digits;
  const inner = margin + indent;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    const items = value.map((item) => print(item, inner));
    return value.every((item) => typeof item === "string" && item.length < 40)
      ? `[ ${items.join(", ")} ]`
      : `[\n${items.map((item) => inner + item).join(",\n")}\n${margin}]`;
  }
  const entries = Object.entries(value).map(([key, item]) =>
    `${inner}${printString(key)} : ${print(item, inner)}`
  );
  if (entries.length === 0) return "{}";
  return `{\n${entries.join(",\n")}\n${margin}}`;
}

function printString(text: string): string {
  return JSON.stringify(text)
    .replaceAll("<", "\\u003c")
    .replaceAll(">", "\\u003e");
}
