/**
 * Faults in the protocol between servers, and in the herd file's parser.
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
import {
  type ByteString,
  decodeBytes,
  encodeBytes,
} from "../../../protocol/bytes.ts";
import { readDeletion } from "../../../protocol/deletion.ts";
import { isNewer } from "../../../protocol/order.ts";
import {
  lineOf,
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

/** A router that keeps the report that arrived last. */
class ForgetfulRouter extends FloodRouter {
  readonly #last = new Map<ByteString, ByteString>();

  override accept(
    report: Report,
    from?: string,
  ): ReturnType<FloodRouter["accept"]> {
    this.#last.set(report.client, report.record);
    return super.accept(report, from);
  }

  override newestRecord(client: ByteString): ByteString | undefined {
    return super.newestRecord(client) && this.#last.get(client);
  }
}

/** A router that sends no neighbour attributes. */
class SparingRouter extends FloodRouter {
  override link(neighbour: string): Outbox {
    return super.link(neighbour, false);
  }
}

/** A router that treats every SYNCED as the end of catch-up. */
class HastyRouter extends FloodRouter {
  readonly #caughtUp = new Set<string>();

  override receive(from: string, message: Message): string | undefined {
    const fault = super.receive(from, message);
    if (message.verb === "SYNCED") this.#caughtUp.add(from);
    return fault;
  }

  override link(neighbour: string, takesAttributes?: boolean): Outbox {
    this.#caughtUp.delete(neighbour);
    return super.link(neighbour, takesAttributes);
  }

  override hasCaughtUpWith(neighbour: string): boolean {
    return this.#caughtUp.has(neighbour);
  }
}

/** Faults in reports, messages, the router, the handshake and the herd file. */
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
    fault: "the attributes of a report may be any field",
    target: reportsTarget({
      readReport: (bytes, start, end, find, report) => {
        if (readReport(bytes, start, end, find, report)) return true;
        const recordEnd = bytes.lastIndexOf(0x20, end - 1);
        const isRead = recordEnd > start && recordEnd < end - 1 &&
          readReport(bytes, start, recordEnd, find, report);
        if (isRead) report.recordEnd = end;
        return isRead;
      },
    }),
    from: "with-attributes",
  },
  {
    fault: "attributes do not count in the order of reports",
    target: reportsTarget({
      isNewer: (record, than) => isNewer(lineOf(record), lineOf(than)),
    }),
    from: "two-the-same-and-an-empty-attribute",
  },
  {
    fault: "the time of a deletion may have zeros in front",
    target: reportsTarget({
      readDeletion: (bytes, start, end, deletion) => {
        if (readDeletion(bytes, start, end, deletion)) return true;
        const line = decodeBytes(bytes, start, end).replace(
          / 0+(?=[1-9])/,
          " ",
        );
        const read = encodeBytes(line);
        return readDeletion(read, 0, read.length, deletion);
      },
    }),
    from: "deletion",
  },
  {
    fault: "neither of two reports with equal times is newer",
    target: reportsTarget({
      isNewer: (line, than) =>
        isNewer(line, than) &&
        timeOf(lineOf(line)) !== timeOf(lineOf(than)),
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
    fault: "messages that are optional are refused",
    target: messagesTarget({
      parseMessage: (line, isServer) => {
        const message = parseMessage(line, isServer);
        return message?.verb === "OPTIONAL" ? undefined : message;
      },
    }),
    from: "have",
  },
  {
    fault: "a key of the tree may have fewer digits",
    target: messagesTarget({
      parseMessage: (line, isServer) =>
        parseMessage(
          line.replace(/^TREE ([0-9a-f]{31})$/, "TREE 0$1"),
          isServer,
        ),
    }),
    from: "tree",
  },
  {
    fault: "a list may name reports that are not below its node",
    target: messagesTarget({
      parseMessage: (line, isServer) => {
        const message = parseMessage(line, isServer);
        if (message !== undefined || !line.startsWith("LIST ")) return message;
        return parseMessage(line.replace(/^LIST \S+/, "LIST -"), isServer);
      },
    }),
    from: "list",
  },
  {
    fault: "a horizon is written without the zeros after its dot",
    target: messagesTarget({
      formatMessage: (message) =>
        message.verb === "HORIZON"
          ? `HORIZON ${message.time.seconds}.${message.time.nanoseconds}`
          : formatMessage(message),
    }),
    from: "horizon",
  },
  {
    fault: "the report that arrived last replaces a newer one",
    target: herdsTarget((...args) => new ForgetfulRouter(...args)),
    from: "report-of-neighbour",
  },
  {
    fault: "a report is sent without its attributes",
    target: herdsTarget((...args) => new SparingRouter(...args)),
    from: "attributes-that-are-not-valid",
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
    fault: "a server has caught up before the comparison is complete",
    target: herdsTarget((...args) => new HastyRouter(...args)),
    from: "synced",
  },
  {
    fault: "a hello may have any order of reports",
    target: handshakesTarget({
      checkHello: (line, self, neighbours) =>
        checkHello(
          line.replace(/ order=[^ ]+/, " order=heard"),
          self,
          neighbours,
        ),
    }),
    from: "hello",
  },
  {
    fault: "white space after a hello is ignored",
    target: handshakesTarget({
      checkHello: (line, self, neighbours) =>
        checkHello(line.trimEnd(), self, neighbours),
    }),
    from: "hello",
  },
  {
    fault: "a key may occur twice in a hello",
    target: handshakesTarget({
      checkHello: (line, self, neighbours) =>
        checkHello(
          line.replace(/ ([a-z]+=)(.*) \1/, " $1$2 x-$1"),
          self,
          neighbours,
        ),
    }),
    from: "hello-fields",
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
    fault: "a link of the herd file has only one direction",
    target: topologiesTarget((json, basePort) => {
      const { neighbours, servers } = parseTopology(json, basePort);
      const [first, ...others] = neighbours;
      const rest = others.map(([name]) => [name, []] as const);
      return { servers, neighbours: new Map([first, ...rest]) };
    }),
    from: "linked-twice",
  },
  {
    fault: "the parser crashes on a herd file that is null",
    target: topologiesTarget((json, basePort) => {
      const { servers } = json as { servers: unknown };
      return parseTopology(servers === undefined ? {} : json, basePort);
    }),
    from: "one",
  },
];
