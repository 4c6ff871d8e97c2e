/**
 * A client's ID as people have it before them: written as in the log.
 *
 * @module
 */
import { unescapeBytes } from "../log/escape.ts";
import { bytesOfText, type ByteString } from "../protocol/bytes.ts";
import { formatCommand, parseCommand } from "../protocol/command.ts";
import { maxLineBytes } from "../protocol/limits.ts";

/** All that may follow a backslash. */
const escapes = /\\(?:x[0-9a-f]{2}|[\\tnr])/g;

/** The ID that is written so; undefined if no client can have it. */
export function readClientId(text: string): ByteString | undefined {
  if (text.replace(escapes, "").includes("\\")) return undefined;
  const client = unescapeBytes(bytesOfText(text));
  // Whether it can be said at all.
  const shortest = formatCommand({
    verb: "IAMAT",
    client,
    position: "+0+0",
    time: "0",
  });
  const canBe = shortest.length <= maxLineBytes &&
    parseCommand(shortest)?.client === client;
  return canBe ? client : undefined;
}
