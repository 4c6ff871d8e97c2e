/**
 * The first words on a peer connection. Both sides say who they are and make up
 * a nonce, the dialler first:
 *
 *     HERD version from to incarnation nonce
 *
 * Then both prove that they know the herd's secret, the dialler first, so that
 * who only listens on a port learns nothing:
 *
 *     PROOF proof...
 *
 * or one of them says `NO reason: detail` and closes. A proof is an HMAC over
 * both introductions and the prover's part in it: it is good for this connection
 * only, and for one direction.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { splitFields } from "../../protocol/fields.ts";

/** The version of the peer protocol that this code speaks. */
const peerProtocolVersion = "4";

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
  /** Made up anew for each connection: 32 hexadecimal digits. */
  readonly nonce: string;
}

/** Why a handshake came to nothing, with what to tell a person. */
export interface HandshakeRefusal {
  readonly reason:
    /** The first line is not a handshake. */
    | "not a handshake"
    /** A line is over the limit. */
    | "line too long"
    /** It is one of another version of the peer protocol. */
    | "other version"
    /** A server has dialled itself, or one that has its name. */
    | "own name"
    /** It is meant for another server. */
    | "wrong name"
    /** The speaker is not a neighbour. */
    | "stranger"
    /** One of the two has a secret and the other has none. */
    | "no secret"
    /** The proof is not one made with a secret of ours. */
    | "wrong secret"
    /** There is a link with this neighbour, and it stays. */
    | "linked already"
    /** The handshake was not finished within the deadline. */
    | "silent"
    /** Too many others came in while it was under way. */
    | "crowded out"
    /** The other side closed before the handshake was finished. */
    | "closed early"
    /** The other side refused us. */
    | "refused";
  readonly detail: string;
}

/**
 * Makes the proofs of a text, one for each secret that is valid: hexadecimal
 * digits. None where the herd has no secret.
 */
export type Prove = (text: ByteString) => Promise<readonly ByteString[]>;

/** The part that a server plays in a handshake. */
export type HandshakeRole = "dialler" | "acceptor";

/** Writes an introduction, without the LF. */
export function formatHello(hello: Hello): ByteString {
  const { from, incarnation, nonce, to } = hello;
  return `HERD ${peerProtocolVersion} ${from} ${to} ${incarnation} ${nonce}`;
}

/** Writes a refusal, without the LF. */
export function formatRefusal(refusal: HandshakeRefusal): ByteString {
  return `NO ${refusal.reason}: ${refusal.detail}`;
}

/**
 * What the server that plays `part` proves: both introductions and, where the
 * connection is encrypted, the session that they were made in.
 *
 * @param binding The SHA-256 of the acceptor's certificate; empty for none.
 */
export function proofText(
  role: HandshakeRole,
  dialler: Hello,
  acceptor: Hello,
  binding: ByteString,
): ByteString {
  const lines = [role, formatHello(dialler), formatHello(acceptor)];
  if (binding !== "") lines.push(`TLS ${binding}`);
  return lines.map((line) => `${line}\n`).join("");
}

/** Writes the proofs, without the LF. */
export function formatProofs(proofs: readonly ByteString[]): ByteString {
  return `PROOF ${proofs.length === 0 ? "-" : proofs.join(" ")}`;
}

const notAHandshake: HandshakeRefusal = {
  reason: "not a handshake",
  detail: "expected HERD version from to incarnation nonce",
};

/**
 * Checks an introduction: whether it is one, made to the server that would
 * introduce itself by `self`, by one of `neighbours`.
 */
export function checkHello(
  line: ByteString,
  self: { readonly name: string; readonly incarnation: string },
  neighbours: readonly string[],
): Hello | HandshakeRefusal {
  const fields = splitFields(line, 6);
  const [verb, version, from, to, incarnation, nonce] = fields;
  if (verb !== "HERD" || version === undefined) return notAHandshake;
  if (version !== peerProtocolVersion) {
    return {
      reason: "other version",
      detail: `expected version ${peerProtocolVersion}, found ${version}`,
    };
  }
  if (fields.length !== 6 || !/^[0-9a-f]{32}$/.test(nonce)) {
    return notAHandshake;
  }
  if (from === self.name) {
    const whose = incarnation === self.incarnation
      ? `${from} has dialled itself`
      : `this is ${from} too`;
    return { reason: "own name", detail: `${whose}: check ${to}'s address` };
  }
  if (to !== self.name) {
    return { reason: "wrong name", detail: `this is ${self.name}, not ${to}` };
  }
  if (!neighbours.includes(from)) {
    return {
      reason: "stranger",
      detail: `${from} is not a neighbour of ${self.name}`,
    };
  }
  const hello = { from, to, incarnation, nonce };
  // The proof is about these bytes, so that there is only one way to say it.
  return line === formatHello(hello) ? hello : notAHandshake;
}

/**
 * Checks the answer of the neighbour that was dialled: its introduction, or
 * its refusal.
 */
export function checkAnswer(
  line: ByteString,
  self: { readonly name: string; readonly incarnation: string },
  neighbour: string,
): Hello | HandshakeRefusal {
  return refusalIn(line) ?? checkHello(line, self, [neighbour]);
}

/** Nothing to prove, or something for each secret: there are two at most. */
const proofPattern = /^PROOF (?:-|[^ -]+(?: [^ -]+)?)$/;

/**
 * Checks that the other side knows a secret of ours: that one of its proofs is
 * among those that we expect. Undefined if it does.
 */
export function checkProofs(
  line: ByteString,
  expected: readonly ByteString[],
): HandshakeRefusal | undefined {
  if (!proofPattern.test(line)) {
    return refusalIn(line) ??
      { reason: "not a handshake", detail: "expected PROOF proof" };
  }
  const proofs = line.split(" ").slice(1);
  const isOpen = proofs[0] === "-";
  if (isOpen && expected.length === 0) return undefined;
  if (isOpen) {
    return { reason: "no secret", detail: "this server has one, yours none" };
  }
  if (expected.length === 0) {
    return { reason: "no secret", detail: "your server has one, this none" };
  }
  // Every pair is compared to its end, so that time tells nothing.
  let matches = 0;
  for (const proof of proofs) {
    for (const other of expected) matches += isSame(proof, other);
  }
  return matches > 0 ? undefined : {
    reason: "wrong secret",
    detail: "the two servers have no secret in common",
  };
}

/** Whether a handshake came to nothing. */
export function isRefusal(result: object): result is HandshakeRefusal {
  return "reason" in result;
}

function refusalIn(line: ByteString): HandshakeRefusal | undefined {
  return line.startsWith("NO ")
    ? { reason: "refused", detail: line.slice(3) }
    : undefined;
}

/** 1 if two texts are the same, 0 if not; takes as long either way. */
function isSame(one: ByteString, other: ByteString): number {
  let difference = one.length ^ other.length;
  for (let index = 0; index < other.length; index++) {
    // Past the end of the one this is NaN, which counts as 0.
    difference |= one.charCodeAt(index) ^ other.charCodeAt(index);
  }
  return difference === 0 ? 1 : 0;
}
