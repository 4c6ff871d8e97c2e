import fc from "fast-check";
import { Appender, type LogFailure } from "../../log/appender.ts";
import { retryIntervalMs } from "../../log/limits.ts";
import { encodeBytes } from "../../protocol/bytes.ts";
import { assert, assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { MemoryLog } from "../fakes/memory_log.ts";

function createAppender() {
  const clock = new ManualClock();
  const disk = new MemoryLog();
  const troubles: LogFailure[] = [];
  const appender = new Appender(
    { clock, onFailure: (failure) => troubles.push(failure) },
    disk,
  );
  const append = (text: string) => appender.append(encodeBytes(text));
  return { append, appender, clock, disk, troubles };
}

const incomplete = "2018-03-02T21:05:34.000000Z server -- error log-incomplete";

/** What a batch leaves on a disk with so much room, and is said about it. */
async function writeInto(roomBytes: number) {
  const { append, disk, troubles } = createAppender();
  disk.roomBytes = roomBytes;
  await append("first\nsecond\nthird\n");
  disk.roomBytes = Infinity;
  await append("last\n");
  return { text: disk.text, troubles };
}

Deno.test({
  name: "a line that a full disk cut is ended, and only what lacks is counted",
  permissions: "none",
  async fn() {
    const { text, troubles } = await writeInto("first\nsec".length);
    assertEquals(
      text,
      `first\nsec\n${incomplete} lostLines=2 lostBytes=10 cutLines=1\nlast\n`,
    );
    const [failing, working, ...others] = troubles;
    assert(failing.state === "failing");
    assertEquals(failing.error.message, "no space left on device");
    const loss = { lines: 2, bytes: 10 };
    assertEquals(working, { state: "working", loss });
    assertEquals(others, []);
  },
});

Deno.test({
  name: "a batch that was cut between two lines needs no mending",
  permissions: "none",
  async fn() {
    const { text } = await writeInto("first\n".length);
    assertEquals(
      text,
      `first\n${incomplete} lostLines=2 lostBytes=13 cutLines=0\nlast\n`,
    );
  },
});

Deno.test({
  name: "a line that lacks only its end gets it, and is not counted",
  permissions: "none",
  async fn() {
    const { text, troubles } = await writeInto("first\nsecond\nthird".length);
    assertEquals(text, "first\nsecond\nthird\nlast\n");
    assertEquals(troubles.at(-1), {
      state: "working",
      loss: { lines: 0, bytes: 0 },
    });
  },
});

Deno.test({
  name: "Appender takes a part for an answer and goes on with the rest",
  permissions: "none",
  async fn() {
    const { append, disk, troubles } = createAppender();
    const { writeSync } = disk;
    disk.writeSync = (bytes) => writeSync.call(disk, bytes.subarray(0, 4));
    await append("first\nsecond\n");
    assertEquals(disk.text, "first\nsecond\n");
    assertEquals(troubles, []);
  },
});

Deno.test({
  name: "Appender tells of one trouble once, however often it is tried",
  permissions: "none",
  async fn() {
    const { append, appender, disk, troubles } = createAppender();
    for (const roomBytes of [0, 0, 100, 30, 0]) {
      disk.roomBytes = roomBytes;
      await append("0123456789".repeat(12) + "\n");
      assertEquals(appender.fault?.message, "no space left on device");
    }
    assertEquals(troubles.map(({ state }) => state), ["failing"]);
    disk.roomBytes = Infinity;
    await append("");
    assertEquals(appender.fault, undefined);
    // All of it, though the log has told of a part already.
    const [, over] = troubles;
    assert(over.state === "working");
    assertEquals(over.loss.lines, 5);
    const lost = [...disk.text.matchAll(/lostLines=(\d+) /g)];
    assertEquals(lost.map(([, lines]) => Number(lines)), [2, 3]);
    appender.close();
    assertEquals(troubles.length, 2);
  },
});

Deno.test({
  name: "whatever a disk takes, every line is in the log or counted, in order",
  permissions: "none",
  async fn() {
    const batches = fc.array(fc.record({
      lineLengths: fc.array(fc.nat(60), { minLength: 1, maxLength: 6 }),
      isTried: fc.boolean(),
      // An opening has some ninety bytes.
      roomBytes: fc.oneof(
        fc.nat(300),
        fc.constantFrom(0, Infinity),
      ),
    }));
    await assertProperty(fc.asyncProperty(batches, async (batches) => {
      const { append, appender, disk, troubles } = createAppender();
      const lines: string[] = [];
      for (const { isTried, lineLengths, roomBytes } of batches) {
        const fresh = lineLengths.map((length, index) =>
          `#${lines.length + index}:${"x".repeat(length)}`
        );
        lines.push(...fresh);
        const text = fresh.map((line) => `${line}\n`).join("");
        disk.roomBytes = roomBytes;
        if (isTried) await append(text);
        else appender.drop(encodeBytes(text));
      }
      disk.roomBytes = Infinity;
      await append("#end\n");
      lines.push("#end");
      const all = disk.text.split("\n").slice(0, -1);
      // As docs/PROTOCOL.md says how to read it.
      const cutIndexes = new Set(all.flatMap((line, index) => {
        const [, count] = line.match(/log-incomplete .* cutLines=(\d)$/) ?? [];
        return Array.from(
          { length: Number(count ?? 0) },
          (_, back) => index - 1 - back,
        );
      }));
      const isCut = (index: number) => cutIndexes.has(index);
      const found = all.filter((_, index) => !isCut(index));
      const whole = found.filter((line) => lines.includes(line));
      assertEquals(whole, lines.filter((line) => whole.includes(line)));
      const markers = found.filter((line) => line.startsWith("2018"))
        .map((line) => line.match(/ lostLines=(\d+) lostBytes=(\d+)/)!)
        .map(([, lines, bytes]) => [Number(lines), Number(bytes)]);
      assertEquals(whole.length + markers.length, found.length);
      const lost = (index: number) =>
        markers.reduce((sum, marker) => sum + marker[index], 0);
      assertEquals(whole.length + lost(0), lines.length);
      const cut = all.filter((line, index) =>
        isCut(index) && line.startsWith("#")
      );
      const there = whole.join("\n").length + 1 + cut.join("").length;
      assertEquals(there + lost(1), lines.join("\n").length + 1);
      const told = troubles.map((failure) =>
        failure.state === "working" ? failure.loss.lines : 0
      ).reduce((sum, count) => sum + count, 0);
      // What was dropped without a fault is in the log alone.
      assert(told <= lost(0));
    }));
  },
});

Deno.test({
  name:
    "a full file grows while the next cannot be opened, and nothing is lost",
  permissions: "none",
  async fn() {
    const { append, appender, clock, disk, troubles } = createAppender();
    disk.maxFileBytes = 10;
    disk.canOpenNext = false;
    const write = async () => {
      const before = disk.attempts;
      await append("0123456789\n");
      return disk.attempts - before;
    };
    // One attempt is the batch, another the next file.
    assertEquals([await write(), await write(), await write()], [2, 1, 1]);
    await clock.advance(retryIntervalMs);
    assertEquals([await write(), await write()], [2, 1]);
    assertEquals(disk.files, ["0123456789\n".repeat(5)]);
    const [stuck, ...others] = troubles;
    assert(stuck.state === "stuck");
    assertEquals(stuck.error.message, "permission denied");
    assertEquals(stuck.path, "next.log");
    assertEquals(others, []);
    assertEquals(appender.fault, undefined);
    disk.canOpenNext = true;
    await clock.advance(retryIntervalMs);
    await write();
    const [first, second] = disk.files;
    assertEquals(second, "");
    assertEquals(
      first,
      "0123456789\n".repeat(6) + "2018-03-02T21:05:36.000000Z server -- info " +
        'log-continues file="next.log"\n',
    );
    assertEquals(troubles.length, 1);
    // The next spell is told again.
    disk.canOpenNext = false;
    await write();
    assertEquals(troubles.length, 2);
  },
});

Deno.test({
  name: "a disk that fills up at the end of a file keeps it in that file",
  permissions: "none",
  async fn() {
    const { append, disk } = createAppender();
    disk.maxFileBytes = 11;
    disk.roomBytes = 20;
    await append("0123456789\n");
    assertEquals(disk.files, ["0123456789\n2018-03-0"]);
    disk.roomBytes = Infinity;
    await append("0123456789\n");
    assertEquals(disk.files.length, 2);
    // The farewell is a line like any other.
    const [first] = disk.files;
    assert(
      /^0123456789\n2018-03-0\n\S+ server -- error log-incomplete lostLines=1 lostBytes=\d+ cutLines=1\n0123456789\n\S+ server -- info log-continues file="next.log"\n$/
        .test(first),
      first,
    );
  },
});

Deno.test({
  name: "appendSync() mends and counts as append() does",
  permissions: "none",
  async fn() {
    const { append, appender, disk, troubles } = createAppender();
    disk.roomBytes = 3;
    await append("first\n");
    disk.roomBytes = 0;
    appender.appendSync(encodeBytes("second\n"));
    disk.roomBytes = Infinity;
    appender.appendSync(encodeBytes("third\n"));
    assertEquals(
      disk.text,
      `fir\n${incomplete} lostLines=2 lostBytes=10 cutLines=1\nthird\n`,
    );
    assertEquals(troubles.map(({ state }) => state), ["failing", "working"]);
  },
});

Deno.test({
  name: "Appender sums up what is missing since it was opened",
  permissions: "none",
  async fn() {
    const { append, appender, disk } = createAppender();
    assertEquals(appender.lost, { lines: 0, bytes: 0 });
    disk.roomBytes = 0;
    await append("first\nsecond\n");
    assertEquals(appender.lost, { lines: 2, bytes: 13 });
    disk.roomBytes = Infinity;
    await append("third\n");
    assertEquals(appender.lost, { lines: 2, bytes: 13 });
    disk.roomBytes = 0;
    await append("fourth\n");
    assertEquals(appender.lost, { lines: 3, bytes: 20 });
  },
});
