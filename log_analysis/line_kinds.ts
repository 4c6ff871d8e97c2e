/**
 * Classifies the lines of a log.
 *
 * @module
 */
import { unescapeBytes } from "../log/escape.ts";
import type { Message } from "../peers/replication/messages.ts";
import type { ByteString } from "../protocol/bytes.ts";
import {
  type ClientVerb,
  type Verb,
  verbOf,
  verbs,
} from "../protocol/command.ts";
import { splitFields } from "../protocol/fields.ts";

/** The kind of a client's line. The answer to an invalid one is `?`. */
export type RequestKind = Verb | "invalid";

/** The kind of an answer to a client. */
export type ReplyKind = ClientVerb["reply"] | "?";

/** All of them, in the order of tables. */
export const requestKinds: readonly RequestKind[] = [...verbs, "invalid"];
export const replyKinds: readonly ReplyKind[] = ["AT", "places", "?"];

/** The kind of a line between neighbours. */
export type PeerKind =
  | "AT"
  | "FORGET"
  | Message["verb"]
  | "HERD"
  | "PROOF"
  | "NO"
  | "other";

const knownPeerKinds: Readonly<Record<PeerKind, true>> = {
  AT: true,
  FORGET: true,
  HAVE: true,
  WANT: true,
  PRUNE: true,
  GRAFT: true,
  HORIZON: true,
  DIGEST: true,
  LIST: true,
  PART: true,
  SYNC: true,
  SYNCED: true,
  PING: true,
  TREE: true,
  SEEN: true,
  ECHO: true,
  ECHOED: true,
  CLOCK: true,
  OPTIONAL: true,
  HERD: true,
  PROOF: true,
  NO: true,
  other: true,
};

/** The kinds, in the order of columns. */
export const peerKinds = Object.keys(knownPeerKinds) as readonly PeerKind[];

/** The kind of a client's line by its verb. The line may still be invalid. */
export function requestKind(text: ByteString): RequestKind {
  const end = text.indexOf(" ");
  const begun = end < 0 ? undefined : verbOf(text.slice(0, end));
  if (begun !== undefined) return begun;
  // There may be other white space around.
  const [word] = splitFields(unescapeBytes(text.slice(0, 1024)), 2);
  return verbOf(word) ?? "invalid";
}

/** The kind of an answer. */
export function replyKind(text: ByteString): ReplyKind {
  if (!text.startsWith("AT ")) return "?";
  return text.includes("\\n") ? "places" : "AT";
}

/** The kind of a line between servers. */
export function peerKind(text: ByteString): PeerKind {
  if (text.startsWith("AT ")) return "AT";
  if (text.startsWith("+CLOCK ")) return "CLOCK";
  if (text.startsWith("+")) return "OPTIONAL";
  const end = text.indexOf(" ");
  const verb = end < 0 ? text : text.slice(0, end);
  return Object.hasOwn(knownPeerKinds, verb) ? verb as PeerKind : "other";
}
