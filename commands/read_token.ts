/**
 * Reads a token from a stream, such as stdin.
 *
 * @module
 */
import { UsageError } from "../cli/arguments.ts";
import { maxTokenBytes } from "../identity/limits.ts";
import { type ByteString, decodeBytes } from "../protocol/bytes.ts";

/** A stream such as `Deno.stdin`; `read` returns null at its end. */
interface Input {
  read(buffer: Uint8Array): Promise<number | null>;
}

/**
 * The first line of a stream without the white space around it.
 *
 * @throws {UsageError} If it is empty.
 */
export async function readToken(input: Input): Promise<ByteString> {
  // One byte more than the longest token, and the white space around it.
  const buffer = new Uint8Array(maxTokenBytes + 256);
  let length = 0;
  while (length < buffer.length) {
    const read = await input.read(buffer.subarray(length));
    if (read === null) break;
    length += read;
    if (/\S[^]*\n/.test(decodeBytes(buffer, 0, length))) break;
  }
  const [line] = decodeBytes(buffer, 0, length).trim().split("\n");
  if (line === "") throw new UsageError("expected a token on stdin");
  return line.trim();
}
