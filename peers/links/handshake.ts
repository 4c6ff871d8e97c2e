/**
 * The lines of the handshake on a peer connection. Both sides send a hello with
 * a new nonce, the dialer first:
 *
 *     HERD version from to incarnation nonce [key=value...]
 *
 * The fields after the nonce tell what a server does. Both sides ignore keys that
 * they do not know, so that a new field needs no new version. The field `order`
 * tells the order of reports, and has to be the same on both sides: otherwise two
 * servers would keep different reports.
 *
 * Then both prove that they know the herd's secret, the dialer first, so that a
 * program that only dials gets no proof:
 *
 *     PROOF proof...
 *
 * Instead of any line, the acceptor can send `NO reason: detail` and close. A
 * proof is an HMAC over both hellos and the prover's role. It is valid for this
 * connection and one direction only.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";

/** The version of the peer protocol. */
const peerProtocolVersion = "5";

/**
 * Longest handshake line, in bytes: enough for two names of 64 bytes and some
 * fields.
 */
export const maxHandshakeBytes = 512;

/** The field that tells by what a server orders the reports of a client. */
const orderField = "order";

/** The order of `protocol/order.ts`. Earlier versions told none. */
const reportOrder = "heard";

/**
 * The field of a server that takes attributes after AT lines. Earlier versions
 * end a link on which they get some.
 */
const attributesField = "attributes";

/** The first form of attributes. */
const attributesForm = "1";

/** The field that tells the sender's clock, in POSIX seconds. */
export const clockField = "clock";

/** A refusal shows this many bytes of another order. */
const maxShownOrderBytes = 32;

/** The fields after the nonce of a hello, by key, in the order of the line. */
export type HelloFields = ReadonlyMap<string, string>;

/** The fields that each server of this version sends. */
export const usualFields: HelloFields = new Map([
  [orderField, reportOrder],
  [attributesField, attributesForm],
]);

/** Whether the sender of a hello with these fields takes attributes. */
export function takesAttributes(fields: HelloFields): boolean {
  return fields.get(attributesField) === attributesForm;
}

/** Printable ASCII: proofs are of ASCII texts. */
const incarnationPattern = /^[!-~]+$/;

/** A key of 1 to 32 characters, and a value of printable ASCII. */
const helloFieldPattern = /^([a-z0-9-]{1,32})=([!-~]+)$/;

/** The first line that a side sends. */
export interface Hello {
  /** The name of the sender. */
  readonly from: string;
  /** The name of the server for which it is meant. */
  readonly to: string;
  /**
   * Generated when a server starts, so that its neighbours can tell a second
   * connection from a restart.
   */
  readonly incarnation: string;
  /** Generated for each connection: 32 hexadecimal digits. */
  readonly nonce: string;
  /** What the sender does; `usualFields` by default. Unknown keys are ignored. */
  readonly fields?: HelloFields;
}

/** Why a handshake failed, with details for operators. */
export interface HandshakeRefusal {
  readonly reason:
    /** The first line is not a handshake. */
    | "not a handshake"
    /** A line is over the limit. */
    | "line too long"
    /** The other side has another version of the peer protocol. */
    | "other version"
    /** A server has dialled itself, or a server with its own name. */
    | "own name"
    /** The hello is meant for another server. */
    | "wrong name"
    /** The sender is not a neighbour. */
    | "stranger"
    /** The sender orders the reports of a client in another way. */
    | "other order"
    /** One side has a secret and the other has none. */
    | "no secret"
    /** No proof was made with a secret of this server. */
    | "wrong secret"
    /** The link in use with this neighbour stays. */
    | "linked already"
    /** The handshake was not finished by the deadline. */
    | "silent"
    /** Too many later connections arrived during the handshake. */
    | "crowded out"
    /** The other side closed before the end of the handshake. */
    | "closed early"
    /** The other side refused this connection. */
    | "refused";
  readonly detail: string;
}

/**
 * Makes the proofs of a text, in hexadecimal digits: one for each valid secret,
 * none if the herd has no secret.
 */
export type Prove = (text: ByteString) => Promise<readonly ByteString[]>;

/** A server's role in a handshake, as spelled in the text that is proved. */
export type HandshakeRole = "dialler" | "acceptor";

/** Formats a hello, without the LF. */
export function formatHello(hello: Hello): ByteString {
  const { fields = usualFields, from, incarnation, nonce, to } = hello;
  const known =
    `HERD ${peerProtocolVersion} ${from} ${to} ${incarnation} ${nonce}`;
  return [known, ...fields.entries().map(([key, value]) => `${key}=${value}`)]
    .join(" ");
}

/** Formats a refusal, without the LF. */
export function formatRefusal(refusal: HandshakeRefusal): ByteString {
  return `NO ${refusal.reason}: ${refusal.detail}`;
}

/**
 * The text that the server in `role` proves: its role, both hellos and, if the
 * connection is encrypted, its binding.
 *
 * @param binding The SHA-256 of the acceptor's certificate; empty without TLS.
 */
