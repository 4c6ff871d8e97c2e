/**
 * Makes a steady load: a program that sends all five servers together a number
 * of updates a second, and prints as JSON how many they accepted.
 *
 *     pacer.ts BASE_PORT UPDATES_PER_SECOND FROM_MS UNTIL_MS
 *
 * The load begins at once. Updates are counted between the two moments, in
 * milliseconds since 1970. A server of the herd has accepted an update when it
 * has answered.
 *
 * @module
 */
import { clientName } from "../load/layout.ts";
import { connectLoopback, Poller, readSome, write } from "../load/system.ts";
import { portsOf, serverNames } from "../servers.ts";
import { herdProtocol, type Protocol } from "./protocol.ts";

/** What this program prints. */
export interface PacerReport {
  /** Accepted updates a second. */
  readonly perSecond: number;
}

/** Each server's updates are about these clients, one after another. */
const clientsAServer = 4_000;

/** Time between two batches of updates, in milliseconds. */
const tickMs = 1;

/**
 * The most updates in flight to one server. The rest is sent later, so that the
 * load and a slow server never wait for each other.
 */
const maxInFlight = 1_000;

const lineFeed = 0x0a;

const received = new Uint8Array(1024 * 1024);

function countLines(length: number): number {
  let lines = 0;
  for (let at = 0; at < length; at++) {
    if (received[at] === lineFeed) lines += 1;
  }
  return lines;
}

/** Sends updates to one server. */
class Sender {
  readonly descriptor: number;
  readonly #protocol: Protocol;
  readonly #server: string;
  readonly #clients: readonly string[];
  #next = 0;

  constructor(protocol: Protocol, server: string, basePort: number) {
    this.#protocol = protocol;
    this.#server = server;
    this.descriptor = connectLoopback(portsOf(server, basePort).client);
    this.#clients = Array.from(
      { length: clientsAServer },
      (_, client) => clientName(serverNames.indexOf(server), client),
    );
    this.#send(protocol.greeting + protocol.loadGreeting);
  }

  /** Sends updates in one write. */
  sendUpdates(count: number): void {
    let text = "";
    for (let index = 0; index < count; index++) {
      const client = this.#clients[this.#next++ % clientsAServer];
      text += this.#protocol.update("load", this.#server, client);
    }
    this.#send(text);
  }

  #send(text: string): void {
    write(this.descriptor, new TextEncoder().encode(text));
  }
}

/** Runs the program with its arguments. */
export function runPacer(protocol: Protocol, args: readonly string[]): void {
  const [basePort, perSecond, fromMs, untilMs] = args.map(Number);
  const senders = serverNames.map((server) =>
    new Sender(protocol, server, basePort)
  );
  using poller = new Poller();
  for (const { descriptor } of senders) poller.add(descriptor);
  let lines = 0;
  const accepted = () => lines / protocol.linesAnUpdate;
  const perMsAServer = perSecond / 1000 / senders.length;
  const startMs = performance.now();
  let [sentToEach, nextMs] = [0, startMs];
  let acceptedBefore: number | undefined;
  while (Date.now() < untilMs) {
    poller.wait(tickMs, (descriptor) => {
      lines += countLines(readSome(descriptor, received));
    });
    if (Date.now() >= fromMs) acceptedBefore ??= accepted();
    const nowMs = performance.now();
    if (nowMs < nextMs) continue;
    nextMs = nowMs + tickMs;
    const due = Math.floor((nowMs - startMs) * perMsAServer) - sentToEach;
    const inFlight = sentToEach - accepted() / senders.length;
    const count = Math.min(due, Math.floor(maxInFlight - inFlight));
    if (count <= 0) continue;
    for (const sender of senders) sender.sendUpdates(count);
    sentToEach += count;
  }
  const report: PacerReport = {
    perSecond: (accepted() - acceptedBefore!) / ((untilMs - fromMs) / 1000),
  };
  console.log(JSON.stringify(report));
}

if (import.meta.main) runPacer(herdProtocol, Deno.args);
