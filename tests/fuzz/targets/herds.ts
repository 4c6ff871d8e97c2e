/**
 * The replication with neighbours, `peers/replication/flood_router.ts` and the
 * code that it uses.
 *
 * The input is a script with one step on each line. The first byte selects the
 * step. `J` and `S`: the neighbour Jaquez or Smith sends the rest of the line.
 * `C`: a client sends it. `j` and `s`: the link with Jaquez or Smith comes up.
 * `o`: that with Smith comes up, which is of a version without attributes.
 * `x`: the link with Smith ends. `c`: the server compares digests with Smith.
 * `b`: a heartbeat. `.`: maintenance. `r`: a piece of a rebuild of the digest
 * tree. Other lines have no effect.
 *
 * For every script:
 *
 * - nothing throws;
 * - every line to a neighbour is valid by the reference, and within the limit
 *   on lines between servers;
 * - every report to a neighbour was received in the same form before, or with
 *   attributes if the neighbour takes none;
 * - a client's report is never replaced by an older one, unless it has expired;
 * - there are never more clients than the limit;
 * - the server sends one SYNCED for every SYNC that it reads while its digest
 *   tree is complete and has the neighbour's key, and no others; a change of the
 *   key voids them;
 * - the server has caught up exactly if one of its SYNCs was answered without
 *   another message of the comparison between.
 *
 * @module
 */
import { parseMessage } from "../../../peers/replication/messages.ts";
import type { Outbox } from "../../../peers/replication/outbox.ts";
import { FloodRouter } from "../../../peers/replication/flood_router.ts";
import type { ByteString } from "../../../protocol/bytes.ts";
import { maxPeerLineBytes } from "../../../protocol/limits.ts";
import {
  lineOf,
  makeReport,
  parseReport,
  type Report,
} from "../../../protocol/report.ts";
import { takeAllLines } from "../../peers/replication/take_lines.ts";
import { readCommand } from "../reference/commands.ts";
import {
  compareReports,
  readMessage,
  readReport,
} from "../reference/peer_lines.ts";
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

/** Few, so that a short script reaches the limit. */
const maxClients = 3;

/** Creates a router. */
type CreateRouter = (
  ...args: ConstructorParameters<typeof FloodRouter>
) => FloodRouter;

/** @param create Creates the router under test. */
export function herdsTarget(
  create: CreateRouter = (...args) => new FloodRouter(...args),
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
      "\no\n",
      "\nc\n",
      "\nx\n",
      "\nb\n",
      "\n.\n.\n",
      "\nr\nr\n",
    ],
    check(script) {
      const scene = new Scene(create({
        catchUp: true,
        elapsedMs: () => 0,
        limits: {
          maxClients,
          maxTableBytes: Infinity,
          sourceShare: 1,
          clientTtlSeconds: undefined,
          now: () => now,
        },
        recentReports: 64,
        treeKey: "8".repeat(32),
        rebuiltReports: 1,
      }));
      for (const step of script.split("\n")) scene.take(step);
      return scene.signature;
    },
  };
}

/** The state of a link, by the lines on it. */
interface CatchUp {
  /** Whether the neighbour takes attributes. */
  readonly takesAttributes: boolean;
  /** The server's SYNC that has no answer yet. */
  open: "undisturbed" | "disturbed" | undefined;
  isOver: boolean;
  /** How many SYNCs of the neighbour have not been answered. */
  owed: number;
  /** The key of the neighbour's digest tree that it has received last. */
  theirKey: string | undefined;
  /** Whether both trees have this key. */
  isAligned: boolean;
}

/** A router, and the lines that it has received and sent. */
class Scene {
  readonly #router: FloodRouter;
  readonly #outboxes = new Map<string, Outbox>();
  /** The state of catch-up with each neighbour. */
  readonly #catchUps = new Map<string, CatchUp>();
  /** The records of all reports that were received or created. */
  readonly #made = new Set<ByteString>();
  /** Their AT lines. */
  readonly #madeLines = new Set<ByteString>();
  /** How often each kind of line was written. */
  readonly #written = new Map<string, number>();

  constructor(router: FloodRouter) {
    this.#router = router;
    this.#link("Jaquez");
    this.#link("Smith");
  }