export function proofText(
  role: HandshakeRole,
  dialer: Hello,
  acceptor: Hello,
  binding: ByteString,
): ByteString {
  const lines = [role, formatHello(dialer), formatHello(acceptor)];
  if (binding !== "") lines.push(`TLS ${binding}`);
  return lines.map((line) => `${line}\n`).join("");
}

/** Formats the proofs, without the LF. */
export function formatProofs(proofs: readonly ByteString[]): ByteString {
  return `PROOF ${proofs.length === 0 ? "-" : proofs.join(" ")}`;
}

const notAHandshake: HandshakeRefusal = {
  reason: "not a handshake",
  detail: "expected HERD version from to incarnation nonce [key=value...]",
};

/**
 * Parses a hello, and checks that it was sent by one of `neighbours` to the
 * server `self`.
 */
export function checkHello(
  line: ByteString,
  self: { readonly name: string; readonly incarnation: string },
  neighbours: readonly string[],
): Hello | HandshakeRefusal {
  const [verb, version, from, to, incarnation, nonce, ...others] = line
    .split(" ");
  if (verb !== "HERD" || !version) return notAHandshake;
  if (version !== peerProtocolVersion) {
    return {
      reason: "other version",
      detail: `expected version ${peerProtocolVersion}, found ${version}`,
    };
  }
  const isWhole = nonce !== undefined && incarnationPattern.test(incarnation) &&
    /^[0-9a-f]{32}$/.test(nonce);
  if (!isWhole) return notAHandshake;
  const fields = parseHelloFields(others);
  if (fields === undefined) return notAHandshake;
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
  const refusal = checkOrder(from, self.name, fields);
  if (refusal !== undefined) return refusal;
  // The proof covers these bytes, so formatting it must give the same line.
  return { from, to, incarnation, nonce, fields };
}

/** Refuses a server that would keep other reports than this one. */
function checkOrder(
  from: string,
  self: string,
  fields: HelloFields,
): HandshakeRefusal | undefined {
  const order = fields.get(orderField);
  if (order === reportOrder) return undefined;
  const [theirs, older] = order === undefined
    ? ["the clients' times alone", from]
    : [`order=${order.slice(0, maxShownOrderBytes)}`, `${from} or ${self}`];
  return {
    reason: "other order",
    detail: `${from} orders reports by ${theirs}, ${self} by ` +
      `${orderField}=${reportOrder}: upgrade ${older}`,
  };
}

/** Parses the fields after the nonce; undefined if one is invalid. */
function parseHelloFields(texts: readonly string[]): HelloFields | undefined {
  const fields = new Map<string, string>();
  for (const text of texts) {
    const [, key, value] = text.match(helloFieldPattern) ?? [];
    if (key === undefined || fields.has(key)) return undefined;
    fields.set(key, value);
  }
  return fields;
}

/**
 * Parses the answer of the neighbour that was dialled: its hello, or its
 * refusal.
 */
export function checkAnswer(
  line: ByteString,
  self: { readonly name: string; readonly incarnation: string },
  neighbour: string,
): Hello | HandshakeRefusal {
  return refusalIn(line) ?? checkHello(line, self, [neighbour]);
}

/** `-` for a server without a secret, or one proof for each of 1 or 2 secrets. */
const proofPattern = /^PROOF (?:-|[^ -]+(?: [^ -]+)?)$/;

/**
 * Checks that one of the other side's proofs is expected, so that it knows a
 * secret of this server. Undefined if it does.
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
  const hasNoSecret = proofs[0] === "-";
  if (hasNoSecret && expected.length === 0) return undefined;
  if (hasNoSecret) {
    return { reason: "no secret", detail: "this server has one, yours none" };
  }
  if (expected.length === 0) {
    return { reason: "no secret", detail: "your server has one, this none" };
  }
  // All pairs are compared to the end, so that timing reveals nothing.
  let matches = 0;
  for (const proof of proofs) {
    for (const other of expected) matches += isSame(proof, other);
  }
  return matches > 0 ? undefined : {
    reason: "wrong secret",
    detail: "the two servers have no secret in common",
  };
}

/** Whether the result of a handshake is a refusal. */
export function isRefusal(result: object): result is HandshakeRefusal {
  return "reason" in result;
}

function refusalIn(line: ByteString): HandshakeRefusal | undefined {
  return line.startsWith("NO ")
    ? { reason: "refused", detail: line.slice(3) }
    : undefined;
}

/** 1 if two texts are equal, 0 if not, in constant time. */
function isSame(one: ByteString, other: ByteString): number {
  let difference = one.length ^ other.length;
  for (let index = 0; index < other.length; index++) {
    // After the end of `one` this is NaN, which counts as 0.
    difference |= one.charCodeAt(index) ^ other.charCodeAt(index);
  }
  return difference === 0 ? 1 : 0;
}
