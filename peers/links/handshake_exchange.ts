/**
 * The order of the lines in a handshake, for the dialer and for the acceptor.
 * The lines themselves are in `handshake.ts`.
 *
 * @module
 */
import {
  checkAnswer,
  checkHello,
  checkProofs,
  formatHello,
  formatProofs,
  type HandshakeRefusal,
  type HandshakeRole,
  type Hello,
  type HelloFields,
  isRefusal,
  proofText,
  type Prove,
  usualFields,
} from "./handshake.ts";
import type { HandshakeConnection } from "./handshake_connection.ts";

/** What `HandshakeExchange` needs. */
export interface HandshakeOptions {
  readonly name: string;
  /** Generated when the server starts: any text without white space. */
  readonly incarnation: string;
  /** Makes an unpredictable nonce of 32 hexadecimal digits. */
  readonly nonce: () => string;
  /** Proves that this server knows the herd's secret. */
  readonly prove: Prove;
  /** More fields after the nonce of its hellos; none by default. */
  readonly helloFields?: () => HelloFields;
}

/** Runs the handshakes of one server. */
export class HandshakeExchange {
  readonly #options: HandshakeOptions;

  constructor(options: HandshakeOptions) {
    this.#options = options;
  }

  /** Runs a handshake on a connection that was dialled to a neighbour. */
  async runAsDialer(
    handshake: HandshakeConnection,
    neighbour: string,
  ): Promise<Hello | HandshakeRefusal> {
    const ours = this.#helloTo(neighbour);
    await handshake.send(formatHello(ours));
    const answer = await handshake.receive();
    if (typeof answer !== "string") return answer;
    if (answer === formatHello(ours)) return connectedToItself(neighbour);
    const theirs = checkAnswer(answer, this.#options, neighbour);
    if (isRefusal(theirs)) return theirs;
    const binding = await handshake.channelBinding();
    if (binding === undefined) return handshake.closedEarly();
    const text = (role: HandshakeRole) =>
      proofText(role, ours, theirs, binding);
    await handshake.send(await this.#proofs(text("dialler")));
    const proofs = await handshake.receive();
    if (typeof proofs !== "string") return proofs;
    const expected = await this.#options.prove(text("acceptor"));
    return checkProofs(proofs, expected) ?? theirs;
  }

  /**
   * Runs a handshake on an accepted connection.
   *
   * @param refuseSecond Returns a refusal if the neighbour's link in use stays.
   * Called before the proofs, to refuse early, and after them, as another
   * connection may have become a link in the meantime.
   */
  async runAsAcceptor(
    handshake: HandshakeConnection,
    neighbours: readonly string[],
    refuseSecond: (hello: Hello) => HandshakeRefusal | undefined,
  ): Promise<Hello | HandshakeRefusal> {
    const hello = await handshake.receive();
    if (typeof hello !== "string") return hello;
    const theirs = checkHello(hello, this.#options, neighbours);
    if (isRefusal(theirs)) return theirs;
    const early = refuseSecond(theirs);
    if (early !== undefined) return early;
    const ours = this.#helloTo(theirs.from);
    await handshake.send(formatHello(ours));
    const proofs = await handshake.receive();
    if (typeof proofs !== "string") return proofs;
    const binding = await handshake.channelBinding();
    if (binding === undefined) return handshake.closedEarly();
    const text = (role: HandshakeRole) =>
      proofText(role, theirs, ours, binding);
    const expected = await this.#options.prove(text("dialler"));
    const proof = await this.#proofs(text("acceptor"));
    const refusal = checkProofs(proofs, expected) ?? refuseSecond(theirs);
    if (refusal !== undefined) return refusal;
    // A broken connection must not replace the link in use.
    return await handshake.send(proof) ? theirs : handshake.closedEarly();
  }

  #helloTo(to: string): Hello {
    const { helloFields, incarnation, name, nonce } = this.#options;
    const fields = new Map([...usualFields, ...helloFields?.() ?? []]);
    return { from: name, to, incarnation, nonce: nonce(), fields };
  }

  async #proofs(text: string): Promise<string> {
    return formatProofs(await this.#options.prove(text));
  }
}

/**
 * The refusal for a connection that leads back to its own end. If nothing
 * listens on a port of this host, the system may choose the same port for the
 * dialling end, and TCP connects the end to itself.
 */
function connectedToItself(neighbour: string): HandshakeRefusal {
  return {
    reason: "own name",
    detail: `the connection leads to its own end, as nothing listens on ` +
      `${neighbour}'s port yet; a port below 32768 prevents this`,
  };
}