  /** The verbs that were sent, and the magnitude of their numbers. */
  get signature(): string {
    const verbs = [...this.#written].map(([verb, count]) =>
      `${verb} ${magnitude(count)}`
    );
    return [...verbs.sort(), this.#router.clients].join();
  }

  /** Does one step of the script. */
  take(step: ByteString): void {
    const rest = step.slice(1);
    switch (step[0]) {
      case "J":
        this.#receive("Jaquez", rest);
        break;
      case "S":
        this.#receive("Smith", rest);
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
      case "o":
        this.#link("Smith", false);
        break;
      case "x":
        this.#router.unlink("Smith");
        this.#outboxes.delete("Smith");
        this.#catchUps.delete("Smith");
        break;
      case "c":
        this.#router.compare("Smith");
        break;
      case "b":
        for (const neighbour of this.#outboxes.keys()) {
          this.#router.onHeartbeat(neighbour);
        }
        break;
      case ".":
        this.#router.runMaintenance();
        break;
      case "r":
        this.#router.rebuild();
        break;
      default:
        return;
    }
    this.#noteKeys();
    for (const [neighbour, outbox] of this.#outboxes) {
      const catchUp = this.#catchUps.get(neighbour)!;
      this.#readOutbox(outbox, catchUp);
      const has = this.#router.hasCaughtUpWith(neighbour);
      demandSame("hasCaughtUpWith()", has, catchUp.isOver);
      demandSame("unanswered SYNCs", catchUp.owed, 0);
    }
    demand(
      "no more clients than the limit",
      this.#router.clients <= maxClients,
    );
  }

  #link(neighbour: string, takesAttributes = true): void {
    const outbox = this.#router.link(neighbour, takesAttributes);
    this.#outboxes.set(neighbour, outbox);
    const catchUp = {
      takesAttributes,
      open: undefined,
      isOver: false,
      owed: 0,
      theirKey: undefined,
      isAligned: false,
    };
    this.#catchUps.set(neighbour, catchUp);
    this.#receive(neighbour, `TREE ${this.#router.treeKey}`);
  }

  /** Whether the trees of the server and its neighbours can be compared. */
  #noteKeys(): void {
    const { isRebuilding, treeKey } = this.#router;
    for (const catchUp of this.#catchUps.values()) {
      catchUp.isAligned = !isRebuilding && catchUp.theirKey === treeKey;
      if (catchUp.isAligned) continue;
      catchUp.open = undefined;
      catchUp.owed = 0;
    }
  }

  #receive(neighbour: string, line: ByteString): void {
    if (!this.#outboxes.has(neighbour)) return;
    const report = parseReport(line, isServer);
    if (report !== undefined) {
      this.#accept(report, neighbour);
      return;
    }
    const message = parseMessage(line, isServer);
    if (message === undefined) return;
    const catchUp = this.#catchUps.get(neighbour)!;
    if (message.verb === "TREE") catchUp.theirKey = message.key;
    this.#noteKeys();
    if (catchUp.isAligned) noteReceived(catchUp, message.verb);
    this.#router.receive(neighbour, message);
    this.#noteKeys();
  }

  #report(line: ByteString): void {
    const command = readCommand(line);
    if (command.verb !== "IAMAT") return;
    const [client, position, time] = command.operands;
    const iamat = { verb: command.verb, client, position, time } as const;
    this.#accept(makeReport("Hill", now, iamat));
  }

  #accept(report: Report, from?: string): void {
    const { client, line, record } = report;
    this.#made.add(record);
    this.#madeLines.add(line);
    const before = this.#router.newestRecord(client);
    const acceptance = this.#router.accept(report, from);
    const after = this.#router.newestRecord(client);
    if (acceptance === "newer") demandSame("the newest report", after, record);
    const shown = this.#router.newest(client);
    demandSame("what clients see", shown, after && lineOf(after));
    if (before === undefined || after === undefined || after === before) return;
    demand(
      "only a newer report replaces a report",
      compareReports(after, before) > 0,
    );
  }

  #readOutbox(outbox: Outbox, catchUp: CatchUp): void {
    for (const line of takeAllLines(outbox)) {
      demand("a line is within the limit", line.length <= maxPeerLineBytes);
      const report = readReport(line, servers);
      const verb = line.split(" ")[0];
      this.#written.set(verb, (this.#written.get(verb) ?? 0) + 1);
      if (report.objection === undefined) {
        const made = catchUp.takesAttributes ? this.#made : this.#madeLines;
        demand("the report was received or created before", made.has(line));
      } else if (readMessage(line, servers).objection !== undefined) {
        throw new Fault(`not a valid line: ${JSON.stringify(line)}`);
      }
      if (verb === "SYNCED") catchUp.owed -= 1;
      if (verb === "SYNC") {
        demandSame("a SYNC while another one is open", catchUp.open, undefined);
        demand("a SYNC after the server has caught up", !catchUp.isOver);
        demand("a SYNC while the keys are equal", catchUp.isAligned);
        catchUp.open = "undisturbed";
      }
    }
  }
}

/** Applies a received verb to the state of catch-up, after docs/PROTOCOL.md. */
function noteReceived(catchUp: CatchUp, verb: string): void {
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
