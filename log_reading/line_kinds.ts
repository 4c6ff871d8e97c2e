/**
 * The kinds of lines that a log has.
 *
 * @module
 */
import { unescapeBytes } from "../journal/escape.ts";
import type { ByteString } from "../protocol/bytes.ts";
import { splitFields } from "../protocol/fields.ts";

/** What a client says. What is not understood has the answer `?`. */
export type RequestKind = "IAMAT" | "WHATSAT" | "invalid";

/** What a client is answered. */
export type ReplyKind = "AT" | "places" | "?";

/** All of them, in the order of tables. */
export const requestKinds: readonly RequestKind[] = [
  "IAMAT",
  "WHATSAT",
  "invalid",
];
export const replyKinds: readonly ReplyKind[] = ["AT", "places", "?"];

/** What neighbours say to each other. */
export const peerKinds = [
  "AT",
  "HAVE",
  "WANT",
  "PRUNE",
  "GRAFT",
  "HORIZON",
  "DIGEST",
  "LIST",
  "PART",
  "PING",
  "HERD",
  "PROOF",
  "NO",
  "other",
] as const;

/** One of them. */
export type PeerKind = typeof peerKinds[number];

/** What a line of a client's is, by its verb. It may be invalid all the same. */
export function requestKind(text: ByteString): RequestKind {
  if (text.startsWith("IAMAT ")) return "IAMAT";
  if (text.startsWith("WHATSAT ")) return "WHATSAT";
  // There may be other white space around.
  const [verb] = splitFields(unescapeBytes(text.slice(0, 1024)), 2);
  return verb === "IAMAT" || verb === "WHATSAT" ? verb : "invalid";
}

/** What an answer is. */
export function replyKind(text: ByteString): ReplyKind {
  if (!text.startsWith("AT ")) return "?";
  return text.includes("\\n") ? "places" : "AT";
}

const knownPeerKinds: ReadonlySet<string> = new Set(peerKinds);

/** What a line between servers is. */
export function peerKind(text: ByteString): PeerKind {
  if (text.startsWith("AT ")) return "AT";
  const end = text.indexOf(" ");
  const verb = end < 0 ? text : text.slice(0, end);
  return knownPeerKinds.has(verb) ? verb as PeerKind : "other";
}
