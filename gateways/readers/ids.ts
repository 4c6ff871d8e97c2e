/**
 * IDs of clients, from the names that devices send.
 *
 * @module
 */
import {
  bytesOfText,
  type ByteString,
  strictTextOfBytes,
} from "../../protocol/bytes.ts";
import { maxIdBytes } from "./limits.ts";

/** ASCII white space and control bytes, and the percent sign. */
// deno-lint-ignore no-control-regex
const encoded = /[\x00-\x20%\x7f]/g;

/** The same, and the slash, which joins names. */
// deno-lint-ignore no-control-regex
const encodedInNames = /[\x00-\x20%/\x7f]/g;

function percentEncode(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/** Whether a name is in ASCII, and nothing of it is encoded: as nearly all. */
function isPlainName(name: ByteString): boolean {
  for (let index = 0; index < name.length; index++) {
    const code = name.charCodeAt(index);
    const isPlain = code > 0x20 && code < deleteByte && code !== percent &&
      code !== slash;
    if (!isPlain) return false;
  }
  return true;
}

const [percent, slash, deleteByte] = [0x25, 0x2f, 0x7f];

/**
 * One name as a part of an ID. Other bytes stay as they are, and so does a name
 * that is too long for an ID anyway.
 */
export function encodeName(name: ByteString): ByteString {
  if (name.length > maxIdBytes || isPlainName(name)) return name;
  return name.replace(encodedInNames, percentEncode);
}

/** The same for a whole ID, in which a slash already joins names. */
export function encodeId(id: ByteString): ByteString {
  return id.length > maxIdBytes ? id : id.replace(encoded, percentEncode);
}

/** The inverse of `encodeId` and `encodeName`. */
export function decodeId(id: ByteString): ByteString {
  return id.replace(
    /%([0-9A-F]{2})/g,
    (_, digits) => String.fromCharCode(parseInt(digits, 16)),
  );
}

/** Names joined to an ID. Empty ones are left out; undefined if all are. */
export function joinNames(
  names: readonly (ByteString | undefined)[],
): ByteString | undefined {
  const [first, second] = names;
  if (names.length === 2 && first && second) {
    return `${encodeName(first)}/${encodeName(second)}`;
  }
  const id = names.filter((name) => name !== undefined && name !== "")
    .map((name) => encodeName(name!)).join("/");
  return id === "" ? undefined : id;
}

/**
 * A name in UTF-8. Header fields may be in UTF-8 or Latin-1, and one user has
 * to have one ID, so bytes that are not UTF-8 are read as Latin-1.
 */
export function nameInUtf8(name: ByteString): ByteString {
  if (isPlainName(name)) return name;
  try {
    strictTextOfBytes(name);
    return name;
  } catch {
    return bytesOfText(name);
  }
}
