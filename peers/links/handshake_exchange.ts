/**
 * Shakes hands with neighbours, on connections that they dialled and on those
 * that we did. What is said is in `handshake.ts`; this is who says it when.
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
  isRefusal,
  proofText,
  type Prove,
} from "./handshake.ts";
import type { HandshakeConnection } from "./handshake_connection.ts";

/** Who we are, and how we prove it. */
export interface HandshakeOptions {
  readonly name: string;
  /** Made up anew for this run of the server: any text without white space. */
  readonly incarnation: string;
  /** Makes a nonce: 32 hexadecimal digits that nobody can foresee. */
  readonly nonce: () => string;
  /** Proves that this server knows the herd's secret. */
  readonly prove: Prove;
}

/** One server's part in handshakes. */
export class HandshakeExchange {
  readonly #options: HandshakeOptions;

  constructor(options: HandshakeOptions) {
    this.#options = options;
  }

  /** On a connection that we dialled to a neighbour. */
  async runAsDialler(
    handshake: HandshakeConnection,
    neighbour: string,
  ): Promise<Hello | HandshakeRefusal> {
    const ours = this.#helloTo(neighbour);
    await handshake.send(formatHello(ours));
    const answer = await handshake.receive();
    if (typeof answer !== "string") return answer;
    const theirs = checkAnswer(answer, this.#options, neighbour);
    if (isRefusal(theirs)) return theirs;
    const binding = await handshake.channelBinding();
    if (binding === undefined) return handshake.closedEarly();
    const text = (part: HandshakeRole) =>
      proofText(part, ours, theirs, binding);
    await handshake.send(await this.#proofs(text("dialler")));
    const proofs = await handshake.receive();
    if (typeof proofs !== "string") return proofs;
    const expected = await this.#options.prove(text("acceptor"));
    return checkProofs(proofs, expected) ?? theirs;
  }

  /**
   * On a connection that somebody dialled to us.
   *
   * @param refuseSecond Why a neighbour's connection is one too many; undefined
   * if it is not. Asked before the proofs, so as to say so early, and behind
   * them, because another connection may have been faster.
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
    const text = (part: HandshakeRole) =>
      proofText(part, theirs, ours, binding);
    const expected = await this.#options.prove(text("dialler"));
    const proof = await this.#proofs(text("acceptor"));
    const refusal = checkProofs(proofs, expected) ?? refuseSecond(theirs);
    if (refusal !== undefined) return refusal;
    // A link in use must not give way to a connection that is gone.
    return await handshake.send(proof) ? theirs : handshake.closedEarly();
  }

  #helloTo(to: string): Hello {
    const { incarnation, name, nonce } = this.#options;
    return { from: name, to, incarnation, nonce: nonce() };
  }

  async #proofs(text: string): Promise<string> {
    return formatProofs(await this.#options.prove(text));
  }
}
