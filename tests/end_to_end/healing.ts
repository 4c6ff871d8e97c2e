/**
 * What the tests of healing share: what servers have acknowledged, whether the
 * herd agrees on it, and two servers with a bad network between them.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { clientOf, serverOf } from "../../protocol/report.ts";
import { writeAll } from "../../runtime/transport.ts";
import { assert } from "../assert.ts";
import {
  connect,
  names,
  readAll,
  readUntil,
  TestHerd,
  until,
} from "./process.ts";
import { Proxy } from "./proxy.ts";

/** The flags of servers that give a silent link up as early as can be. */
export const earliestLinkTimeout = ["--link-timeout-ms=3000"];

/** `ask` for more than the sockets hold: reads while it writes. */
async function askMuch(port: number, input: ByteString): Promise<ByteString> {
  using connection = await connect(port);
  const [answer] = await Promise.all([
    readAll(connection),
    writeAll(connection, input).then(() => connection.closeWrite()),
  ]);
  return answer;
}

/** For each client the newest AT line that this server knows, or a refusal. */
export async function newestAt(
  herd: TestHerd,
  server: string,
  clients: readonly string[],
): Promise<string[]> {
  const answer = await askMuch(
    herd.portOf(server),
    clients.map((client) => `WHATSAT ${client} 0 0\n`).join(""),
  );
  return answer.split("\n").filter((line) => /^(AT|\?) /.test(line));
}

/** Whether a server has heard of a client. */
export async function knows(
  herd: TestHerd,
  server: string,
  client: string,
): Promise<boolean> {
  const [line] = await newestAt(herd, server, [client]);
  return line.startsWith("AT");
}

/**
 * Waits until a server's log tells that a link was lost, and not just replaced
 * by another because both sides had dialled.
 */
export async function untilLost(
  herd: TestHerd,
  server: string,
  neighbour: string,
): Promise<void> {
  const lost = new RegExp(
    `link-down neighbour="${neighbour}" reason="(?!replaced")`,
  );
  await until(() => lost.test(herd.log(server)));
}

/** The client's time of an AT line; not a number for a refusal. */
function timeOf(line: string): number {
  return Number(line.split(" ")[5]);
}

/** The reports that servers have acknowledged, each by its AT line. */
export class Ledger {
  readonly #herd: TestHerd;
  #lines: string[] = [];
  #lastTime = 0;

  constructor(herd: TestHerd) {
    this.#herd = herd;
  }

  /** How many reports have been acknowledged. */
  get size(): number {
    return this.#lines.length;
  }

  /** IAMAT lines, each with a later time than any before it. */
  nextReports(clients: readonly string[]): ByteString {
    return clients.map((client) => {
      this.#lastTime += 1;
      return `IAMAT ${client} +1+1 ${this.#lastTime}\n`;
    }).join("");
  }

  /** Enters what a server has answered to IAMAT lines. */
  enter(answer: ByteString): void {
    for (const line of answer.split("\n").slice(0, -1)) {
      assert(line.startsWith("AT "), `a server answered ${line}`);
      this.#lines.push(line);
    }
  }

