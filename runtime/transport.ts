/**
 * What sessions and links need of a connection, with functions to write and
 * close it. `Deno.Conn` is a Transport; tests use others.
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
  encodeBytes,
} from "../protocol/bytes.ts";
import type { Timestamp } from "../protocol/time.ts";
import type { Clock } from "./clock.ts";

/** A duplex stream of bytes. */
export interface Transport extends ByteSink {
  /** Reads at least one byte into `target`; null at the end of the stream. */
  read(target: Uint8Array): Promise<number | null>;
  /** Ends this side's stream. The other side can still send. */
  closeWrite(): Promise<void>;
  /**
   * Ends both sides and frees the descriptor. Throws if it was closed before.
   */
  close(): void;
  /** If the transport is encrypted: a value that binds proofs to it. */
  channelBinding?(): Promise<ByteString>;
  /**
   * If the other side has to present a certificate: this one, which was
   * verified. Rejects with an EncryptionError if there is none. Must be called
   * before the first write.
   */
  peerCertificate?(): Promise<PeerCertificate>;
  /**
   * If the transport is encrypted: whether the stream has ended without
   * close_notify. Bytes at its end may be missing.
   */
  readonly wasTruncated?: boolean;
}

/** A certificate of the other side. */
export interface PeerCertificate {
  readonly der: Uint8Array;
  /** When it expires, in POSIX seconds; NaN if that is not known. */
  readonly validUntilSeconds: number;
}

/** The other side does not use TLS, or its handshake has failed. */
export class EncryptionError extends Error {
  /** Always `EncryptionError`. */
  override readonly name = "EncryptionError";
}

/** Receives a connection's traffic for the log. */
export interface TrafficLog {
  /**
   * Sets the time of the lines that follow. Must be called before the first
   * line of a chunk, and after every wait.
   */
  stampTime(now: Timestamp): void;
  /** Logs a line that was received, without its LF. */
  received(bytes: Uint8Array, start: number, end: number): void;
  /** Logs a reply or a line that is sent, without its last LF. */
  sent(bytes: Uint8Array, start: number, end: number): void;
  /**
   * Undefined while there is room. Otherwise resolves when there may be room
   * again.
   *
   * @param isLong Whether much will be logged. Then the wait begins earlier.
   */
  whenDrained(isLong?: boolean): Promise<void> | undefined;
}

/** Buffer size of an idle connection, in bytes: enough for a typical report. */
const idleBufferBytes = 128;

/** Largest buffer of a busy connection while memory is short, in bytes. */
const modestBufferBytes = 2 * 1024;

/** Largest buffer of a busy connection, in bytes. */
const busyBufferBytes = 64 * 1024;

/** Factor by which a buffer grows when a read has filled it. */
const growth = 4;

/** After this many small reads in a row the buffer becomes small again. */
const maxSmallReads = 64;

/**
 * The buffer for the reads of a connection. It grows with the traffic. Read
 * into `buffer`, then call `noteRead` with the number of bytes.
 */
export class ReadBuffer {
  #buffer: Uint8Array = allocateBuffer(idleBufferBytes);
  #smallReads = 0;

  /** The buffer for the next read. Its bytes do not change until then. */
  get buffer(): Uint8Array {
    return this.#buffer;
  }

  /** The memory of the buffer beyond that of an idle connection, in bytes. */
  get extraBytes(): number {
    return this.#buffer.length - idleBufferBytes;
  }

  /**
   * Adapts the buffer's size to the number of bytes that a read gave.
   *
   * @param hasRoom Whether there is memory for a large buffer.
   */
  noteRead(count: number, hasRoom = true): void {
    const { length } = this.#buffer;
    if (count === length) {
      this.#smallReads = 0;
      const most = hasRoom ? busyBufferBytes : modestBufferBytes;
      if (length < most) {
        this.#buffer = allocateBuffer(Math.min(length * growth, most));
      }
    } else if (length > idleBufferBytes && count <= idleBufferBytes) {
      this.#smallReads += 1;
      if (this.#smallReads < maxSmallReads) return;
      this.#smallReads = 0;
      this.#buffer = allocateBuffer(idleBufferBytes);
    } else {
      this.#smallReads = 0;
    }
  }
}

/** A transport, a file or stdout. */
export interface ByteSink {
  /** Writes some of the bytes, at least one; returns how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Writes a whole byte string. */
export function writeAll(sink: ByteSink, text: ByteString): Promise<void> {
  return writeAllBytes(sink, encodeBytes(text));
}

/** Writes all bytes, with as many calls of `write` as necessary. */
export async function writeAllBytes(
  sink: ByteSink,
  bytes: Uint8Array,
): Promise<void> {
  let written = await sink.write(bytes);
  while (written < bytes.length) {
    written += await sink.write(bytes.subarray(written));
  }
}

/** Most bytes of one read whose content is discarded. */
const discardBytes = 1024;

/**
 * Closes a connection whose other side may still be sending. If it were closed
 * at once, the kernel would reset it because of unread bytes, and the other
 * side could lose the last reply. So this side ends its stream first, and
 * discards what it receives until the other side ends or `lingerMs` have
 * passed.
 *
 * @param reading Resolves when a pending read has ended; never rejects.
 */
export async function lingerAndClose(
  transport: Transport,
  clock: Clock,
  lingerMs: number,
  reading?: Promise<unknown>,
): Promise<void> {
  const cancel = clock.after(lingerMs, () => closeQuietly(transport));
  const discarded = new Uint8Array(discardBytes);
  try {
    await transport.closeWrite();
    await reading;
    while (await transport.read(discarded) !== null);
  } catch {
    // The connection was to end anyway.
  } finally {
    cancel();
    closeQuietly(transport);
  }
}

/** Closes a transport, unless it is closed. */
export function closeQuietly(transport: { close(): void }): void {
  try {
    transport.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/**
 * An error of a connection as text for the log; empty if the error only means
 * that the connection has ended.
 */
export function describeFault(error: unknown): string {
  if (error instanceof EncryptionError) return error.message;
  return isConnectionEnd(error) ? "" : String(error);
}

/** Whether an error only means that either side has ended the connection. */
export function isConnectionEnd(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.UnexpectedEof ||
    error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.BadResource;
}
