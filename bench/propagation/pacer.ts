/**
 * Makes a steady load: a program that tells five servers of so many updates a
 * second in all, however long they take, and prints how many they have taken,
 * as JSON.
 *
 *     pacer.ts SUBJECT BASE_PORT UPDATES_PER_SECOND FROM_MS UNTIL_MS
 *
 * The load begins at once; taken updates are counted between the two moments,
 * given in milliseconds since 1970. An update counts as taken when a server of
 * the herd has answered it, or when all five servers of NATS have delivered it.
 *
 * @module
 */
import { clientName } from "../load/requests.ts";
import { connectLoopback, Poller, read, write } from "../load/system.ts";
import { type Language, languages, type Subject } from "./language.ts";
import { portsOf, serverNames } from "./shape.ts";

/** What became of a load. */
export interface PacerReport {
  /** Updates a second that the servers have taken. */
  readonly perSecond: number;
}

/** Each server's load is about so many clients, one after the other. */
const clientsAServer = 4_000;

/** Updates are sent in batches, this often, in milliseconds. */
const tickMs = 1;

/**
 * With so many updates a server that are not taken, none are sent, so that the
 * load never waits for servers that wait for it. They are sent later.
 */
const maxUntaken = 1_000;

const lineFeed = 0x0a;

/** All that comes in is only counted. */
const received = new Uint8Array(1024 * 1024);

function countLines(length: number): number {
  let lines = 0;
  for (let at = 0; at < length; at++) {
    if (received[at] === lineFeed) lines += 1;
  }
  return lines;
}

/** What one server is told. */
class SteadySender {
  readonly descriptor: number;
  readonly #clients: readonly string[];
  #next = 0;

  constructor(
    readonly language: Language,
    readonly server: string,
    basePort: number,
  ) {
    const index = serverNames.indexOf(server);
    this.descriptor = connectLoopback(portsOf(server, basePort).client);
    this.#clients = Array.from(
      { length: clientsAServer },
      (_, client) => clientName(index, client),
    );
    this.send(language.client + language.load);
  }

  /** Sends so many updates in one write. */
  sendUpdates(count: number): void {
    let text = "";
    for (let index = 0; index < count; index++) {
      const client = this.#clients[this.#next++ % clientsAServer];
      text += this.language.update("load", this.server, client);
    }
    this.send(text);
  }

  send(text: string): void {
    write(this.descriptor, new TextEncoder().encode(text));
  }
}

function run(
  language: Language,
  basePort: number,
  perSecond: number,
  fromMs: number,
  untilMs: number,
): PacerReport {
  const tellers = serverNames.map((server) =>
    new SteadySender(language, server, basePort)
  );
  using poller = new Poller();
  for (const { descriptor } of tellers) poller.add(descriptor);
  let lines = 0;
  const take = (descriptor: number) => {
    const length = read(descriptor, received);
    if (length === 0) throw new Error("a server closed the connection");
    lines += countLines(length);
  };
  const taken = () => lines / language.linesAnUpdate;
  const perMsAServer = perSecond / 1000 / tellers.length;
  const startMs = performance.now();
  let [toldEach, nextMs] = [0, startMs];
  let takenBefore: number | undefined;
  while (Date.now() < untilMs) {
    poller.wait(tickMs, take);
    if (Date.now() >= fromMs) takenBefore ??= taken();
    const nowMs = performance.now();
    if (nowMs < nextMs) continue;
    nextMs = nowMs + tickMs;
    const due = Math.floor((nowMs - startMs) * perMsAServer) - toldEach;
    const untaken = toldEach - taken() / tellers.length;
    const count = Math.min(due, Math.floor(maxUntaken - untaken));
    if (count <= 0) continue;
    for (const teller of tellers) teller.sendUpdates(count);
    toldEach += count;
  }
  const seconds = (untilMs - fromMs) / 1000;
  return { perSecond: (taken() - takenBefore!) / seconds };
}

if (import.meta.main) {
  const [subject, ...rest] = Deno.args;
  const [basePort, perSecond, fromMs, untilMs] = rest.map(Number);
  const language = languages[subject as Subject];
  const report = run(language, basePort, perSecond, fromMs, untilMs);
  console.log(JSON.stringify(report));
}
