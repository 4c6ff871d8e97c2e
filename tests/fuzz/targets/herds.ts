/**
 * A server's talk with its neighbours, `peers/replication/flood_router.ts` and what is behind it.
 *
 * The input is a script, one step a line. Its first byte tells who does what:
 * `J` and `S`, the neighbours Jaquez and Smith send the rest of the line; `C`, a
 * client does; `j` and `s`, the link with one of them comes up; `x`, the one
 * with Smith ends; `c`, it is compared with; `b`, a second passes; `.`, it is
 * time for chores. Other lines do nothing.
 *
 * For every script:
 *
 * - nothing throws;
 * - every line that is written to a neighbour is one that a neighbour takes, by
 *   the reference, and no longer than lines between servers may be;
 * - every report that is written was sent by somebody before, just so;
 * - the report of a client is never replaced by an older one, unless it was
 *   forgotten;
 * - there are never more clients than the limit;
 * - every SYNC is answered by one SYNCED, and nothing else is;
 * - a server has caught up if a SYNC of its own was answered, and no message of
 *   the comparison came in between, and not otherwise.
 *
 * @module
 */
import { parseMessage } from "../../../peers/replication/messages.ts";
import type { Outbox } from "../../../peers/replication/outbox.ts";
import { FloodRouter } from "../../../peers/replication/flood_router.ts";
import type { ByteString } from "../../../protocol/bytes.ts";
import { maxPeerLineBytes } from "../../../protocol/limits.ts";
import {
  makeReport,
  parseReport,
  type Report,
} from "../../../protocol/report.ts";
import { takeAllLines } from "../../peers/replication/take_lines.ts";
import { readCommand } from "../reference/commands.ts";
import { compareDecimals } from "../reference/numbers.ts";
import { readMessage, readReport } from "../reference/peer_lines.ts";
import {
  demand,
  demandSame,
  Fault,
  magnitude,
  type Target,
} from "../target.ts";
import { peerTokens } from "./tokens.ts";

const servers = ["Hill", "Jaquez", "Smith", "Singleton"];
const isServer = (name: string) => servers.includes(name);

const now = { seconds: 1520023935, nanoseconds: 182837383 };

/** Few, so that a script of some lines fills the memory. */
const maxClients = 3;

/** Creates the herd under test. */
type CreateHerd = (
  ...args: ConstructorParameters<typeof FloodRouter>
) => FloodRouter;

/** @param create Makes the herd under test. */
export function herdsTarget(
  create: CreateHerd = (...args) => new FloodRouter(...args),
): Target {
  return {
    name: "herds",
    tokens: [
      ...peerTokens,
      ...peerTokens.map((token) => `\nS${token.trimStart()}`),
      "\nJAT Singleton +0.5 kiwi +1+1 5",
      "\nCIAMAT kiwi +1+1 6",
      "\nj\n",
      "\ns\n",
      "\nc\n",
      "\nx\n",
      "\nb\n",
      "\n.\n.\n",
    ],
    check(script) {
      const scene = new Scene(create({
        catchUp: true,
        limits: {
          maxClients,
          maxTableBytes: Infinity,
          sourceShare: 1,
          clientTtlSeconds: undefined,
          nowSeconds: () => now.seconds,
        },
        recentReports: 64,
      }));
      for (const step of script.split("\n")) scene.take(step);
      return scene.signature;
    },
  };
}

/** What has been said on a link about whether a comparison is over. */
interface CatchUp {
  /** The server's SYNC that has no answer yet. */
  open: "undisturbed" | "disturbed" | undefined;
  isOver: boolean;
  /** How often the neighbour has said SYNC, less the answers. */
  owed: number;
}

/** A herd, and what was said to it and by it. */
class Scene {
  readonly #replica: FloodRouter;
  readonly #outboxes = new Map<string, Outbox>();
  /** How far the server is with each neighbour. */
  readonly #catchUps = new Map<string, CatchUp>();
  /** The lines of all reports that anybody has made. */
  readonly #made = new Set<ByteString>();
  /** How often each kind of line was written. */
  readonly #written = new Map<string, number>();

  constructor(replica: FloodRouter) {
    this.#replica = replica;
    this.#link("Jaquez");
    this.#link("Smith");
  }

