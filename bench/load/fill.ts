/**
 * Sends updates about many clients, all of them in turn and then again, and
 * waits for the replies: a program that prints `filled` when all is known.
 *
 *     fill.ts LANGUAGE CLIENTS TIMES PORT
 *
 * LANGUAGE is `iamat`, or `set` for AT lines that Redis keeps as strings.
 *
 * @module
 */
import { clientName, countUp, layOut } from "./requests.ts";
import {
  connectLoopback,
  type Descriptor,
  Poller,
  read,
  write,
} from "./system.ts";

/** So many clients fit into a name's five digits. */
const clientsAConnection = 100_000;

/** Requests on their way at any time, on each connection. */
const depth = 256;

const lineFeed = 0x0a;

/** All that comes in is only counted. */
const received = new Uint8Array(256 * 1024);

/** Requests of equal length about a connection's clients. */
interface Requests {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengthBytes: number;
  /** Where in each the digits end that are counted up; 0 if none are. */
  readonly counterEnd: number;
  readonly replyStart: string;
}

/** Keeps an AT line by its client, as a herd does. */
function layOutSets(connection: number, clients: number): Requests {
  const seconds = Math.floor(Date.now() / 1000);
  const texts = Array.from({ length: clients }, (_, client) => {
    const name = clientName(connection, client);
    const line = `AT Hill +60.000263874 ${name} +34.068930-118.445127 ` +
      `${seconds}.${String(client).padStart(9, "0")}`;
    return `*3\r\n$3\r\nSET\r\n$${name.length}\r\n${name}\r\n` +
      `$${line.length}\r\n${line}\r\n`;
  });
  return {
    bytes: new TextEncoder().encode(texts.join("")),
    lengthBytes: texts[0].length,
    counterEnd: 0,
    replyStart: "+",
  };
}

/** A connection that reports its own clients. */
class Filler {
  readonly descriptor: Descriptor;
  readonly #clients: number;
  readonly #requests: Requests;
  readonly #updates: number;
  #sent = 0;
  #answered = 0;
  #isAtStart = true;

  constructor(
    language: string,
    connection: number,
    clients: number,
    times: number,
    port: number,
  ) {
    this.#clients = clients;
    this.#updates = clients * times;
    this.#requests = language === "set"
      ? layOutSets(connection, clients)
      : layOut("iamat", connection, clients);
    this.descriptor = connectLoopback(port);
  }

  get isDone(): boolean {
    return this.#answered === this.#updates;
  }

  /** Sends up to so many updates. */
  send(count: number): void {
    const { bytes, counterEnd, lengthBytes } = this.#requests;
    let left = Math.min(count, this.#updates - this.#sent);
    while (left > 0) {
      const index = this.#sent % this.#clients;
      // Up to the last client; then it is the first one's turn again.
      const many = Math.min(left, this.#clients - index);
      const [start, end] = [index * lengthBytes, (index + many) * lengthBytes];
      if (counterEnd > 0) {
        for (let at = start; at < end; at += lengthBytes) {
          countUp(bytes, at + counterEnd);
        }
      }
      write(this.descriptor, bytes.subarray(start, end));
      this.#sent += many;
      left -= many;
    }
  }

  /** Takes replies, and sends as many updates more. */
  receive(): void {
    const length = read(this.descriptor, received);
    if (length === 0) throw new Error("the server closed the connection");
    const { replyStart } = this.#requests;
    let replies = 0;
    for (let at = 0; at < length; at++) {
      if (this.#isAtStart && received[at] !== replyStart.charCodeAt(0)) {
        const text = new TextDecoder().decode(received.subarray(at, at + 80));
        throw new Error(`an unexpected reply: ${text}`);
      }
      this.#isAtStart = received[at] === lineFeed;
      if (this.#isAtStart) replies += 1;
    }
    this.#answered += replies;
    this.send(replies);
  }
}

if (import.meta.main) {
  const [language, ...rest] = Deno.args;
  const [clients, times, port] = rest.map(Number);
  using poller = new Poller();
  const fillers = new Map<Descriptor, Filler>();
  for (let left = clients; left > 0; left -= clientsAConnection) {
    const filler = new Filler(
      language,
      fillers.size,
      Math.min(left, clientsAConnection),
      times,
      port,
    );
    fillers.set(filler.descriptor, filler);
    poller.add(filler.descriptor);
  }
  for (const filler of fillers.values()) filler.send(depth);
  const isDone = () => [...fillers.values()].every(({ isDone }) => isDone);
  while (!isDone()) {
    poller.wait(-1, (descriptor) => fillers.get(descriptor)!.receive());
  }
  console.log("filled");
}
