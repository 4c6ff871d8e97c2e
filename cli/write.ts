/**
 * Writes to stdout and stderr. If another program has made their pipe
 * non-blocking, a write fails while the pipe is full, and is tried again.
 *
 * @module
 */

/** A write to a full pipe is tried again after this time, in milliseconds. */
const tryAgainMs = 10;

/** A stream such as `Deno.stdout`. Writes some of the bytes; returns how many. */
interface SyncStream {
  writeSync(bytes: Uint8Array): number;
}

/**
 * Writes a text and a LF. Returns when all is written.
 *
 * @throws {Error} If a write fails, other than on a full pipe.
 */
export function writeLine(stream: SyncStream, text: string): void {
  const bytes = new TextEncoder().encode(`${text}\n`);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += stream.writeSync(bytes.subarray(written));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      // Blocks the thread, as a write to a blocking pipe does.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, tryAgainMs);
    }
  }
}

/** Writes bytes without blocking the thread. Throws as `writeLine` does. */
export async function writeBytes(
  stream: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    try {
      written += await stream.write(bytes.subarray(written));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      await new Promise((resolve) => setTimeout(resolve, tryAgainMs));
    }
  }
}

/**
 * Writes a line on stderr. Errors are ignored: the program continues, and has
 * no other place to report them.
 */
export function note(text: string): void {
  try {
    writeLine(Deno.stderr, text);
  } catch {
    // `console.error` would throw on a full disk.
  }
}
