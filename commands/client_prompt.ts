/**
 * The prompt of `herd client`: line editing by node:readline, history,
 * completion, and explanations of answers.
 *
 * @module
 */
import process from "node:process";
import { createInterface, type Interface } from "node:readline";
import { SetupError } from "../cli/exit.ts";
import { createPaint, isColoured } from "../cli/paint.ts";
import { terminalColumns } from "../cli/progress.ts";
import { readAt } from "../client/operands.ts";
import { bytesOfText } from "../protocol/bytes.ts";
import { secondsOf, SystemClock } from "../runtime/clock.ts";
import type { ClientPort } from "../server/settings/client_target.ts";
import { closedHint, connectTo } from "./connect.ts";
import { promptHelp } from "./prompt_help.ts";
import { RequestLoop } from "./request_loop.ts";
import { showReply } from "./show_reply.ts";
import { complete, insertTime } from "./typed_line.ts";

/** Lines that the arrow keys bring back. The history is kept in memory only. */
const historyLines = 1_000;

/** Options of the prompt. */
export interface PromptOptions {
  /** The server's name. */
  readonly name: string;
  readonly port: ClientPort;
  /** The port's address, to be shown. */
  readonly address: string;
  /** The time for an IAMAT that is typed without one: digits, or `now`. */
  readonly time: string | undefined;
  /** Longest wait for a connection, in milliseconds, or `Infinity`. */
  readonly timeoutMs: number;
}

/**
 * Sends typed lines to a server and shows its replies, until the user quits.
 *
 * @throws {SetupError} If the first connection fails.
 */
export async function runPrompt(options: PromptOptions): Promise<void> {
  const { port, timeoutMs } = options;
  const requests = new RequestLoop(await connectTo(port, timeoutMs));
  await new Prompt(options, requests).run();
}

class Prompt {
  readonly #options: PromptOptions;
  readonly #clock = new SystemClock();
  readonly #paint = createPaint(isColoured(Deno.stdout));
  readonly #readline: Interface;
  /** Typed or pasted lines that are not sent yet. */
  readonly #lines: string[] = [];
  /** IDs of clients in the answers so far, for completion. */
  readonly #ids = new Set<string>();
  #requests: RequestLoop | undefined;
  /** Resolves when all lines so far are answered; undefined if they are. */
  #answering: Promise<void> | undefined;
  /** Resolves when the user gives up connecting. */
  readonly #givenUp = Promise.withResolvers<void>();
  #hasQuit = false;

  constructor(options: PromptOptions, requests: RequestLoop) {
    this.#options = options;
    this.#readline = createInterface({
      input: process.stdin,
      output: process.stdout,
      terminal: true,
      prompt: this.#paint.bold(`${options.name}>`) + " ",
      historySize: historyLines,
      removeHistoryDuplicates: true,
      completer: (line: string) => complete(line, this.#ids),
    });
    this.#join(requests);
  }

  /** Resolves when the user has quit and all sent lines are answered. */
  async run(): Promise<void> {
    const closed = Promise.withResolvers<void>();
    this.#readline.on("line", (line) => this.#onLine(line));
    this.#readline.on("SIGINT", () => this.#interrupt());
    this.#readline.on("close", () => closed.resolve());
    const { dim } = this.#paint;
    const { address, name } = this.#options;
    console.log(dim(`${name} on ${address}; type help for help`));
    this.#readline.prompt();
    await closed.promise;
    this.#hasQuit = true;
    await Promise.race([this.#answering, this.#givenUp.promise]);
    this.#requests?.close();
  }

  #onLine(line: string): void {
    this.#lines.push(line);
    this.#answering ??= this.#answerAll();
  }

  async #answerAll(): Promise<void> {
    let line;
    while ((line = this.#lines.shift()) !== undefined) {
      await this.#execute(line);
    }
    this.#answering = undefined;
    if (!this.#hasQuit) this.#readline.prompt();
  }

  async #execute(line: string): Promise<void> {
    const word = line.trim();
    if (word === "") return;
    if (word === "help") return console.log(promptHelp);
    if (word === "quit") {
      this.#lines.length = 0;
      this.#hasQuit = true;
      return this.#readline.close();
    }
    const timed = insertTime(line, this.#clock.now(), this.#options.time);
    if ("fault" in timed) {
      return console.log(this.#paint.yellow(timed.fault));
    }
    const requests = this.#requests ?? await this.#reconnect();
    if (requests === undefined) return;
    const request = bytesOfText(timed.line);
    const reply = await requests.request(request);
    // `#join` has reported the end of the connection.
    if (reply === undefined) return;
    if (reply.line.startsWith("AT ")) this.#ids.add(readAt(reply.line).client);
    console.log(showReply(request, reply, {
      paint: this.#paint,
      columns: terminalColumns(),
      nowSeconds: secondsOf(this.#clock),
      hasCertificate: this.#options.port.tlsCertificate !== undefined,
    }));
  }

  async #reconnect(): Promise<RequestLoop | undefined> {
    const { dim, yellow } = this.#paint;
    const { name, port, timeoutMs } = this.#options;
    try {
      const requests = new RequestLoop(await connectTo(port, timeoutMs));
      console.log(dim(`connected to ${name} again`));
      this.#join(requests);
      return requests;
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      console.log(yellow(`${error.message}; the next line tries again`));
    }
  }

  #join(requests: RequestLoop): void {
    this.#requests = requests;
    requests.closed.then(() => {
      this.#requests = undefined;
      if (this.#hasQuit) return;
      const { name, port } = this.#options;
      const isAnswering = this.#answering !== undefined;
      const end = isAnswering
        ? "the connection ended before the answer came"
        : `${name} has ended the connection`;
      const hint = isAnswering && requests.wasRefused
        ? `; ${closedHint(port)}`
        : "";
      // Replaces the line that is being typed; `prompt` draws it again.
      const notice = `${end}${hint}; the next line connects again`;
      console.log(`\r\x1b[J${this.#paint.yellow(notice)}`);
      if (!isAnswering) this.#readline.prompt(true);
    });
  }

  /** Ctrl-C cancels the pending request, or else clears the line, or quits. */
  #interrupt(): void {
    if (this.#answering !== undefined) {
      this.#lines.length = 0;
      if (this.#requests !== undefined) return this.#requests.close();
      // The prompt is still connecting.
      this.#givenUp.resolve();
      this.#readline.close();
    } else if (this.#readline.line !== "") {
      console.log("^C");
      // Ctrl-E moves to the end of the line, Ctrl-U deletes all before it.
      this.#readline.write(null, { ctrl: true, name: "e" });
      this.#readline.write(null, { ctrl: true, name: "u" });
      this.#readline.prompt();
    } else {
      console.log();
      this.#readline.close();
    }
  }
}