  /** Tells a server of clients, and waits until it has answered it all. */
  async tell(server: string, ...clients: string[]): Promise<void> {
    const input = this.nextReports(clients);
    this.enter(await askMuch(this.#herd.portOf(server), input));
  }

  /** Strikes out what this server alone may have known when it was killed. */
  strike(server: string, heldElsewhere: number): void {
    this.#lines = this.#lines.filter((line, index) =>
      index < heldElsewhere || serverOf(line) !== server
    );
  }

  /** The newest line for each client. */
  newest(): Map<string, string> {
    const newest = new Map<string, string>();
    for (const line of this.#lines) {
      const client = clientOf(line);
      const known = newest.get(client);
      if (known === undefined || timeOf(line) > timeOf(known)) {
        newest.set(client, line);
      }
    }
    return newest;
  }

  /**
   * Waits until each report acknowledged so far, or a newer one, is known to
   * some server other than this one. Returns how many reports that was.
   */
  async untilHeldElsewhere(server: string): Promise<number> {
    const { size } = this;
    const required = [...this.newest().values()];
    const others = names.filter((other) => other !== server);
    await until(async () => {
      const known = await Promise.all(
        others.map((other) =>
          newestAt(this.#herd, other, required.map(clientOf))
        ),
      );
      return required.every((line, index) =>
        known.some((lines) => timeOf(lines[index]) >= timeOf(line))
      );
    });
    return size;
  }
}

/** What a herd has agreed on. */
export interface Healing {
  /** The AT line that all servers give for each client. */
  readonly agreed: Map<string, string>;
  readonly tookMs: number;
}

/**
 * Polls until all servers answer the same AT line for every client, and none
 * that is older than the newest acknowledged one. The test runner's own limit
 * ends it.
 */
export async function untilConverged(
  herd: TestHerd,
  ledger: Ledger,
  servers: readonly string[] = names,
): Promise<Healing> {
  const startMs = performance.now();
  const required = [...ledger.newest().values()];
  const clients = required.map(clientOf);
  let agreed: string[] = [];
  await until(async () => {
    const [first, ...others] = await Promise.all(
      servers.map((server) => newestAt(herd, server, clients)),
    );
    agreed = first;
    return required.every((line, index) =>
      timeOf(first[index]) >= timeOf(line) &&
      others.every((other) => other[index] === first[index])
    );
  });
  return {
    agreed: new Map(clients.map((client, index) => [client, agreed[index]])),
    tookMs: performance.now() - startMs,
  };
}

/** Prints how long healing took, for whoever wants to know: no test does. */
export function noteHealing({ tookMs }: Healing): void {
  if (Deno.env.get("HERD_TEST_TIMES") === undefined) return;
  console.log(`healed in ${Math.round(tookMs)} ms`);
}

/** Clients that report to all servers all the while, and note the answers. */
export class Load {
  /** Whom the next reports are about. */
  clients: readonly string[] = [];
  readonly #herd: TestHerd;
  readonly #ledger: Ledger;
  readonly #ends = new Map<string, Promise<"stopped" | "cut off">>();
  readonly #rounds = new Map<string, number>();
  #isStopping = false;

  constructor(herd: TestHerd, ledger: Ledger) {
    this.#herd = herd;
    this.#ledger = ledger;
  }

  /** Begins to report to a server that is ready. */
  begin(server: string): void {
    this.#ends.set(server, this.#report(server));
  }

  /** Waits until a few more reports about every client are acknowledged. */
  async untilFurther(servers: readonly string[]): Promise<void> {
    const goals = servers.map((server) => (this.#rounds.get(server) ?? 0) + 5);
    await until(() =>
      servers.every((server, index) =>
        (this.#rounds.get(server) ?? 0) >= goals[index]
      )
    );
  }

  /** How reporting to this server has ended. */
  end(server: string): Promise<"stopped" | "cut off"> {
    return this.#ends.get(server)!;
  }

  /** Ends it; returns how it has ended at each server. */
  async stop(): Promise<("stopped" | "cut off")[]> {
    this.#isStopping = true;
    return await Promise.all(this.#ends.values());
  }

  async #report(server: string): Promise<"stopped" | "cut off"> {
    using connection = await connect(this.#herd.portOf(server));
    while (!this.#isStopping) {
      const { clients } = this;
      let answer: ByteString;
      try {
        await writeAll(connection, this.#ledger.nextReports(clients));
        answer = await readUntil(
          connection,
          (text) => text.split("\n").length > clients.length,
        );
      } catch {
        return "cut off";
      }
      this.#ledger.enter(answer);
      this.#rounds.set(server, (this.#rounds.get(server) ?? 0) + 1);
    }
    return "stopped";
  }
}

/** Hill and Jaquez, which reach each other through a proxy and not otherwise. */
export class ProxiedPair implements AsyncDisposable {
  readonly herd = new TestHerd();
  readonly ledger = new Ledger(this.herd);
  readonly servers = ["Hill", "Jaquez"];
  readonly proxy = new Proxy(Object.fromEntries(
    this.servers.map((name) => [name, this.herd.portOf(name) + 100]),
  ));

  private constructor() {}

  /** Starts both and waits until they are linked. */
  static async start(flags: readonly string[] = []): Promise<ProxiedPair> {
    const pair = new ProxiedPair();
    try {
      await Promise.all(
        pair.servers.map((name) =>
          pair.herd.start(
            name,
            [`--config=${pair.#writeHerdFile(name)}`, ...flags],
            {},
            ["--allow-net", "--allow-write", "--allow-read"],
          )
        ),
      );
      await pair.herd.untilLinked(pair.servers);
      return pair;
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Waits until each has lost the other. */
  async untilUnlinked(): Promise<void> {
    await untilLost(this.herd, "Hill", "Jaquez");
    await untilLost(this.herd, "Jaquez", "Hill");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.herd[Symbol.asyncDispose]();
    await this.proxy[Symbol.asyncDispose]();
  }

  /** The herd as one of the two sees it: the other is where the proxy is. */
  #writeHerdFile(self: string): string {
    const path = `${this.herd.logFolder}/${self}.json`;
    const servers = this.servers.map((name) =>
      name === self ? { name } : { name, peerPort: this.proxy.portTo(name) }
    );
    const file = { servers, links: [this.servers] };
    Deno.writeTextFileSync(path, JSON.stringify(file));
    return path;
  }
}
