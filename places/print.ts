/**
 * Formats JSON as Google's Nearby Search does: three spaces per level, a space
 * on both sides of the colon, lists of short strings on one line, UTF-8
 * unescaped, and `<` and `>` escaped.
 *
 * @module
 */
import { bytesOfText, type ByteString } from "../protocol/bytes.ts";

/** A value that can be printed. Undefined members are left out. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }
  | Verbatim;

/** A number that is printed with the digits of its source. */
export class Verbatim {
  constructor(readonly digits: string) {}
}

/** The JSON text of a value, in UTF-8 bytes, without a final newline. */
export function printJson(value: Json): ByteString {
  return bytesOfText(print(value, ""));
}

const indent = "   ";

/** Longest string in a list that is printed on one line, in characters. */
const maxShortText = 40;

function print(value: Json, margin: string): string {
  if (typeof value === "string") return printString(value);
  if (value === null || typeof value !== "object") return String(value);
  if (value instanceof Verbatim) return value.digits;
  return isList(value) ? printList(value, margin) : printObject(value, margin);
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}

function printList(list: readonly Json[], margin: string): string {
  if (list.length === 0) return "[]";
  if (list.every(isShortText)) {
    return `[ ${list.map((item) => print(item, "")).join(", ")} ]`;
  }
  const inner = margin + indent;
  const items = list.map((item) => inner + print(item, inner));
  return `[\n${items.join(",\n")}\n${margin}]`;
}

function isShortText(item: Json): boolean {
  return typeof item === "string" && item.length <= maxShortText;
}

function printObject(
  object: { readonly [key: string]: Json | undefined },
  margin: string,
): string {
  const inner = margin + indent;
  let members = "";
  for (const key of Object.keys(object)) {
    const item = object[key];
    if (item === undefined) continue;
    if (members !== "") members += ",\n";
    members += `${inner}${printString(key)} : ${print(item, inner)}`;
  }
  return members === "" ? "{}" : `{\n${members}\n${margin}}`;
}

/** Printable ASCII that needs no escaping. */
const plainText = /^[\x20!\x23-;=?-[\]-~]*$/;

function printString(text: string): string {
  // A fast path: most texts are plain.
  if (plainText.test(text)) return `"${text}"`;
  return JSON.stringify(text)
    .replaceAll("<", "\\u003c")
    .replaceAll(">", "\\u003e");
}
