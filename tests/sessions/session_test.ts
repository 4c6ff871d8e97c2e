import fc from "fast-check";
import { parseCommand } from "../../protocol/command.ts";
import { defaultClientLimits, slotBytes } from "../../sessions/limits.ts";
import { assert, assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";
import { RecordingTrafficLog } from "../fakes/recording_traffic.ts";
import { drainMicrotasks } from "../fakes/manual_clock.ts";
import { anyLine } from "../protocol/arbitraries.ts";
import { FakeBackend } from "./fake_backend.ts";
import { sessionContext } from "./session_context.ts";
import { TextSession } from "./text_session.ts";

const iamat =
  "IAMAT kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997";
const at =
  "AT Hill +0.263873386 kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997";

const { maxQueriesInFlight, maxRepliesWaiting, maxReplyBytesWaiting } =
  defaultClientLimits;

function createSession(onReady = () => {}) {
  const backend = new FakeBackend();
  const traffic = new RecordingTrafficLog();
  const context = sessionContext(backend);
  const session = new TextSession(context, traffic, onReady);
  return { ...context, backend, traffic, session };
}

Deno.test({
  name: "Session answers IAMAT with the AT line and takes the report",
  permissions: "none",
  fn() {
    const { backend, session, traffic } = createSession();
    session.receive(iamat);
    assertEquals(session.takeReplies(), [at + "\n"]);
    assertEquals(backend.accepted, [{ line: at, client: "kiwi.cs.ucla.edu" }]);
    assertEquals(traffic.lines, [`< ${iamat}`]);
  },
});

Deno.test({
  name: "Session copies the operands of IAMAT byte for byte",
  permissions: "none",
  fn() {
    const { session } = createSession();
    session.receive("\t IAMAT \xff\x00\xc3\xa9\xa0 +034.0-118.50 0001.50\r");
    assertEquals(session.takeReplies(), [
      "AT Hill +1520023933.682837383 \xff\x00\xc3\xa9\xa0 +034.0-118.50 0001.50\n",
    ]);
  },
});

Deno.test({
  name: "Session answers a WHATSAT about an unknown client as invalid",
  permissions: "none",
  fn() {
    const { backend, session } = createSession();
    session.receive("WHATSAT kiwi 10 5");
    assertEquals(session.takeReplies(), ["? WHATSAT kiwi 10 5\n"]);
    assertEquals(backend.questions.length, 0);
  },
});

Deno.test({
  name: "Session answers WHATSAT with AT, body and two newlines",
  permissions: "none",
  async fn() {
    const { backend, session } = createSession();
    session.receive(iamat);
    session.takeReplies();
    session.receive("WHATSAT kiwi.cs.ucla.edu 10 5");
    assertEquals(session.takeReplies(), []);
    backend.questions[0].answer("{}");
    await drainMicrotasks();
    assertEquals(session.takeReplies(), [`${at}\n{}\n\n`]);
  },
});

Deno.test({
  name: "Session keeps the order of requests when answers come out of order",
  permissions: "none",
  async fn() {
    const ready: number[] = [];
    const { backend, session } = createSession(() => ready.push(1));
    session.receive(iamat);
    session.receive("WHATSAT kiwi.cs.ucla.edu 1 1");
    session.receive("nonsense");
    session.receive("WHATSAT kiwi.cs.ucla.edu 2 2");
    session.receive(iamat.replace("kiwi", "pear"));
    assertEquals(session.takeReplies(), [at + "\n"]);
    backend.questions[1].answer("second");
    await drainMicrotasks();
    assertEquals(session.takeReplies(), []);
    backend.questions[0].answer("first");
    await drainMicrotasks();
    assertEquals(session.takeReplies(), [
      `${at}\nfirst\n\n`,
      "? nonsense\n",
      `${at}\nsecond\n\n`,
      at.replace("kiwi", "pear") + "\n",
    ]);
    assertEquals(ready.length, 1);
  },
});

Deno.test({
  name: "Session takes an IAMAT at once that stands behind a slow question",
  permissions: "none",
  fn() {
    const { backend, session } = createSession();
    session.receive(iamat);
    session.receive("WHATSAT kiwi.cs.ucla.edu 1 1");
    session.receive(iamat.replace("kiwi", "pear"));
    assertEquals(backend.accepted.length, 2);
  },
});

Deno.test({
  name: "Session asks about where the client was when the question came",
  permissions: "none",
  async fn() {
    const { backend, session } = createSession();
    session.receive(iamat);
    session.receive("WHATSAT kiwi.cs.ucla.edu 1 1");
    session.receive(iamat.replace("+34", "+35"));
    session.takeReplies();
    backend.questions[0].answer("{}");
    await drainMicrotasks();
    assertEquals(backend.questions[0].line, at);
    assertEquals(session.takeReplies(), [
      `${at}\n{}\n\n`,
      at.replace("+34", "+35") + "\n",
    ]);
  },
});

Deno.test({
  name: "Session gives every line exactly one answer",
  permissions: "none",
  async fn() {
    await assertProperty(
      fc.asyncProperty(fc.array(anyLine, { maxLength: 30 }), async (lines) => {
        const { backend, session } = createSession();
        for (const line of lines) session.receive(line);
        for (const { answer } of backend.questions) answer("{}");
        await drainMicrotasks();
        const replies = session.takeReplies();
        assertEquals(replies.length, lines.length);
        for (const [index, reply] of replies.entries()) {
          const isInvalid = parseCommand(lines[index]) === undefined;
          if (isInvalid) assertEquals(reply, `? ${lines[index]}\n`);
          assert(reply.endsWith("\n"));
        }
        assertEquals(session.isAwaiting, false);
      }),
      { numRuns: 200 },
    );
  },
});

Deno.test({
  name:
    "Session asks so many questions at once, the rest in order, and takes IAMATs meanwhile",
  permissions: "none",
  async fn() {
    const { backend, session } = createSession();
    session.receive(iamat);
    const count = maxQueriesInFlight + 3;
    for (let radius = 0; radius < count; radius++) {
      session.receive(`WHATSAT kiwi.cs.ucla.edu ${radius} 1`);
    }
    session.receive(iamat.replace("kiwi", "pear"));
    assertEquals(backend.accepted.length, 2);
    assertEquals(session.whenWritable(), undefined);
    assertEquals(backend.questions.length, maxQueriesInFlight);
    // Answered from the last to the first, they come out in order.
    for (let index = backend.questions.length - 1; index >= 0; index--) {
      backend.questions[index].answer(`{${index}}`);
      await drainMicrotasks();
    }
    assertEquals(backend.questions.length, count);
    for (const [index, { answer }] of backend.questions.entries()) {
      answer(`{${index}}`);
    }
    await drainMicrotasks();
    const asked = backend.questions.map(({ question }) => question.radiusKm);
    assertEquals(asked, asked.map((_, index) => String(index)));
    assertEquals(session.takeReplies(), [
      at + "\n",
      ...asked.map((radius) => `${at}\n{${radius}}\n\n`),
      at.replace("kiwi", "pear") + "\n",
    ]);
    assertEquals(session.isAwaiting, false);
  },
});

Deno.test({
  name:
    "Session asks nothing more for a client that is gone, and awaits nothing",
  permissions: "none",
  async fn() {
    const { backend, session } = createSession();
    session.receive(iamat);
    for (let count = 0; count < maxRepliesWaiting; count++) {
      session.receive("WHATSAT kiwi.cs.ucla.edu 1 1");
    }
    let isCalm = false;
    session.whenWritable()?.then(() => isCalm = true);
    session.abandon();
    await drainMicrotasks();
    assertEquals([isCalm, session.isAwaiting], [true, false]);
    session.receive("WHATSAT kiwi.cs.ucla.edu 1 1");
    assertEquals(session.whenWritable(), undefined);
    for (const { answer } of backend.questions) answer("{}");
    await drainMicrotasks();
    assertEquals(backend.questions.length, maxQueriesInFlight);
    // What it has reported counts.
    session.receive(iamat.replace("kiwi", "pear"));
    assertEquals(backend.accepted.length, 2);
  },
});

Deno.test({
  name: "Session asks nothing and is not calm while too many bytes wait",
  permissions: "none",
  async fn() {
    const { backend, session } = createSession();
    session.receive(iamat);
    session.takeReplies();
    const count = 3 * maxQueriesInFlight;
    for (let index = 0; index < count; index++) {
      session.receive("WHATSAT kiwi.cs.ucla.edu 1 1");
    }
    const half = "x".repeat(maxReplyBytesWaiting / 2);
    // The second fills what there may be; the first is not answered yet.
    backend.questions[1].answer(half);
    await drainMicrotasks();
    assertEquals(backend.questions.length, maxQueriesInFlight + 1);
    assertEquals(session.whenWritable(), undefined);
    backend.questions[2].answer(half);
    await drainMicrotasks();
    assertEquals(backend.questions.length, maxQueriesInFlight + 1);
    let isCalm = false;
    session.whenWritable()?.then(() => isCalm = true);
    backend.questions[0].answer("{}");
    await drainMicrotasks();
    // Ready is not written yet: nobody has read it.
    assertEquals([isCalm, backend.questions.length], [
      false,
      maxQueriesInFlight + 1,
    ]);
    assertEquals(session.takeReplies().length, 3);
    await drainMicrotasks();
    assertEquals([isCalm, backend.questions.length], [
      true,
      maxQueriesInFlight + 3,
    ]);
  },
});

Deno.test({
  name: "Session counts the bytes of every reply that waits",
  permissions: "none",
  async fn() {
    const { backend, counts, session } = createSession();
    session.receive(iamat);
    session.takeReplies();
    session.receive("WHATSAT kiwi.cs.ucla.edu 1 1");
    const line = "x".repeat(maxReplyBytesWaiting / 256 - slotBytes);
    for (let count = 0; count < 256; count++) {
      assertEquals(session.whenWritable(), undefined);
      session.receive(line);
    }
    const calm = session.whenWritable();
    assert(calm !== undefined);
    backend.questions[0].answer("{}");
    await drainMicrotasks();
    assertEquals(session.takeReplies().length, 257);
    await calm;
    assertEquals([...counts.hits], [["reply-bytes", 1]]);
  },
});

Deno.test({
  name: "Session is not calm while too many replies wait",
  permissions: "none",
  async fn() {
    const { backend, counts, session } = createSession();
    session.receive(iamat);
    session.receive("WHATSAT kiwi.cs.ucla.edu 1 1");
    for (let count = 1; count < maxRepliesWaiting; count++) {
      assertEquals(session.whenWritable(), undefined);
      session.receive("what?");
    }
    let isCalm = false;
    session.whenWritable()?.then(() => isCalm = true);
    await drainMicrotasks();
    assertEquals(isCalm, false);
    backend.questions[0].answer("{}");
    await drainMicrotasks();
    assertEquals(isCalm, true);
    assertEquals(session.whenWritable(), undefined);
    assertEquals([...counts.hits], [["pipelined", 1]]);
  },
});

Deno.test({
  name: "Session counts lines by what they were answered as",
  permissions: "none",
  fn() {
    const { lines, session } = createSession();
    session.receive("WHATSAT kiwi.cs.ucla.edu 10 5");
    session.receive(iamat);
    session.receive(` ${iamat}`);
    session.receive("WHATSAT kiwi.cs.ucla.edu 10 5");
    session.receive("");
    session.refuseTooLong("IAMAT");
    assertEquals(lines, { iamat: 2, whatsat: 1, invalid: 3 });
  },
});

Deno.test({
  name: "Session tells how long a question took, from when it came in",
  permissions: "none",
  async fn() {
    const { backend, session } = createSession();
    session.receive(iamat);
    for (let index = 0; index <= maxQueriesInFlight; index++) {
      session.receive("WHATSAT kiwi.cs.ucla.edu 10 5");
    }
    backend.nowMs = 20;
    backend.questions[0].answer("{}");
    await drainMicrotasks();
    // One more is asked now, which has waited for its turn all the time.
    backend.nowMs = 50;
    backend.questions[maxQueriesInFlight].answer("{}");
    await drainMicrotasks();
    assertEquals(backend.durationsMs, [20, 50]);
  },
});
