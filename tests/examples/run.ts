/**
 * Runs commands in the project's folder.
 *
 * @module
 */
import { projectFolder } from "../end_to_end/process.ts";

export interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in the project's folder to its end. */
export async function run(
  command: string,
  ...args: readonly string[]
): Promise<Result> {
  const { code, stderr, stdout } = await new Deno.Command(command, {
    args: [...args],
    cwd: projectFolder,
    env: { NO_COLOR: "1", PYTHONDONTWRITEBYTECODE: "1" },
  }).output();
  const decoder = new TextDecoder();
  return {
    status: code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}
