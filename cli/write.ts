/**
 * Writes to stdout and stderr as they are: a pipe that another program has made
 * non-blocking takes nothing while it is full.
 *
 * @module
 */

/** What is not blocking and full is tried again after this time. */
const tryAgainMs = 10;

/** A stream that takes some of the bytes: `Deno.stdout`, `Deno.stderr`. */
interface SyncStream {
  writeSync(bytes: Uint8Array): number;
}

/**
 * Writes a text and a LF, all of it before it returns.
 *
 * @throws {Error} What the system says, if that cannot be.
 */
export function writeLine(stream: SyncStream, text: string): void {
  const bytes = new TextEncoder().encode(`${text}\n`);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += stream.writeSync(bytes.subarray(written));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      // As a stream that blocks would, this lets nothing else happen.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, tryAgainMs);
    }
  }
}

/** Writes bytes; others get their turn meanwhile. Throws as `writeLine`. */
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
 * Writes a line on stderr, for a person. If that cannot be, nothing happens:
 * there is nobody to be told, and no reason to end for that.
 */
export function note(text: string): void {
  try {
    writeLine(Deno.stderr, text);
  } catch {
    // `console.error` would throw where the disk is full.
  }
}