  /** Which verbs have been written, and about how often. */
  get signature(): string {
    const verbs = [...this.#written].map(([verb, count]) =>
      `${verb} ${magnitude(count)}`
    );
    return [...verbs.sort(), this.#replica.clients].join();
  }

  /** Does one step of the script. */
  take(step: ByteString): void {
    const rest = step.slice(1);
    switch (step[0]) {
      case "J":
        this.#hear("Jaquez", rest);
        break;
      case "S":
        this.#hear("Smith", rest);
        break;
      case "C":
        this.#report(rest);
        break;
      case "j":
        this.#link("Jaquez");
        break;
      case "s":
        this.#link("Smith");
        break;
      case "x":
        this.#replica.unlink("Smith");
        this.#outboxes.delete("Smith");
        this.#catchUps.delete("Smith");
        break;
      case "c":
        this.#replica.compare("Smith");
        break;
      case "b":
        for (const neighbour of this.#outboxes.keys()) {
          this.#replica.onHeartbeat(neighbour);
        }
        break;
      case ".":
        this.#replica.runMaintenance();
        break;
      default:
        return;
    }
    for (const [neighbour, outbox] of this.#outboxes) {
      const catchUp = this.#catchUps.get(neighbour)!;
      this.#readOutbox(outbox, catchUp);
      const has = this.#replica.hasCaughtUpWith(neighbour);
      demandSame("whether it has caught up", has, catchUp.isOver);
      demandSame("answers that are missing", catchUp.owed, 0);
    }
    demand(
      "no more clients than the limit",
      this.#replica.clients <= maxClients,
    );
  }

  #link(neighbour: string): void {
    this.#outboxes.set(neighbour, this.#replica.link(neighbour));
    const catchUp = { open: undefined, isOver: false, owed: 0 };
    this.#catchUps.set(neighbour, catchUp);
  }

  #hear(neighbour: string, line: ByteString): void {
    if (!this.#outboxes.has(neighbour)) return;
    const report = parseReport(line, isServer);
    if (report !== undefined) {
      this.#accept(report, neighbour);
      return;
    }
    const message = parseMessage(line, isServer);
    if (message === undefined) return;
    noteHeard(this.#catchUps.get(neighbour)!, message.verb);
    this.#replica.receive(neighbour, message);
  }

  #report(line: ByteString): void {
    const command = readCommand(line);
    if (command.verb !== "IAMAT") return;
    const [client, position, time] = command.operands;
    const iamat = { verb: command.verb, client, position, time } as const;
    this.#accept(makeReport("Hill", now, iamat));
  }

  #accept(report: Report, from?: string): void {
    const { client, line } = report;
    this.#made.add(line);
    const before = this.#replica.newest(client);
    const acceptance = this.#replica.accept(report, from);
    const after = this.#replica.newest(client);
    if (acceptance === "newer") demandSame("what is known", after, line);
    if (before === undefined || after === undefined || after === before) return;
    demand("only something newer replaces a report", isNewer(after, before));
  }

  #readOutbox(outbox: Outbox, catchUp: CatchUp): void {
    for (const line of takeAllLines(outbox)) {
      demand("a line fits", line.length <= maxPeerLineBytes);
      const report = readReport(line, servers);
      const verb = line.split(" ")[0];
      this.#written.set(verb, (this.#written.get(verb) ?? 0) + 1);
      if (report.objection === undefined) {
        demand("somebody has made the report", this.#made.has(line));
      } else if (readMessage(line, servers).objection !== undefined) {
        throw new Fault(`a neighbour would not take ${JSON.stringify(line)}`);
      }
      if (verb === "SYNCED") catchUp.owed -= 1;
      if (verb === "SYNC") {
        demandSame("a SYNC that is open already", catchUp.open, undefined);
        demand("there is something to ask", !catchUp.isOver);
        catchUp.open = "undisturbed";
      }
    }
  }
}

/** Notes what a neighbour says, in the words of docs/PROTOCOL.md. */
function noteHeard(catchUp: CatchUp, verb: string): void {
  switch (verb) {
    case "SYNC":
      catchUp.owed += 1;
      break;
    case "SYNCED":
      if (catchUp.open === "undisturbed") catchUp.isOver = true;
      catchUp.open = undefined;
      break;
    case "DIGEST":
    case "PART":
    case "LIST":
      if (catchUp.open !== undefined) catchUp.open = "disturbed";
  }
}

/** The order of reports, by the reference. */
function isNewer(line: ByteString, than: ByteString): boolean {
  const [time, other] = [line, than].map((text) => text.split(" ").at(-1)!);
  const order = compareDecimals(time, other);
  return order > 0 || order === 0 && line > than;
}
