/**
 * Prints to stdout. `console.log` does not report that the reader of stdout has
 * closed its end, and a full disk ends it in a stack trace.
 *
 * @module
 */
import { OutputClosedError, setupError } from "./exit.ts";
import { writeBytes, writeLine } from "./write.ts";

/**
 * Prints a text and a LF. Returns when all is written.
 *
 * @throws {OutputClosedError} If the reader of stdout has closed its end.
 * @throws {SetupError} If stdout cannot be written, such as on a full disk.
 */
export function print(text = ""): void {
  try {
    writeLine(Deno.stdout, text);
  } catch (error) {
    throw whyNot(error);
  }
}

/** Prints bytes unchanged, without blocking the thread. Throws as `print`. */
export async function printBytes(bytes: Uint8Array): Promise<void> {
  try {
    await writeBytes(Deno.stdout, bytes);
  } catch (error) {
    throw whyNot(error);
  }
}

function whyNot(error: unknown): Error {
  if (error instanceof Deno.errors.BrokenPipe) {
    return new OutputClosedError("the reader of stdout has closed its end", {
      cause: error,
    });
  }
  return setupError("stdout", error);
}
