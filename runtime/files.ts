/**
 * Reads the files that a user names on the command line.
 *
 * @module
 */
import { SetupError } from "./setup_error.ts";
import {
  flagsFor,
  missingPermissions,
  PermissionError,
  type PermissionNeed,
} from "./permissions.ts";

/**
 * Checks that these files may be read.
 *
 * @throws {PermissionError} If some may not. Names them.
 */
export async function requireReadPermission(
  paths: readonly string[],
): Promise<void> {
  const needs = paths.map((path): PermissionNeed => ({ name: "read", path }));
  const denied = await missingPermissions(needs);
  if (denied.length === 0) return;
  const names = denied.map((need) => "path" in need ? need.path : "");
  const what = `reading ${names.join(", ")} needs`;
  throw new PermissionError(
    `${what} ${flagsFor(denied)}`,
    `${what} permission`,
    needs,
  );
}

/**
 * Reads a text file. A byte order mark is not part of the text.
 *
 * @throws {SetupError} If that fails. Names the file, or the flag that permits
 * reading it.
 */
export async function readFile(path: string): Promise<string> {
  await requireReadPermission([path]);
  try {
    return decodeText(await Deno.readFile(path));
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

/**
 * Decodes text as editors write it: UTF-8, or UTF-16 after its byte order
 * mark. The mark is not part of the text.
 */
export function decodeText(bytes: Uint8Array): string {
  const mark = bytes.subarray(0, 2).toHex();
  const encoding = mark === "fffe"
    ? "utf-16le"
    : mark === "feff"
    ? "utf-16be"
    : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}
