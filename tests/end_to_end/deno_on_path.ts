/**
 * Commands that call `deno`, where it may not be on the PATH.
 *
 * @module
 */
import { Program } from "./process.ts";

/** Where `deno` is found, so that a printed line runs as it is. */
export class DenoOnPath implements Disposable {
  readonly #folder = Deno.makeTempDirSync();

  constructor() {
    Deno.symlinkSync(Deno.execPath(), `${this.#folder}/deno`);
  }

  /** Runs a line as a shell does into which it was copied. */
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
