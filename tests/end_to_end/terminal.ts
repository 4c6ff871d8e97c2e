/**
 * Runs a program on a terminal, by `script`.
 *
 * @module
 */
import { quoteWord } from "../../runtime/shell.ts";
import { projectFolder } from "./process.ts";

/** A terminal with `deno` on it. */
export class Terminal implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #keys: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  #shown = "";
  /** The end of the last text that `untilShown` has found. */
  #seen = 0;
  #hasEnded = false;
  #onOutput: (() => void) | undefined;

  /** Starts `deno` with these arguments. */
  constructor(
    args: readonly string[],
    env: Record<string, string> = {},
    size?: { readonly columns: number; readonly rows: number },
  ) {
    const program = [Deno.execPath(), ...args].map(quoteWord).join(" ");
    const command = size === undefined
      ? program
      : `stty cols ${size.columns} rows ${size.rows} && exec ${program}`;
    this.#child = new Deno.Command("script", {
      args: ["-qec", command, "/dev/null"],
      cwd: projectFolder,
      env: { NO_COLOR: "1", TERM: "xterm", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#keys = this.#child.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** Sends key presses. */
  async type(text: string): Promise<void> {
    await this.#keys.write(new TextEncoder().encode(text));
  }

  /**
   * Waits until a text is shown after the last text that was waited for.
   * Returns the text between them.
   */
  async untilShown(text: string): Promise<string> {
    while (true) {
      const at = this.#shown.indexOf(text, this.#seen);
      if (at >= 0) {
        const before = this.#shown.slice(this.#seen, at);
        this.#seen = at + text.length;
        return before;
      }
      if (this.#hasEnded) {
        const rest = JSON.stringify(this.#shown.slice(this.#seen));
        throw new Error(`ended without ${JSON.stringify(text)}: ${rest}`);
      }
      await new Promise<void>((resolve) => this.#onOutput = resolve);
    }
  }

  /** Waits for the end. Returns the exit status. */
  async ended(): Promise<number> {
    await this.#reading;
    return (await this.#child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#keys.abort().catch(() => {});
    await this.ended();
  }

  async #read(): Promise<void> {
    const text = this.#child.stdout.pipeThrough(new TextDecoderStream());
    for await (const piece of text) {
      this.#shown += piece;
      this.#onOutput?.();
    }
    this.#hasEnded = true;
    this.#onOutput?.();
  }
}
