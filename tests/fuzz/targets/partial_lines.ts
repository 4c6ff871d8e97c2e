/**
 * Commands without their LF: `sessions/partial_line.ts` with
 * `partialLineMs`.
 *
 * An input is what a client sends, and some of its bytes mean silence. For
 * every input, in any chunks, the replies are those of the reference, and each
 * is sent at the time of the reference:
 *
 * - a whole command that is followed by silence for `partialLineMs` is answered
 *   then, after the answers to the lines before it;
 * - white space and an LF that follow belong to it;
 * - everything else is answered as if there were no silence.
 *
 * @module
 */
import type { ByteString } from "../../../protocol/bytes.ts";
import { maxLineBytes, tooLongEchoBytes } from "../../../protocol/limits.ts";
import type { Random } from "../../../runtime/random.ts";
import { ClientConnection } from "../../../sessions/client_connection.ts";
import { drainMicrotasks, ManualClock } from "../../fakes/manual_clock.ts";
import { MemoryReplica } from "../../fakes/memory_replica.ts";
import { PipeEnd } from "../../fakes/pipe.ts";
import { trafficInText } from "../../fakes/text_traffic.ts";
import { FakeBackend } from "../../sessions/fake_backend.ts";
import { sessionContext } from "../../sessions/session_context.ts";
import { randomOf } from "../chunks.ts";
import { PartialLines } from "../reference/partial_lines.ts";
import { demand, demandSame, magnitude, type Target } from "../target.ts";
import { clientTokens } from "./tokens.ts";

const partialLineMs = 1_000;

/** The bytes that mean silence. */
const silences = {
  /** Queries are answered first. */
  "\x1e": { ms: partialLineMs, isAnswered: true },
  /** Queries stay open. */
  "\x1d": { ms: partialLineMs, isAnswered: false },
  /** It is a millisecond too short. */
  "\x1c": { ms: partialLineMs - 1, isAnswered: false },
} as const;

/** Further bytes of silence are sent like others, as each takes time. */
const maxSilences = 16;

/** Most chunks of what is sent without silence in it. */
const maxChunks = 4;

/** Enough for a refused connection to be closed, in milliseconds. */
const endMs = 10_000;

/** Creates the connection under test. */
type CreateConnection = (
  ...args: ConstructorParameters<typeof ClientConnection>
) => Pick<ClientConnection, "run">;

const bodyOf = (radius: ByteString, bound: ByteString) =>
  `{ "${radius}" : "${bound}" }`;

/** @param create Creates the connection under test. */
export function partialLinesTarget(
  create: CreateConnection = (...args) => new ClientConnection(...args),
): Target {
  return {
    name: "partial_lines",
    tokens: [
      ...clientTokens,
      "IAMAT kiwi +34-118 1520023934",
      "WHATSAT kiwi 10 5",
      ...Object.keys(silences),
      "\x1e\n",
      "\x1e\r\n",
    ],
    check: (input) => checkInput(create, input),
  };
}

async function checkInput(
  create: CreateConnection,
  input: ByteString,
): Promise<string> {
  const random = randomOf(input);
  const [server, client] = PipeEnd.pair();
  const backend = new FakeBackend();
  const clock = new ManualClock();
  const traffic = trafficInText({ received: () => {}, sent: () => {} });
  // The reference knows none of the limits on operands.
  const context = sessionContext(backend, new MemoryReplica(), {
    maxIdBytes: maxLineBytes,
    maxPositionBytes: maxLineBytes,
    maxTimeBytes: maxLineBytes,
    partialLineMs,
  });
  let end: string | undefined;
  create(server, traffic, { ...context, clock }).run()
    .then((reason) => end = reason);
  const expected = new PartialLines({
    partialLineMs,
    maxLineBytes,
    tooLongEchoBytes,
    now: backend.now(),
    bodyOf,
  });
  const answerQueries = async () => {
    expected.answerQueries();
    for (let open; (open = backend.queries.shift()) !== undefined;) {
      const { answer, query: { bound, radiusKm } } = open;
      answer(bodyOf(radiusKm, bound));
      await drainMicrotasks();
    }
  };
  const compare = (when: string) =>
    demandSame(`the replies ${when}`, client.takeAll(), expected.takeReplies());
  for (const step of stepsOf(input, random)) {
    if (typeof step === "string") {
      client.sendText(step);
      expected.receive(step);
      await drainMicrotasks();
      continue;
    }
    compare("before silence");
    if (step.isAnswered) await answerQueries();
    await clock.advance(step.ms);
    expected.elapse(step.ms);
    compare("after silence");
  }
  await client.closeWrite();
  expected.end();
  await drainMicrotasks();
  await answerQueries();
  await clock.advance(endMs);
  compare("at the end");
  const expectedEnd = expected.isTooLong ? "line too long" : "client closed";
  demandSame("the end", end, expectedEnd);
  demand("no timer is left", clock.timers === 0);
  const { counts } = expected;
  const hits = context.counts.hits.get("partial-line-ms") ?? 0;
  demandSame("how many answers count", hits, counts.answered);
  const sizes = Object.values(counts).map(magnitude).join();
  return `${sizes} ${expected.isTooLong}`;
}

type Silence = typeof silences[keyof typeof silences];

/** What is sent, in chunks, and the silence in between. */
function* stepsOf(
  input: ByteString,
  random: Random,
): Generator<ByteString | Silence> {
  let left = input;
  for (let count = 0; count < maxSilences; count++) {
    const at = [...left].findIndex((byte) => byte in silences);
    if (at < 0) break;
    yield* chunksOf(left.slice(0, at), random);
    yield silences[left[at] as keyof typeof silences];
    left = left.slice(at + 1);
  }
  yield* chunksOf(left, random);
}

function* chunksOf(
  text: ByteString,
  random: Random,
): Generator<ByteString> {
  let left = text;
  for (let chunk = 1; chunk < maxChunks && left !== ""; chunk++) {
    const size = 1 + random.below(left.length);
    yield left.slice(0, size);
    left = left.slice(size);
  }
  if (left !== "") yield left;
}
