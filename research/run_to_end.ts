/**
 * Runs a program to its end.
 *
 * @module
 */
import { projectFolder } from "../tests/end_to_end/process.ts";

/** What a program left behind. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** None of our programs takes a tenth of that, in milliseconds. */
const deadlineMs = 30_000;

/**
 * Runs a command in the project's folder.
 *
 * @throws {Error} If it has not ended by itself after 30 seconds.
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
