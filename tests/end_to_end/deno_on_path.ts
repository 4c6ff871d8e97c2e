/**
 * Runs command lines that call `deno`, even if it is not on the PATH.
 *
 * @module
 */
import { Program } from "./process.ts";

/** A folder with `deno`, added to the PATH of the command lines. */
export class DenoOnPath implements Disposable {
  readonly #folder = Deno.makeTempDirSync();

  constructor() {
    Deno.symlinkSync(Deno.execPath(), `${this.#folder}/deno`);
  }

  /** Runs a line in a shell. */
  run(line: string, env: Record<string, string> = {}): Program {
    const path = `${this.#folder}:${Deno.env.get("PATH")}`;
    return Program.start([], {
      through: ["sh", "-c", `exec ${line}`],
      env: { ...env, PATH: path },
    });
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}
