/**
 * TLS on top of any transport. It uses node:tls, which is the runtime's only
 * implementation that gives the other side's certificate and accepts a new one
 * for new connections.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { connect, createServer, TLSSocket } from "node:tls";
import { type Credentials, hexadecimal } from "./certificates.ts";
import type { ClientTrust } from "./client_authority.ts";
import { setImmediate } from "node:timers";
import type { Clock } from "./clock.ts";
import {
  EncryptionError,
  isConnectionEnd,
  type PeerCertificate,
  type Transport,
} from "./transport.ts";
import { TransportStream } from "./transport_stream.ts";

/** A TLS handshake fails after this time, in milliseconds. */
export const tlsHandshakeTimeoutMs = 10_000;

/**
 * Most bytes of one write. With large writes in parts, the caller sees that the
 * other side continues to read.
 */
const maxWriteBytes = 64 * 1024;

/** Encrypts an accepted connection. The handshake runs in the background. */
export function acceptSecurely(
  transport: Transport,
  credentials: Pick<Credentials, "context" | "fingerprint">,
  clock: Clock,
): SecureTransport {
  const stream = new TransportStream(transport);
  const options = { isServer: true, secureContext: credentials.context };
  const secure = new SecureTransport(
    stream,
    () => credentials.fingerprint,
    clock,
  );
  secure.attach(new TLSSocket(stream, options), "secure");
  return secure;
}

/**
 * The same for a client that has to present a certificate which the authority
 * has issued for clients. The handshake fails without one.
 *
 * @param trust The certificates of the authority. No others are trusted.
 */
export function acceptVerified(
  transport: Transport,
  credentials: Credentials,
  trust: ClientTrust,
  clock: Clock,
): VerifiedTransport {
  const stream = new TransportStream(transport);
  const secure = new VerifiedTransport(
    stream,
    () => credentials.fingerprint,
    clock,
  );
  // Only a server that is handed the connection checks the certificate: a
  // TLSSocket of one's own accepts any, also with `rejectUnauthorized`.
  const server = createServer(credentials.requiringCertificates(trust.pem));
  server.on("secureConnection", (socket) => {
    if (isTrusted(socket, trust)) return secure.attach(socket, undefined);
    secure.refuse(
      new Error("the resumed session began without a trusted certificate"),
      false,
    );
  });
  server.on("tlsClientError", (error, socket) => {
    secure.refuse(error, Boolean(socket?.authorizationError));
  });
  server.emit("connection", stream);
  return secure;
}

/** Whether the certificate of a client was checked, now or for its session. */
function isTrusted(socket: TLSSocket, trust: ClientTrust): boolean {
  const { raw } = socket.getPeerCertificate();
  if (socket.isSessionReused()) return trust.mayResume(raw);
  trust.remember(raw);
  return true;
}

/**
 * Encrypts a connection that was made to `hostname`. The other side's
 * certificate must be valid for that host and issued by the authority.
 *
 * @param authority One or more certificates in PEM. No others are trusted.
 * @param credentials Presented to a server that requests a certificate.
 */
export function connectSecurely(
  transport: Transport,
  hostname: string,
  authority: string,
  clock: Clock,
  credentials?: Credentials,
): SecureTransport {
  const stream = new TransportStream(transport);
  const socket = connect({
    socket: stream,
    host: hostname,
    ca: authority,
    ...credentials?.forClient(),
    // An environment variable can change the default.
    rejectUnauthorized: true,
  });
  const secure = new SecureTransport(
    stream,
    () => hexadecimal(socket.getPeerCertificate().fingerprint256),
    clock,
  );
  secure.attach(socket, "secureConnect");
  return secure;
}

/** An encrypted connection. */
export class SecureTransport implements Transport {
  readonly #stream: TransportStream;
  #socket: TLSSocket | undefined;
  readonly #fingerprint: () => string;
  readonly #established = Promise.withResolvers<void>();
  readonly #cancelDeadline: () => void;
  #isEstablished = false;
  /** Whether the other side has ended its stream with close_notify. */
  #hasEnded = false;
  /** Whether the network's stream has ended. Decrypted bytes may be unread. */
  #isTruncated = false;
  #fault: unknown;
  /** Bytes that did not fit into the reader's buffer. */
  #rest: Uint8Array = new Uint8Array();
  #wake: (() => void) | undefined;

