/**
 * What programs print on stdout. `console.log` hides that nobody reads any
 * more, and a program would go on for nobody; and where the disk is full it
 * ends in a stack trace.
 *
 * @module
 */
import { OutputClosedError, setupError } from "./exit.ts";
import { writeBytes, writeLine } from "./write.ts";

/**
 * Prints a text and a LF, all of it before it returns.
 *
 * @throws {OutputClosedError} If nobody reads stdout any more.
 * @throws {SetupError} If it cannot be written, such as to a full disk.
 */
export function print(text = ""): void {
  try {
    writeLine(Deno.stdout, text);
  } catch (error) {
    throw whyNot(error);
  }
}

/**
 * Prints bytes as they are; others get their turn meanwhile. Throws what
 * `print` does.
 */
export async function printBytes(bytes: Uint8Array): Promise<void> {
  try {
    await writeBytes(Deno.stdout, bytes);
  } catch (error) {
    throw whyNot(error);
  }
}

function whyNot(error: unknown): Error {
  if (error instanceof Deno.errors.BrokenPipe) {
    return new OutputClosedError("nobody reads stdout", { cause: error });
  }
  return setupError("stdout", error);
}
