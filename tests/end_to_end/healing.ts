/**
 * Helpers of the healing tests: the acknowledged reports, a check that all
 * servers have them, and two servers with a faulty network between them.
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

/** Flags for the shortest link timeout. */
export const earliestLinkTimeout = ["--link-timeout-ms=3000"];

/** Like `ask`, but reads while it writes, for input beyond socket buffers. */
async function askMuch(port: number, input: ByteString): Promise<ByteString> {
  using connection = await connect(port);
  const [answer] = await Promise.all([
    readAll(connection),
    writeAll(connection, input).then(() => connection.closeWrite()),
  ]);
  return answer;
}

/** The newest AT line of each client at this server, or a refusal. */
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

/** Whether a server has a report of a client. */
export async function hasReport(
  herd: TestHerd,
  server: string,
  client: string,
): Promise<boolean> {
  const [line] = await newestAt(herd, server, [client]);
  return line.startsWith("AT");
}

/**
 * Waits until a server has logged that a link was lost, and not just replaced
 * by another one because both sides had dialled.
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

/** The client's time in an AT line; NaN for a refusal. */
function timeOf(line: string): number {
  return Number(line.split(" ")[5]);
}

/** The reports that servers have acknowledged, as AT lines. */
export class AcknowledgedReports {
  readonly #herd: TestHerd;
  #lines: string[] = [];
  #lastTime = 0;

  constructor(herd: TestHerd) {
    this.#herd = herd;
  }

  /** The number of acknowledged reports. */
  get size(): number {
    return this.#lines.length;
  }

  /** IAMAT lines with increasing times. */
  nextReports(clients: readonly string[]): ByteString {
    return clients.map((client) => {
      this.#lastTime += 1;
      return `IAMAT ${client} +1+1 ${this.#lastTime}\n`;
    }).join("");
  }

  /** Records a server's answers to IAMAT lines. */
  record(answer: ByteString): void {
    for (const line of answer.split("\n").slice(0, -1)) {
      assert(line.startsWith("AT "), `a server answered ${line}`);
      this.#lines.push(line);
    }
  }

  /** Sends reports of clients to a server, and waits for all answers. */
  async send(server: string, ...clients: string[]): Promise<void> {
    const input = this.nextReports(clients);
    this.record(await askMuch(this.#herd.portOf(server), input));
  }

  /**
   * Removes the reports that only this server may have had when it was killed.
   *
   * @param heldElsewhere The number that `untilHeldElsewhere` returned.
   */
  removeLost(server: string, heldElsewhere: number): void {
    this.#lines = this.#lines.filter((line, index) =>
      index < heldElsewhere || serverOf(line) !== server
    );
  }

  /** The newest line of each client. */
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
   * Waits until each report acknowledged so far, or a newer one, is at a server
   * other than this one. Returns the number of reports.
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

/** The result of a herd's healing. */
export interface Healing {
  /** Each client's AT line, which all servers have. */
  readonly agreed: Map<string, string>;
  readonly tookMs: number;
}

/**
 * Polls until all servers answer with the same AT line for every client, not
 * older than the newest acknowledged one, or the test runner's time limit is
 * over.
 */
export async function untilConverged(
  herd: TestHerd,
  reports: AcknowledgedReports,
  servers: readonly string[] = names,
): Promise<Healing> {
  const startMs = performance.now();
  const required = [...reports.newest().values()];
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

/** Prints how long healing took, with `HERD_TEST_TIMES`. */
export function printHealing({ tookMs }: Healing): void {
  if (Deno.env.get("HERD_TEST_TIMES") === undefined) return;
  console.log(`healed in ${Math.round(tookMs)} ms`);
}

/** Clients that report to servers continuously, and record the answers. */
export class Load {
  /** The clients of the next reports. */
  clients: readonly string[] = [];
  readonly #herd: TestHerd;
  readonly #reports: AcknowledgedReports;
  readonly #ends = new Map<string, Promise<"stopped" | "cut off">>();
  readonly #rounds = new Map<string, number>();
  #isStopping = false;

  constructor(herd: TestHerd, reports: AcknowledgedReports) {
    this.#herd = herd;
    this.#reports = reports;
  }

  /** Starts to report to a server, which must be ready. */
  begin(server: string): void {
    this.#ends.set(server, this.#report(server));
  }

  /** Waits until five more reports of every client are acknowledged. */
  async untilFurther(servers: readonly string[]): Promise<void> {
    const goals = servers.map((server) => (this.#rounds.get(server) ?? 0) + 5);
    await until(() =>
      servers.every((server, index) =>
        (this.#rounds.get(server) ?? 0) >= goals[index]
      )
    );
  }

  /** Resolves when reporting to this server has ended. */
  end(server: string): Promise<"stopped" | "cut off"> {
    return this.#ends.get(server)!;
  }

  /** Stops. Returns how reporting has ended at each server. */
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
        await writeAll(connection, this.#reports.nextReports(clients));
        answer = await readUntil(
          connection,
          (text) => text.split("\n").length > clients.length,
        );
      } catch {
        return "cut off";
      }
      this.#reports.record(answer);
      this.#rounds.set(server, (this.#rounds.get(server) ?? 0) + 1);
    }
    return "stopped";
  }
}

/** Hill and Jaquez, which are linked only through a proxy. */
export class ProxiedPair implements AsyncDisposable {
  readonly herd = new TestHerd();
  readonly reports = new AcknowledgedReports(this.herd);
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

  /**
   * Writes the herd file of one server, with the proxy in place of the other.
   */
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
