/**
 * Faults in what talks with neighbours.
 *
 * @module
 */
import { checkHello, checkProofs } from "../../../peers/links/handshake.ts";
import {
  formatMessage,
  type Message,
  parseMessage,
} from "../../../peers/replication/messages.ts";
import type { Outbox } from "../../../peers/replication/outbox.ts";
import { FloodRouter } from "../../../peers/replication/flood_router.ts";
import { parseTopology } from "../../../peers/topology.ts";
import type { ByteString } from "../../../protocol/bytes.ts";
import {
  isNewer,
  readReport,
  type Report,
  timeOf,
} from "../../../protocol/report.ts";
import { handshakesTarget } from "../targets/handshakes.ts";
import { herdsTarget } from "../targets/herds.ts";
import { messagesTarget } from "../targets/messages.ts";
import { reportsTarget } from "../targets/reports.ts";
import { topologiesTarget } from "../targets/topologies.ts";
import type { PlantedFault } from "./planted_fault.ts";

/** A herd in which the last to come wins. */
class ForgetfulRouter extends FloodRouter {
  readonly #last = new Map<ByteString, ByteString>();

  override accept(
    report: Report,
    from?: string,
  ): ReturnType<FloodRouter["accept"]> {
    this.#last.set(report.client, report.line);
    return super.accept(report, from);
  }

  override newest(client: ByteString): ByteString | undefined {
    return super.newest(client) && this.#last.get(client);
  }
}

/** A herd that takes every answer for the last one. */
class HastyRouter extends FloodRouter {
  readonly #caughtUp = new Set<string>();

  override receive(from: string, message: Message): void {
    super.receive(from, message);
    if (message.verb === "SYNCED") this.#caughtUp.add(from);
  }

  override link(neighbour: string): Outbox {
    this.#caughtUp.delete(neighbour);
    return super.link(neighbour);
  }

  override hasCaughtUpWith(neighbour: string): boolean {
    return this.#caughtUp.has(neighbour);
  }
}

/** In reports, messages, memory, handshake and herd file. */
export const peerFaults: readonly PlantedFault[] = [
  {
    fault: "a report may end in a space",
    target: reportsTarget({
      readReport: (bytes, start, end, find, report) =>
        readReport(bytes, start, end, find, report) ||
        bytes[end - 1] === 0x20 &&
          readReport(bytes, start, end - 1, find, report),
    }),
    from: "of-hill",
  },
  {
    fault: "of reports of equal times neither is newer",
    target: reportsTarget({
      isNewer: (line, than) =>
        isNewer(line, than) && timeOf(line) !== timeOf(than),
    }),
    from: "two-of-other-times",
  },
  {
    fault: "hexadecimal digits may be in upper case",
    target: messagesTarget({
      parseMessage: (line, isServer) =>
        parseMessage(
          line.replace(/ .*/, (rest) => rest.toLowerCase()),
          (name) => isServer(name.charAt(0).toUpperCase() + name.slice(1)),
        ),
    }),
    from: "have",
  },
  {
    fault: "a horizon is written as the number prints",
    target: messagesTarget({
      formatMessage: (message) =>
        message.verb === "HORIZON"
          ? `HORIZON ${message.seconds}`
          : formatMessage(message),
    }),
    from: "horizon",
  },
  {
    fault: "the last report to come wins",
    target: herdsTarget((...args) => new ForgetfulRouter(...args)),
    from: "report-of-neighbour",
  },
  {
    fault: "a server has one client more than its limit",
    target: herdsTarget((options) => {
      const maxClients = options.limits.maxClients + 1;
      return new FloodRouter({
        ...options,
        limits: { ...options.limits, maxClients },
      });
    }),
    from: "memory-just-full",
  },
  {
    fault: "a server has caught up though it was told of more",
    target: herdsTarget((...args) => new HastyRouter(...args)),
    from: "synced",
  },
  {
    fault: "white space behind an introduction is overlooked",
    target: handshakesTarget({
      checkHello: (line, self, neighbours) =>
        checkHello(line.trimEnd(), self, neighbours),
    }),
    from: "hello",
  },
  {
    fault: "the first half of a proof is enough",
    target: handshakesTarget({
      checkProofs: (line, expected) =>
        checkProofs(
          line.slice(0, 38),
          expected.map((proof) => proof.slice(0, 32)),
        ),
    }),
    from: "proof",
  },
  {
    fault: "a link of the herd file goes one way",
    target: topologiesTarget((json, basePort) => {
      const { neighbours, servers } = parseTopology(json, basePort);
      const [first, ...others] = neighbours;
      const rest = others.map(([name]) => [name, []] as const);
      return { servers, neighbours: new Map([first, ...rest]) };
    }),
    from: "linked-twice",
  },
  {
    fault: "a herd file that is null is a crash",
    target: topologiesTarget((json, basePort) => {
      const { servers } = json as { servers: unknown };
      return parseTopology(servers === undefined ? {} : json, basePort);
    }),
    from: "one",
  },
];
