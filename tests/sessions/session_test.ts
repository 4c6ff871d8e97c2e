import fc from "../fast_check.ts";
import { parseCommand } from "../../protocol/command.ts";
import { defaultClientLimits, slotBytes } from "../../sessions/limits.ts";
import { createLineCounters } from "../../sessions/session.ts";
import { assert, assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";
import { RecordingTrafficLog } from "../fakes/recording_traffic.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { anyLine } from "../protocol/arbitraries.ts";
import { FakeBackend, type OpenQuery } from "./fake_backend.ts";
import {
  lateReplica,
  testOnReplicas,
  type TestReplica,
} from "./on_replicas.ts";
import { sessionContext } from "./session_context.ts";
import { TextSession } from "./text_session.ts";

const iamat =
  "IAMAT kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997";
const at =
  "AT Hill +0.263873386 kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997";

const { maxQueriesInFlight } = defaultClientLimits;

/** Small limits, so that the tests are fast. */
const maxRepliesWaiting = 64;
const maxReplyBytesWaiting = 64 * 1024;

function createSession(
  { arrive, create }: TestReplica,
  onReady = () => {},
) {
  const backend = new FakeBackend();
  const clock = new ManualClock();
  const replica = create(clock);
  const traffic = new RecordingTrafficLog();
  const context = sessionContext(backend, replica, {
    maxRepliesWaiting,
    maxReplyBytesWaiting,
  });
  const session = new TextSession(context, traffic, onReady);
  return {
    ...context,
    backend,
    replica,
    traffic,
    session,
    /** Waits until all pending answers of the replica have arrived. */
    arrive: () => arrive(clock),
  };
}

testOnReplicas({
  name: "Session answers IAMAT with the AT line, and puts the report",
  permissions: "none",
  fn(kind) {
    const { replica, session, traffic } = createSession(kind);
    session.receive(iamat);
    assertEquals(session.takeReplies(), [at + "\n"]);
    assertEquals(replica.accepted, [{ line: at, client: "kiwi.cs.ucla.edu" }]);
    assertEquals(traffic.lines, [`< ${iamat}`]);
  },
});

testOnReplicas({
  name: "Session copies the operands of IAMAT byte for byte",
  permissions: "none",
  fn(kind) {
    const { session } = createSession(kind);
    session.receive("\t IAMAT \xff\x00\xc3\xa9\xa0 +034.0-118.50 0001.50\r");
    assertEquals(session.takeReplies(), [
      "AT Hill +1520023933.682837383 \xff\x00\xc3\xa9\xa0 +034.0-118.50 0001.50\n",
    ]);
  },
});

testOnReplicas({
  name: "Session answers a WHATSAT about an unknown client as invalid",
  permissions: "none",
  async fn(kind) {
    const { arrive, backend, session } = createSession(kind);
    session.receive("WHATSAT kiwi 10 5");
    await arrive();
    assertEquals(session.takeReplies(), ["? WHATSAT kiwi 10 5\n"]);
    assertEquals(backend.queries.length, 0);
  },
});

testOnReplicas({
  name: "Session answers WHATSAT with AT, body and two newlines",
  permissions: "none",
  async fn(kind) {
    const { arrive, backend, session } = createSession(kind);
    session.receive(iamat);
    session.takeReplies();
    session.receive("WHATSAT kiwi.cs.ucla.edu 10 5");
    assertEquals(session.takeReplies(), []);
    await arrive();
    backend.queries[0].answer("{}");
    await arrive();
    assertEquals(session.takeReplies(), [`${at}\n{}\n\n`]);
  },
});

testOnReplicas({
  name: "Session accepts an operand up to its limit, and refuses a longer one",
  permissions: "none",
  async fn(kind) {
    const { arrive, counts, replica, session } = createSession(kind);
    const { maxIdBytes, maxPositionBytes, maxTimeBytes } = defaultClientLimits;
    const zeros = (bytes: number) => "0".repeat(bytes);
    const command = (id: number, position: number, time: number) =>
      `IAMAT ${"x".repeat(id)} ` +
      `+1.${zeros(position - 5)}-1 1.${zeros(time - 2)}`;
    const longest = command(maxIdBytes, maxPositionBytes, maxTimeBytes);
    session.receive(longest);
    assertEquals(session.takeReplies()[0].slice(0, 3), "AT ");
    assertEquals(replica.accepted.length, 1);
    const tooLong = [
      command(maxIdBytes + 1, 9, 9),
      command(9, maxPositionBytes + 1, 9),
      command(9, 9, maxTimeBytes + 1),
      // The same where white space is not the shortest.
      `\t${command(maxIdBytes + 1, 9, 9)}`,
      `WHATSAT ${"x".repeat(maxIdBytes + 1)} 1 1`,
    ];
    for (const line of tooLong) session.receive(line);
    await arrive();
    assertEquals(
      session.takeReplies().join(""),
      tooLong.map((line) => `? ${line}\n`).join(""),
    );
    assertEquals(replica.accepted.length, 1);
    assertEquals(
      [...counts.hits],
      [["id-bytes", 3], ["position-bytes", 1], ["time-bytes", 1]],
    );
  },
});

testOnReplicas({
  name: "Session refuses a report that its replica does not accept",
  permissions: "none",
  async fn(kind) {
    const { arrive, backend, counts, lines, replica, session } = createSession(
      kind,
    );
    session.receive(iamat);
    session.receive("WHATSAT kiwi.cs.ucla.edu 10 5");
    replica.refusal = "table-share";
    // Once after a query that waits, once before all.
    session.receive("IAMAT plum +1+1 5");
    await arrive();
    backend.queries[0].answer("{}");
    await arrive();
    session.receive("\tIAMAT  pear +1+1 5");
    assertEquals(
      session.takeReplies().join(""),
      `${at}\n${at}\n{}\n\n? IAMAT plum +1+1 5\n? \tIAMAT  pear +1+1 5\n`,
    );
    assertEquals(replica.accepted.length, 1);
    assertEquals([...counts.hits], [["table-share", 2]]);
    assertEquals([lines.iamat, lines.invalid], [1, 2]);
  },
});

testOnReplicas({
  name: "Session keeps the order of requests when answers come out of order",
  permissions: "none",
  async fn(kind) {
    const ready: number[] = [];
    const { arrive, backend, session } = createSession(
      kind,
      () => ready.push(1),
    );
    session.receive(iamat);
    session.receive("WHATSAT kiwi.cs.ucla.edu 1 1");
    session.receive("nonsense");
    session.receive("WHATSAT kiwi.cs.ucla.edu 2 2");
    session.receive(iamat.replace("kiwi", "pear"));
    assertEquals(session.takeReplies(), [at + "\n"]);
    await arrive();
    backend.queryWithin("2").answer("second");
    await arrive();
    assertEquals(session.takeReplies(), []);
    backend.queryWithin("1").answer("first");
    await arrive();
    assertEquals(session.takeReplies(), [
      `${at}\nfirst\n\n`,
      "? nonsense\n",
      `${at}\nsecond\n\n`,
      at.replace("kiwi", "pear") + "\n",
    ]);
    assertEquals(ready.length, 1);
  },
});

testOnReplicas({
  name: "Session puts a report at once, even after a slow query",
  permissions: "none",
  fn(kind) {
    const { replica, session } = createSession(kind);
    session.receive(iamat);
    session.receive("WHATSAT kiwi.cs.ucla.edu 1 1");
    session.receive(iamat.replace("kiwi", "pear"));
    assertEquals(replica.accepted.length, 2);
  },
});

testOnReplicas({
  name:
    "Session queries the position that the client had when the query arrived",
  permissions: "none",
  async fn(kind) {
    const { arrive, backend, session } = createSession(kind);
    session.receive(iamat);
    session.receive("WHATSAT kiwi.cs.ucla.edu 1 1");
    session.receive(iamat.replace("+34", "+35"));
    session.takeReplies();
    await arrive();
    backend.queries[0].answer("{}");
    await arrive();
    assertEquals(backend.queries[0].line, at);
    assertEquals(session.takeReplies(), [
      `${at}\n{}\n\n`,
      at.replace("+34", "+35") + "\n",
    ]);
  },
});

testOnReplicas({
  name: "Session gives every line exactly one reply",
  permissions: "none",
  async fn(kind) {
    await assertProperty(
      fc.asyncProperty(fc.array(anyLine, { maxLength: 30 }), async (lines) => {
        const { arrive, backend, session } = createSession(kind);
        for (const line of lines) session.receive(line);
        await arrive();
        for (const { answer } of backend.queries) answer("{}");
        await arrive();
        const replies = session.takeReplies();
        assertEquals(replies.length, lines.length);
        for (const [index, reply] of replies.entries()) {
          const isInvalid = parseCommand(lines[index]) === undefined;
          if (isInvalid) assertEquals(reply, `? ${lines[index]}\n`);
          assert(reply.endsWith("\n"));
        }
        assertEquals(session.isAwaiting, false);
      }),
      { numRuns: kind.isLate ? 40 : 200 },
    );
  },
});

testOnReplicas({
  name:
    "Session limits the queries in flight, queues the others in order, and receives reports meanwhile",
  permissions: "none",
  async fn(kind) {
    const { arrive, backend, replica, session } = createSession(kind);
    session.receive(iamat);
    const count = maxQueriesInFlight + 3;
    for (let radius = 0; radius < count; radius++) {
      session.receive(`WHATSAT kiwi.cs.ucla.edu ${radius} 1`);
    }
    session.receive(iamat.replace("kiwi", "pear"));
    assertEquals(replica.accepted.length, 2);
    assertEquals(session.whenWritable(), undefined);
    await arrive();
    assertEquals(backend.queries.length, maxQueriesInFlight);
    const answer = ({ answer, query }: OpenQuery) =>
      answer(`{${query.radiusKm}}`);
    // Answers come from the last to the first, but the replies are in order.
    for (let index = backend.queries.length - 1; index >= 0; index--) {
      answer(backend.queries[index]);
      await arrive();
    }
    assertEquals(backend.queries.length, count);
    for (const query of backend.queries) answer(query);
    await arrive();
    const radii = backend.queries.map(({ query }) => query.radiusKm);
    // A late replica finds the clients in a different order.
    if (kind.isLate) radii.sort((one, other) => Number(one) - Number(other));
    assertEquals(radii, radii.map((_, index) => String(index)));
    assertEquals(session.takeReplies(), [
      at + "\n",
      ...radii.map((radius) => `${at}\n{${radius}}\n\n`),
      at.replace("kiwi", "pear") + "\n",
    ]);
    assertEquals(session.isAwaiting, false);
  },
});

testOnReplicas({
  name: "abandon() starts no more queries, and awaits no answers",
  permissions: "none",
  async fn(kind) {
    const { arrive, backend, replica, session } = createSession(kind);
    session.receive(iamat);
    for (let count = 0; count < maxRepliesWaiting; count++) {
      session.receive("WHATSAT kiwi.cs.ucla.edu 1 1");
    }
    let isWritable = false;
    session.whenWritable()?.then(() => isWritable = true);
    await arrive();
    session.abandon();
    await arrive();
    assertEquals([isWritable, session.isAwaiting], [true, false]);
    session.receive("WHATSAT kiwi.cs.ucla.edu 1 1");
    assertEquals(session.whenWritable(), undefined);
    for (const { answer } of backend.queries) answer("{}");
    await arrive();
    assertEquals(backend.queries.length, maxQueriesInFlight);
    // Its reports are still accepted.
    session.receive(iamat.replace("kiwi", "pear"));
    assertEquals(replica.accepted.length, 2);
  },
});

testOnReplicas({
  name:
    "Session starts no queries and is not writable while too many bytes wait",
  permissions: "none",
  async fn(kind) {
    const { arrive, backend, session } = createSession(kind);
    session.receive(iamat);
    session.takeReplies();
    const count = 3 * maxQueriesInFlight;
    for (let index = 0; index < count; index++) {
      session.receive(`WHATSAT kiwi.cs.ucla.edu ${index} 1`);
      // The first three are started first.
      if (index === 2) await arrive();
    }
    await arrive();
    const half = "x".repeat(maxReplyBytesWaiting / 2);
    // The second answer reaches the limit; the first query is not answered yet.
    backend.queryWithin("1").answer(half);
    await arrive();
    assertEquals(backend.queries.length, maxQueriesInFlight + 1);
    assertEquals(session.whenWritable(), undefined);
    backend.queryWithin("2").answer(half);
    await arrive();
    assertEquals(backend.queries.length, maxQueriesInFlight + 1);
    let isWritable = false;
    session.whenWritable()?.then(() => isWritable = true);
    backend.queryWithin("0").answer("{}");
    await arrive();
    // The replies are ready but not taken yet.
    assertEquals([isWritable, backend.queries.length], [
      false,
      maxQueriesInFlight + 1,
    ]);
    assertEquals(session.takeReplies().length, 3);
    await arrive();
    assertEquals([isWritable, backend.queries.length], [
      true,
      maxQueriesInFlight + 3,
    ]);
  },
});

testOnReplicas({
  name: "Session counts the bytes of every waiting reply",
  permissions: "none",
  async fn(kind) {
    const { arrive, backend, counts, session } = createSession(kind);
    session.receive(iamat);
    session.takeReplies();
    session.receive("WHATSAT kiwi.cs.ucla.edu 1 1");
    const line = "x".repeat(maxReplyBytesWaiting / 32 - slotBytes);
    for (let count = 0; count < 32; count++) {
      assertEquals(session.whenWritable(), undefined);
      session.receive(line);
    }
    const writable = session.whenWritable();
    assert(writable !== undefined);
    await arrive();
    backend.queries[0].answer("{}");
    await arrive();
    assertEquals(session.takeReplies().length, 33);
    await writable;
    assertEquals([...counts.hits], [["reply-bytes", 1]]);
  },
});

testOnReplicas({
  name:
    "Session starts the query that all replies wait for, regardless of bytes",
  permissions: "none",
  async fn(kind) {
    const { arrive, backend, session } = createSession(kind);
    session.receive(iamat);
    for (let radius = 0; radius <= maxQueriesInFlight; radius++) {
      session.receive(`WHATSAT kiwi.cs.ucla.edu ${radius} 1`);
      await arrive();
    }
    const line = "x".repeat(maxReplyBytesWaiting / 16);
    for (let count = 0; count < 16; count++) session.receive(line);
    for (const { answer } of backend.queries) answer("{}");
    await arrive();
    // The replies are not taken yet.
    assertEquals(backend.queries.length, maxQueriesInFlight);
    assertEquals(session.takeReplies().length, 1 + maxQueriesInFlight);
    await arrive();
    assertEquals(backend.queries.length, maxQueriesInFlight + 1);
    backend.queries.at(-1)!.answer("{}");
    await arrive();
    assertEquals(session.takeReplies().length, 17);
    assertEquals(session.whenWritable(), undefined);
  },
});

testOnReplicas({
  name: "Session is not writable while too many replies wait",
  permissions: "none",
  async fn(kind) {
    const { arrive, backend, counts, session } = createSession(kind);
    session.receive(iamat);
    session.receive("WHATSAT kiwi.cs.ucla.edu 1 1");
    for (let count = 1; count < maxRepliesWaiting; count++) {
      assertEquals(session.whenWritable(), undefined);
      session.receive("what?");
    }
    let isWritable = false;
    session.whenWritable()?.then(() => isWritable = true);
    await arrive();
    assertEquals(isWritable, false);
    backend.queries[0].answer("{}");
    await arrive();
    assertEquals(isWritable, true);
    assertEquals(session.whenWritable(), undefined);
    assertEquals([...counts.hits], [["pipelined", 1]]);
  },
});

testOnReplicas({
  name: "Session counts lines by kind",
  permissions: "none",
  async fn(kind) {
    const { arrive, lines, session } = createSession(kind);
    session.receive("WHATSAT kiwi.cs.ucla.edu 10 5");
    session.receive(iamat);
    session.receive(` ${iamat}`);
    session.receive("WHATSAT kiwi.cs.ucla.edu 10 5");
    session.receive("");
    session.refuseTooLong("IAMAT");
    await arrive();
    const counted = { iamat: 2, whatsat: 1, invalid: 3 };
    assertEquals(lines, { ...createLineCounters(), ...counted });
  },
});

testOnReplicas({
  name: "Session records the duration of a query from its arrival",
  permissions: "none",
  async fn(kind) {
    const { arrive, backend, session } = createSession(kind);
    session.receive(iamat);
    for (let index = 0; index <= maxQueriesInFlight; index++) {
      session.receive("WHATSAT kiwi.cs.ucla.edu 10 5");
    }
    await arrive();
    backend.nowMs = 20;
    backend.queries[0].answer("{}");
    await arrive();
    // One more query is started now, after it has waited for all this time.
    backend.nowMs = 50;
    backend.queries[maxQueriesInFlight].answer("{}");
    await arrive();
    assertEquals(backend.durationsMs, [20, 50]);
  },
});

Deno.test({
  name: "Session fails without a `?` when the replica cannot answer",
  permissions: "none",
  async fn() {
    let readyCount = 0;
    const { arrive, lines, session } = createSession(
      lateReplica(1, 1),
      () => readyCount += 1,
    );
    session.receive("nonsense");
    session.receive("WHATSAT kiwi 10 5");
    session.receive("more nonsense");
    assertEquals(session.settling.failure, undefined);
    await arrive();
    assertEquals(
      session.settling.failure?.message,
      "the replica does not answer",
    );
    assertEquals([readyCount, session.isAwaiting], [1, true]);
    assertEquals(session.takeReplies(), ["? nonsense\n"]);
    assertEquals(lines, { ...createLineCounters(), invalid: 2 });
  },
});

Deno.test({
  name: "Session starts no query when the replica answers after abandon()",
  permissions: "none",
  async fn() {
    const { arrive, backend, lines, session } = createSession(lateReplica(1));
    session.receive(iamat);
    session.receive("WHATSAT kiwi.cs.ucla.edu 10 5");
    session.receive("WHATSAT nobody 10 5");
    session.abandon();
    await arrive();
    assertEquals(backend.queries, []);
    assertEquals(lines, { ...createLineCounters(), iamat: 1 });
  },
});
