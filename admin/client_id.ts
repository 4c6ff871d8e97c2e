/**
 * Reads clients' IDs in the escaped form of the log.
 *
 * @module
 */
import { unescapeBytes } from "../log/escape.ts";
import { bytesOfText, type ByteString } from "../protocol/bytes.ts";
import { formatCommand, parseCommand } from "../protocol/command.ts";
import { maxLineBytes } from "../protocol/limits.ts";

/** All valid escape sequences. */
const escapes = /\\(?:x[0-9a-f]{2}|[\\tnr])/g;

/** The ID with this escaped form; undefined if no client can have it. */
export function readClientId(text: string): ByteString | undefined {
  if (text.replace(escapes, "").includes("\\")) return undefined;
  const client = unescapeBytes(bytesOfText(text));
  // No client can have an ID that fits no IAMAT.
  const shortest = formatCommand({
    verb: "IAMAT",
    client,
    position: "+0+0",
    time: "0",
  });
  const isPossible = shortest.length <= maxLineBytes &&
    parseCommand(shortest)?.client === client;
  return isPossible ? client : undefined;
}
