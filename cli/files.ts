/**
 * Reads the files that a user names on the command line.
 *
 * @module
 */
import { SetupError } from "./exit.ts";
import { flagsFor, isGranted, type Need } from "./permissions.ts";

/**
 * The text of a file.
 *
 * @throws {SetupError} Naming the file, or the flag that permits reading it.
 */
export async function readFile(path: string): Promise<string> {
  const need: Need = { name: "read", path };
  if (!await isGranted(need)) {
    throw new SetupError(`reading ${path} needs ${flagsFor([need])}`);
  }
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new SetupError(`${path}: there is no such file`);
    }
    if (error instanceof Error) {
      throw new SetupError(`${path}: ${error.message}`);
    }
    throw error;
  }
}
