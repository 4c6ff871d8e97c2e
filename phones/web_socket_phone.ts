/**
 * A phone's connection to the WebSocket gateway of a server. It sends the lines
 * of the client port, and gets their answers byte for byte.
 *
 * @module
 */
import { commandLine, readAt } from "../client/operands.ts";
import {
  type At,
  DisconnectedError,
  InvalidCommandError,
  type NearbyAnswer,
  type NearbyQuery,
  type PositionReport,
} from "../client/types.ts";
import { bytesOfText, type ByteString } from "../protocol/bytes.ts";
import type { Connection } from "./servers.ts";

/** What is needed of a WebSocket. `WebSocket` has it. */
export interface Socket extends EventTarget {
  send(message: string): void;
  close(): void;
}

/** A connection. IDs are ASCII. */
export class WebSocketPhone implements Connection {
  readonly #socket: Socket;
  readonly #waiting: PromiseWithResolvers<string>[] = [];
  /** Resolves when the connection has ended. */
  readonly #closed = Promise.withResolvers<void>();
  #end: DisconnectedError | undefined;
  #isClosing = false;

  /** @param socket An open one. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.addEventListener("message", (event) => {
      this.#waiting.shift()?.resolve((event as MessageEvent<string>).data);
      this.#closeIfDone();
    });
    socket.addEventListener("close", () => this.#disconnect());
    socket.addEventListener("error", () => this.#disconnect());
  }

  async report({ client, position, time }: PositionReport): Promise<At> {
    const line = commandLine("IAMAT", { client, position, time: time! });
    return readAt(this.#lineOf(await this.#request(line)));
  }

  async nearby(query: NearbyQuery): Promise<NearbyAnswer> {
    const answer = await this.#request(commandLine("WHATSAT", query));
    const line = this.#lineOf(answer);
    const text = answer.slice(answer.indexOf("\n") + 1);
    const { results, status } = JSON.parse(text);
    return { at: readAt(line), text, status, results };
  }

  close(): Promise<void> {
    this.#isClosing = true;
    this.#closeIfDone();
    return this.#closed.promise;
  }

  abort(): void {
    this.#disconnect();
    this.#socket.close();
  }

  /** Sends a line. Resolves with the message that answers it. */
  #request(line: ByteString): Promise<string> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const answer = Promise.withResolvers<string>();
    this.#waiting.push(answer);
    this.#socket.send(line);
    return answer.promise;
  }

  #lineOf(answer: string): ByteString {
    const [line] = answer.split("\n", 1);
    if (line.startsWith("AT ")) return bytesOfText(line);
    throw new InvalidCommandError(`the server answered ${line}`);
  }

  #closeIfDone(): void {
    if (this.#isClosing && this.#waiting.length === 0) this.#socket.close();
  }

  #disconnect(): void {
    this.#end ??= new DisconnectedError(
      "the connection ended before the answer came",
    );
    for (const { reject } of this.#waiting.splice(0)) reject(this.#end);
    this.#closed.resolve();
  }
}

/**
 * Opens a WebSocket for reports.
 *
 * @throws {Error} If that fails.
 */
export async function openWebSocket(
  host: string,
): Promise<WebSocketPhone> {
  const socket = new WebSocket(`ws://${host}/report`, ["herd"]);
  const { promise, reject, resolve } = Promise.withResolvers<void>();
  socket.onopen = () => resolve();
  socket.onerror = (event) =>
    reject(new Error(event instanceof ErrorEvent ? event.message : "refused"));
  await promise;
  return new WebSocketPhone(socket);
}
