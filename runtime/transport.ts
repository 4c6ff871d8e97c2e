/**
 * The narrow waist to the network: what sessions and links need of a
 * connection, and the two loops that everybody would otherwise write again.
 * `Deno.Conn` is a Transport as it stands; tests bring their own.
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
  /** Ends this side's stream; the other side's goes on. */
  closeWrite(): Promise<void>;
  /** Ends both and frees the descriptor. Throws if it was closed already. */
  close(): void;
  /**
   * Where the stream is encrypted: what is so only in this session, for who
   * proves something in it.
   */
  channelBinding?(): Promise<ByteString>;
  /**
   * Where the stream is encrypted: whether it has ended without the other side
   * saying so. Somebody on the way may have cut off what came last.
   */
  readonly wasTruncated?: boolean;
}

/** The other side did not speak TLS, or not as it should. */
export class EncryptionError extends Error {
  /** Always `EncryptionError`. */
  override readonly name = "EncryptionError";
}

/** What a connection's traffic is told to: the log. */
export interface TrafficLog {
  /**
   * What follows happens at this time. To be called before the first line of a
   * chunk, and after every wait: the lines until then share it.
   */
  stampTime(now: Timestamp): void;
  /** A line came in: these bytes, without the LF. */
  received(bytes: Uint8Array, start: number, end: number): void;
  /** A reply or a line goes out, without the last LF. */
  sent(bytes: Uint8Array, start: number, end: number): void;
  /** Undefined while there is room; otherwise when there is room again. */
  whenDrained(): Promise<void> | undefined;
}

/**
 * An idle connection holds a buffer of this size, in bytes: a report of usual
 * length fits.
 */
const idleBufferBytes = 128;

/** A busy connection reads at most this much at a time, in bytes. */
const busyBufferBytes = 64 * 1024;

/** How much larger a buffer gets when a read has filled it. */
const growth = 4;

/** So many reads in a row that need no large buffer make it small again. */
const maxSmallReads = 64;

/**
 * The buffer that a connection is read into: small until traffic shows. The one
 * to read into next is `buffer`; what a read gave is told to `noteRead`.
 */
export class ReadBuffer {
  #buffer: Uint8Array = allocateBuffer(idleBufferBytes);
  #smallReads = 0;

  /** What to read into. Stays as it is until the next read into it. */
  get buffer(): Uint8Array {
    return this.#buffer;
  }

  /** A read gave so many bytes: the next buffer may be larger, or smaller. */
  noteRead(count: number): void {
    const { length } = this.#buffer;
    if (count === length) {
      this.#smallReads = 0;
      if (length < busyBufferBytes) {
        this.#buffer = allocateBuffer(
          Math.min(length * growth, busyBufferBytes),
        );
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

/** Something that bytes can be written to: a transport, a file, stdout. */
export interface ByteSink {
  /** Writes some of the bytes, at least one; returns how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Writes all of a byte string. */
export function writeAll(sink: ByteSink, text: ByteString): Promise<void> {
  return writeAllBytes(sink, encodeBytes(text));
}

/**
 * Writes all the bytes: a single `write` may take only a part. Where the sink
 * takes everything, which is the rule, it is one write.
 */
export async function writeAllBytes(
  sink: ByteSink,
  bytes: Uint8Array,
): Promise<void> {
  let written = await sink.write(bytes);
  while (written < bytes.length) {
    written += await sink.write(bytes.subarray(written));
  }
}

/** What is thrown away is read so much at a time, in bytes. */
const discardBytes = 1024;

/**
 * Ends a connection whose other side may still be sending. Closing at once
 * would make the kernel answer what is unread with a reset, which can destroy
 * our last words before they are read; so our side ends first, and what still
 * comes in is thrown away for a while.
 *
 * @param reading When a read that is under way ends; never rejects.
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
    // However it broke: it was to end anyway.
  } finally {
    cancel();
    closeQuietly(transport);
  }
}

/** Closes a transport that may be closed already. */
export function closeQuietly(transport: { close(): void }): void {
  try {
    transport.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/**
 * What an error of a connection has to say that is worth a place in the log.
 * Empty for those that only mean that the other side, or we ourselves, ended
 * it.
 */
export function describeFault(error: unknown): string {
  if (error instanceof EncryptionError) return error.message;
  return isConnectionEnd(error) ? "" : String(error);
}

/** Whether an error only means that the connection has ended. */
export function isConnectionEnd(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.UnexpectedEof ||
    error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.BadResource;
}
