/**
 * A client's session, `sessions/session.ts`, after the framer.
 *
 * For every stream, in any chunks, and with answers to its queries in any
 * order, each line gets exactly one reply. The replies are in order, and equal
 * to those of the reference. A report is put before its reply. A query is about
 * the client's newest report at its time. No reply is awaited at the end.
 *
 * @module
 */
import { type ByteString, encodeBytes } from "../../../protocol/bytes.ts";
import type { QueryArea } from "../../../sessions/session.ts";
import { LineFramer } from "../../../protocol/framer.ts";
import { maxLineBytes, tooLongEchoBytes } from "../../../protocol/limits.ts";
import { ReportWriter } from "../../../protocol/report.ts";
import { Session, type SessionBackend } from "../../../sessions/session.ts";
import { MemoryReplica } from "../../fakes/memory_replica.ts";
import { trafficInText } from "../../fakes/text_traffic.ts";
import { sessionContext } from "../../sessions/session_context.ts";
import type { Random } from "../../../runtime/random.ts";
import { cutAtRandom, randomOf } from "../chunks.ts";
import { atLine, readCommand } from "../reference/commands.ts";
import { linesOf } from "../reference/lines.ts";
import { demandAlike, demandSame, magnitude, type Target } from "../target.ts";
import { clientTokens } from "./tokens.ts";

const now = { seconds: 1520023935, nanoseconds: 182837383 };

/** Creates a session. */
type CreateSession = (
  ...args: ConstructorParameters<typeof Session>
) => Pick<
  Session,
  "stampTime" | "receive" | "refuseTooLong" | "takeReplies" | "isAwaiting"
>;

/** A query that waits for its answer. */
interface OpenQuery {
  readonly text: ByteString;
  readonly answer: (body: ByteString) => void;
}

/** A backend that answers when it is called, without waiting for a promise. */
class PromptBackend implements SessionBackend {
  readonly reports = new ReportWriter("Hill");
  readonly queries: OpenQuery[] = [];
  readonly now = () => now;
  readonly elapsedMs = () => 0;
  readonly recordQueryDuration = () => {};

  readonly places = (line: ByteString, { bound, radiusKm }: QueryArea) => {
    const text = bodyOf(line, radiusKm, bound);
    const promised = {
      then: (answer: (body: ByteString) => void) => {
        this.queries.push({ text, answer });
      },
    };
    return promised as Promise<ByteString>;
  };

  /** Answers one of the waiting queries. */
  answerOne(random: Random): void {
    const [query] = this.queries.splice(
      random.below(this.queries.length),
      1,
    );
    query.answer(query.text);
  }
}

/** A body that identifies its query. */
function bodyOf(line: ByteString, radius: string, bound: string): ByteString {
  return `{${line.slice(3, 300)} ${radius} ${bound}}`;
}

/** @param create Creates the session under test. */
export function sessionsTarget(
  create: CreateSession = (...args) => new Session(...args),
): Target {
  return {
    name: "sessions",
    tokens: [
      ...clientTokens,
      "\nWHATSAT kiwi 10 5\n",
      "IAMAT kiwi +34-118 1520023934\n",
    ],
    check(stream) {
      const random = randomOf(`${stream}\n`);
      const backend = new PromptBackend();
      const received: ByteString[] = [];
      const traffic = trafficInText({
        received: (line) => received.push(line),
        sent: () => {},
      });
      // The reference knows the grammar, and none of the limits of one server.
      const context = sessionContext(backend, new MemoryReplica(), {
        maxIdBytes: maxLineBytes,
        maxPositionBytes: maxLineBytes,
        maxTimeBytes: maxLineBytes,
      });
      const session = create(context, traffic, { onReady() {} });
      const replies: ByteString[] = [];
      const take = (): boolean => {
        const batch = session.takeReplies();
        if (batch === undefined) return false;
        const { ends, text } = batch;
        ends.forEach((end, index) =>
          replies.push(text.slice(ends[index - 1] ?? 0, end))
        );
        context.replyPool.release(batch);
        return true;
      };
      const framer = new LineFramer();
      for (const chunk of cutAtRandom(stream)) {
        const buffer = encodeBytes(chunk);
        framer.push(buffer, chunk.length);
        session.stampTime();
        receiveLines(framer, session);
        buffer.fill(0x20);
        if (backend.queries.length > 0 && random.chance(1 / 2)) {
          backend.answerOne(random);
        }
        if (random.chance(1 / 2)) take();
      }
      if (framer.end()) {
        session.receive(framer.bytes, framer.start, framer.stop);
      }
      if (framer.tooLong !== undefined) session.refuseTooLong(framer.tooLong);
      while (backend.queries.length > 0) backend.answerOne(random);
      // A batch is about as long as one write, so the rest needs another.
      while (take());
      const expected = repliesTo(stream);
      demandSame("how many replies", replies.length, expected.replies.length);
      demandAlike("the replies", replies, expected.replies);
      demandSame("how many lines", received.length, replies.length);
      demandSame("whether something is awaited", session.isAwaiting, false);
      return expected.signature;
    },
  };
}

function receiveLines(
  framer: LineFramer,
  session: Pick<Session, "receive">,
): void {
  while (framer.next()) {
    session.receive(framer.bytes, framer.start, framer.stop);
  }
}

/** The expected replies, and a signature of the kinds of lines. */
function repliesTo(
  stream: ByteString,
): { replies: ByteString[]; signature: string } {
  const { last, tooLong, whole } = linesOf(stream, maxLineBytes);
  const known = new Map<ByteString, ByteString>();
  const counts = { report: 0, query: 0, unknown: 0, invalid: 0 };
  const invalid = (line: ByteString) => `? ${line}\n`;
  const reply = (line: ByteString): ByteString => {
    const reading = readCommand(line);
    if (reading.verb === undefined) {
      counts.invalid += 1;
      return invalid(line);
    }
    const [client, radius, bound] = reading.operands;
    if (reading.verb === "IAMAT") {
      counts.report += 1;
      const report = atLine("Hill", now, reading.operands);
      known.set(client, report);
      return `${report}\n`;
    }
    const newest = known.get(client);
    if (newest === undefined) {
      counts.unknown += 1;
      return invalid(line);
    }
    counts.query += 1;
    return `${newest}\n${bodyOf(newest, radius, bound)}\n\n`;
  };
  const replies = whole.map(reply);
  if (last !== "") replies.push(reply(last));
  if (tooLong !== undefined) {
    replies.push(invalid(tooLong.slice(0, tooLongEchoBytes)));
  }
  const sizes = Object.values(counts).map(magnitude).join();
  return { replies, signature: `${sizes} ${tooLong === undefined}` };
}
