/**
 * TLS on top of any transport. The protocol is node:tls's: of what the runtime
 * offers it alone says which certificate the other side has shown, and takes a
 * new one for the connections to come.
 *
 * @module
 */
import { connect, TLSSocket } from "node:tls";
import { type Credentials, hexadecimal } from "./certificates.ts";
import { setImmediate } from "node:timers";
import type { Clock } from "./clock.ts";
import {
  EncryptionError,
  isConnectionEnd,
  type Transport,
} from "./transport.ts";
import { TransportStream } from "./transport_stream.ts";

/** Who connects has made its handshake in this time, in milliseconds, or goes. */
export const tlsHandshakeTimeoutMs = 10_000;

/**
 * Most bytes of one write: a large one that is on its way in parts shows that
 * the other side goes on reading.
 */
const maxWriteBytes = 64 * 1024;

/** Encrypts a connection that came in. The handshake goes on behind this. */
export function acceptSecurely(
  transport: Transport,
  credentials: Credentials,
  clock: Clock,
): SecureTransport {
  const stream = new TransportStream(transport);
  const options = { isServer: true, secureContext: credentials.context };
  const socket = new TLSSocket(stream, options);
  return new SecureTransport(
    stream,
    socket,
    "secure",
    () => credentials.fingerprint,
    clock,
  );
}

/**
 * Encrypts a connection that we have made. The other side's certificate must
 * be valid for `hostname`, and have been issued by the authority.
 *
 * @param authority One or more certificates in PEM; no others are trusted.
 */
export function connectSecurely(
  transport: Transport,
  hostname: string,
  authority: string,
  clock: Clock,
): SecureTransport {
  const stream = new TransportStream(transport);
  const socket = connect({
    socket: stream,
    host: hostname,
    ca: authority,
    // An environment variable can change what is usual.
    rejectUnauthorized: true,
  });
  return new SecureTransport(
    stream,
    socket,
    "secureConnect",
    () => hexadecimal(socket.getPeerCertificate().fingerprint256),
    clock,
  );
}

/** An encrypted connection. */
export class SecureTransport implements Transport {
  readonly #stream: TransportStream;
  readonly #socket: TLSSocket;
  readonly #fingerprint: () => string;
  readonly #established = Promise.withResolvers<void>();
  readonly #cancelDeadline: () => void;
  #isEstablished = false;
  /** The other side has said its last. */
  #hasEnded = false;
  /** The network has nothing more; there may be something to be read yet. */
  #isTruncated = false;
  #fault: unknown;
  /** What was read and did not fit the reader's buffer. */
  #rest: Uint8Array = new Uint8Array();
  #wake: (() => void) | undefined;

  /** For `acceptSecurely` and `connectSecurely`. */
  constructor(
    stream: TransportStream,
    socket: TLSSocket,
    event: "secure" | "secureConnect",
    fingerprint: () => string,
    clock: Clock,
  ) {
    this.#stream = stream;
    this.#socket = socket;
    this.#fingerprint = fingerprint;
    this.#cancelDeadline = clock.after(tlsHandshakeTimeoutMs, () => {
      const message = `no TLS handshake in ${tlsHandshakeTimeoutMs} ms`;
      this.#fail(new EncryptionError(message));
    });
    // Who waits for it hears of a failure; nobody has to.
    this.#established.promise.catch(() => {});
    socket.on(event, () => this.#establish());
    socket.on("readable", () => this.#wakeReader());
    socket.on("end", () => {
      this.#hasEnded = true;
      this.#wakeReader();
    });
    stream.onTruncated = () => {
      this.#isTruncated = true;
      if (this.#isEstablished) this.#wakeReader();
      else this.#fail(new EncryptionError("closed within the TLS handshake"));
    };
    socket.on("error", (error) => this.#fail(this.#explain(error)));
    socket.on("close", () => {
      this.#fail(new Deno.errors.ConnectionReset("the connection has closed"));
    });
  }

  /**
   * Resolves when the handshake is done. Rejects with an EncryptionError that
   * says in one line why it failed, or with the error of the connection.
   */
  get established(): Promise<void> {
    return this.#established.promise;
  }

  /**
   * What ties a proof to this session: the SHA-256 of the certificate that the
   * accepting side has shown in it, as 64 hexadecimal digits. Who stands in
   * between cannot show the same one, as he has not its key.
   */
  async channelBinding(): Promise<string> {
    await this.#established.promise;
    return this.#fingerprint();
  }

  async read(target: Uint8Array): Promise<number | null> {
    while (true) {
      if (this.#rest.length === 0) {
        const chunk: Uint8Array | null = this.#socket.read();
        if (chunk !== null) this.#rest = chunk;
      }
      if (this.#rest.length > 0) {
        const part = this.#rest.subarray(0, target.length);
        target.set(part);
        this.#rest = this.#rest.subarray(part.length);
        return part.length;
      }
      if (this.#hasEnded) return null;
      if (this.#fault !== undefined) throw this.#fault;
      if (this.#isTruncated) return await this.#readEnd();
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  get wasTruncated(): boolean {
    return this.#isTruncated && !this.#hasEnded;
  }

  write(bytes: Uint8Array): Promise<number> {
    const part = bytes.subarray(0, maxWriteBytes);
    return new Promise((resolve, reject) => {
      if (this.#fault !== undefined) return reject(this.#fault);
      this.#socket.write(part, (error) => {
        // What waits when the socket is closed is called back without an error.
        const fault = this.#fault ?? error;
        if (fault) reject(fault);
        else resolve(part.length);
      });
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#fault !== undefined) return reject(this.#fault);
      this.#socket.once("close", () => reject(this.#fault));
      this.#socket.end(resolve);
    });
  }

  close(): void {
    this.#fail(new Deno.errors.BadResource("closed"));
  }

  /** Everything was read: gives the other side's last word a turn to come. */
  async #readEnd(): Promise<null> {
    if (!this.#hasEnded) await new Promise((resolve) => setImmediate(resolve));
    return null;
  }

  #establish(): void {
    this.#isEstablished = true;
    this.#cancelDeadline();
    this.#established.resolve();
  }

  /** The first fault is the one that counts. */
  #fail(fault: unknown): void {
    this.#fault ??= fault;
    this.#cancelDeadline();
    this.#established.reject(this.#fault);
    this.#socket.destroy();
    this.#stream.destroy();
    this.#wakeReader();
  }

  #wakeReader(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** An error of the connection as it is, one of TLS in one line. */
  #explain(error: Error & { code?: unknown }): Error {
    const isOfTls = !this.#isEstablished ||
      /^ERR_(SSL|TLS)/.test(`${error.code}`);
    if (!isOfTls || isConnectionEnd(error)) return error;
    if (/InvalidContentType|wrong version/.test(error.message)) {
      return new EncryptionError("expected TLS, found something else");
    }
    if (error.code === "UNABLE_TO_VERIFY_LEAF_SIGNATURE") {
      return new EncryptionError(
        "TLS: the certificate is not of the authority, or not valid today",
      );
    }
    return new EncryptionError(`TLS: ${error.message.replace(/\s+/g, " ")}`);
  }
}
