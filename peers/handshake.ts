/**
 * The first words on a peer connection. The dialler sends
 * `HERD version from to incarnation`, the acceptor answers the same about
 * itself, or `NO reason` and closes. Nothing else is read before both have
 * agreed who they are.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { splitFields } from "../protocol/fields.ts";

/** The version of the peer protocol that this code speaks. */
const peerProtocolVersion = "1";

/** Longest handshake line, in bytes: two names and change. */
export const maxHandshakeBytes = 512;

/** One side's introduction. */
export interface Hello {
  /** The speaker's name. */
  readonly from: string;
  /** The name of the server that the speaker wants to talk with. */
  readonly to: string;
  /**
   * Made up anew each time a server starts, so that its neighbours can tell a
   * second connection from a second life.
   */
  readonly incarnation: string;
}

/** Why a handshake came to nothing, with what to tell a person. */
export interface Refusal {
  readonly reason:
    /** The first line is not a handshake. */
    | "not a handshake"
    /** It is one of another version of the peer protocol. */
    | "other version"
    /** It is meant for another server. */
    | "wrong name"
    /** The speaker is not a neighbour. */
    | "stranger"
    /** There is a link with this neighbour, and it stays. */
    | "linked already"
    /** Nothing was said within the deadline. */
    | "silent"
    /** The other side closed before it had introduced itself. */
    | "closed early"
    /** The other side refused us. */
    | "refused";
  readonly detail: string;
}

/** Writes an introduction, without the LF. */
export function formatHello(hello: Hello): ByteString {
  const { from, to, incarnation } = hello;
  return `HERD ${peerProtocolVersion} ${from} ${to} ${incarnation}`;
}

/** Writes a refusal, without the LF. */
export function formatRefusal(refusal: Refusal): ByteString {
  return `NO ${refusal.reason}: ${refusal.detail}`;
}

const notAHandshake: Refusal = {
  reason: "not a handshake",
  detail: "expected HERD version from to incarnation",
};

/**
 * Checks an introduction: whether it is one, made to `self`, by one of
 * `neighbours`.
 */
export function checkHello(
  line: ByteString,
  self: string,
  neighbours: readonly string[],
): Hello | Refusal {
  const fields = splitFields(line, 5);
  const [verb, version, from, to, incarnation] = fields;
  if (verb !== "HERD" || version === undefined) return notAHandshake;
  if (version !== peerProtocolVersion) {
    return {
      reason: "other version",
      detail: `expected version ${peerProtocolVersion}, found ${version}`,
    };
  }
  if (fields.length !== 5) return notAHandshake;
  if (to !== self) {
    return { reason: "wrong name", detail: `this is ${self}, not ${to}` };
  }
  if (!neighbours.includes(from)) {
    return {
      reason: "stranger",
      detail: `${from} is not a neighbour of ${self}`,
    };
  }
  return { from, to, incarnation };
}

/**
 * Checks the answer of the neighbour that was dialled: its introduction, or
 * its refusal.
 */
export function checkAnswer(
  line: ByteString,
  self: string,
  neighbour: string,
): Hello | Refusal {
  return line.startsWith("NO ")
    ? { reason: "refused", detail: line.slice(3) }
    : checkHello(line, self, [neighbour]);
}

/** Whether a handshake came to nothing. */
export function isRefusal(result: Hello | Refusal): result is Refusal {
  return "reason" in result;
}