  /** Only for the functions above. */
  constructor(
    stream: TransportStream,
    fingerprint: () => string,
    clock: Clock,
  ) {
    this.#stream = stream;
    this.#fingerprint = fingerprint;
    this.#cancelDeadline = clock.after(tlsHandshakeTimeoutMs, () => {
      const message = `no TLS handshake in ${tlsHandshakeTimeoutMs} ms`;
      this.#fail(new EncryptionError(message));
    });
    // Prevents an unhandled rejection if nothing waits for `established`.
    this.#established.promise.catch(() => {});
    stream.onTruncated = () => {
      this.#isTruncated = true;
      if (this.#isEstablished) this.#wakeReader();
      else this.#fail(new EncryptionError("closed during the TLS handshake"));
    };
  }

  /**
   * Uses a socket on the stream.
   *
   * @param event Means that the handshake is complete; undefined if it is.
   */
  attach(
    socket: TLSSocket,
    event: "secure" | "secureConnect" | undefined,
  ): void {
    this.#socket = socket;
    socket.on("readable", () => this.#wakeReader());
    socket.on("end", () => {
      this.#hasEnded = true;
      this.#wakeReader();
    });
    socket.on("error", (error) => this.#fail(this.#explain(error)));
    socket.on("close", () => {
      this.#fail(new Deno.errors.ConnectionReset("the connection has closed"));
    });
    if (event === undefined) this.#establish();
    else socket.on(event, () => this.#establish());
  }

  /**
   * Ends a handshake that has failed.
   *
   * @param isOfCertificate Whether the client's certificate is not accepted.
   */
  refuse(error: Error, isOfCertificate: boolean): void {
    this.#fail(
      isOfCertificate
        ? new EncryptionError(
          "TLS: the client's certificate was not issued by the authority, is " +
            "not for clients, or is not valid today",
        )
        : this.#explain(error),
    );
  }

  /**
   * Resolves when the handshake is complete. Rejects with an EncryptionError
   * with the reason in one line, or with the error of the connection.
   */
  get established(): Promise<void> {
    return this.#established.promise;
  }

  /**
   * The SHA-256 of the accepting side's certificate, as 64 hexadecimal digits.
   * It binds a proof to this connection: a machine in the middle cannot use the
   * same certificate, as it does not have its key.
   */
  async channelBinding(): Promise<string> {
    await this.#established.promise;
    return this.#fingerprint();
  }

  async read(target: Uint8Array): Promise<number | null> {
    while (true) {
      if (this.#rest.length === 0) {
        const chunk: Uint8Array | null = this.#socket?.read() ?? null;
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
      this.#attached.write(part, (error) => {
        // A pending write ends without an error when the socket closes.
        const fault = this.#fault ?? error;
        if (fault) reject(fault);
        else resolve(part.length);
      });
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#fault !== undefined) return reject(this.#fault);
      this.#attached.once("close", () => reject(this.#fault));
      this.#attached.end(resolve);
    });
  }

  close(): void {
    this.#fail(new Deno.errors.BadResource("closed"));
  }

  /** The socket; a verified one exists only after the handshake. */
  get #attached(): TLSSocket {
    if (this.#socket !== undefined) return this.#socket;
    throw new Deno.errors.NotConnected("the handshake is not complete");
  }

  /** Ends reading after a turn of the event loop, for a close_notify. */
  async #readEnd(): Promise<null> {
    if (!this.#hasEnded) await new Promise((resolve) => setImmediate(resolve));
    return null;
  }

  #establish(): void {
    this.#isEstablished = true;
    this.#cancelDeadline();
    this.#established.resolve();
  }

  /** Fails all pending and future calls. Only the first fault counts. */
  #fail(fault: unknown): void {
    this.#fault ??= fault;
    this.#cancelDeadline();
    this.#established.reject(this.#fault);
    this.#socket?.destroy();
    this.#stream.destroy();
    this.#wakeReader();
  }

  #wakeReader(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** An error of TLS in one line; other errors unchanged. */
  #explain(error: Error & { code?: unknown }): Error {
    const isOfTls = !this.#isEstablished ||
      /^ERR_(SSL|TLS)/.test(`${error.code}`);
    if (!isOfTls || isConnectionEnd(error)) return error;
    if (/InvalidContentType|wrong version/.test(error.message)) {
      return new EncryptionError("expected TLS, found something else");
    }
    if (error.code === "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED") {
      return new EncryptionError(
        "TLS: the server requires a client certificate",
      );
    }
    if (error.code === "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE") {
      return new EncryptionError("TLS: the client has sent no certificate");
    }
    if (error.code === "UNABLE_TO_VERIFY_LEAF_SIGNATURE") {
      return new EncryptionError(
        "TLS: the certificate was not issued by the authority, or is not valid today",
      );
    }
    return new EncryptionError(`TLS: ${error.message.replace(/\s+/g, " ")}`);
  }
}

/** An encrypted connection of a client whose certificate was verified. */
export class VerifiedTransport extends SecureTransport {
  #socket: TLSSocket | undefined;

  override attach(
    socket: TLSSocket,
    event: "secure" | "secureConnect" | undefined,
  ): void {
    this.#socket = socket;
    super.attach(socket, event);
  }

  async peerCertificate(): Promise<PeerCertificate> {
    await this.established;
    const { raw, valid_to } = this.#socket!.getPeerCertificate();
    return {
      der: new Uint8Array(Buffer.from(raw)),
      validUntilSeconds: Date.parse(valid_to) / 1000,
    };
  }
}
