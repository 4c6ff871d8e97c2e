/**
 * The messages between servers besides reports,
 * `peers/replication/messages.ts`.
 *
 * For every line:
 *
 * - `parseMessage` accepts the same lines as the reference, with the same
 *   numbers;
 * - every number is a safe integer, except the time of a HORIZON, which may
 *   have a fraction;
 * - `formatMessage` follows the grammar, and parsing its result gives the same
 *   message. The time of a HORIZON may change by a second at either end of the
 *   valid times.
 *
 * @module
 */
import {
  formatMessage,
  type Message,
  parseMessage,
} from "../../../peers/replication/messages.ts";
import { formatNode } from "../../../peers/store/digest_tree.ts";
import { readMessage } from "../reference/peer_lines.ts";
import {
  demand,
  demandAlike,
  demandSame,
  magnitude,
  type Target,
} from "../target.ts";
import { peerTokens } from "./tokens.ts";

const servers = ["Hill", "Jaquez", "Smith"];
const isServer = (name: string) => servers.includes(name);

const real = { formatMessage, parseMessage };

/** @param code The functions under test. */
export function messagesTarget(code: Partial<typeof real> = {}): Target {
  const { formatMessage, parseMessage } = { ...real, ...code };
  return {
    name: "messages",
    tokens: peerTokens,
    check(line) {
      const expected = readMessage(line, servers);
      const message = parseMessage(line, isServer);
      const isMessage = expected.objection === undefined;
      demandSame("whether it is a message", message !== undefined, isMessage);
      if (message === undefined || expected.objection !== undefined) {
        return `${expected.objection} ${magnitude(line.length)}`;
      }
      const { parts, verb } = expected;
      demandSame("the verb", message.verb, verb);
      demandAlike("the numbers", partsOf(message), parts);
      demand(
        "every number is a safe integer",
        parts.every((part) =>
          typeof part === "string" || Number.isSafeInteger(part)
        ),
      );
      const printed = formatMessage(message);
      const again = readMessage(printed, servers);
      demandSame(`the grammar of ${printed}`, again.objection, undefined);
      const read = parseMessage(printed, isServer)!;
      demandAlike("the message parsed again", read, message);
      const change = Math.sign(printed.length - line.length);
      return `${verb} ${magnitude(parts.length)} ${change}`;
    },
  };
}

/** A message's fields in the order of the reference. */
function partsOf(message: Message): (string | number)[] {
  switch (message.verb) {
    case "OPTIONAL":
      return [message.line];
    case "TREE":
      return [message.key];
    case "SEEN": {
      const { apart, others, table } = message.ages;
      return [table, apart, ...[...others].flat()];
    }
    case "ECHO":
    case "ECHOED":
      return [message.number];
    case "PING":
    case "SYNC":
    case "SYNCED":
      return [];
    case "PRUNE":
    case "GRAFT":
      return [message.server];
    case "CLOCK":
    case "HORIZON":
      return [message.time.seconds, message.time.nanoseconds];
    case "HAVE":
    case "WANT":
      return message.ids.flatMap(({ fingerprint, leaf }) => [
        leaf,
        fingerprint,
      ]);
    case "DIGEST":
      return [formatNode(message.node), ...message.digests];
    case "LIST":
    case "PART":
      return [
        formatNode(message.node),
        ...message.reports.flatMap((listed) => [
          listed.leaf,
          listed.client,
          listed.fingerprint,
          listed.seconds,
        ]),
      ];
  }
}
