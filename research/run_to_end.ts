/**
 * Runs a program to its end.
 *
 * @module
 */
import { projectFolder } from "../tests/end_to_end/process.ts";

/** The status and the output of a program. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Ten times what the slowest program takes, in milliseconds. */
const deadlineMs = 30_000;

/**
 * Runs a command in the project's folder.
 *
 * @throws {Error} If it has not ended after 30 seconds.
 */
export async function runToEnd(
  [program, ...args]: readonly string[],
): Promise<Ended> {
  const { code, signal, stderr, stdout } = await new Deno.Command(program, {
    args,
    cwd: projectFolder,
    env: { NO_COLOR: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(deadlineMs),
  }).output();
  if (signal !== null) {
    throw new Error(`${[program, ...args].join(" ")}: ended by ${signal}`);
  }
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}
