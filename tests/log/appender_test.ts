import fc from "../fast_check.ts";
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
  const failures: LogFailure[] = [];
  const appender = new Appender(
    { clock, onFailure: (failure) => failures.push(failure) },
    disk,
  );
  const append = (text: string) => appender.append(encodeBytes(text));
  return { append, appender, clock, disk, failures };
}

const incomplete = "2018-03-02T21:05:34.000000Z server -- error log-incomplete";

/**
 * Writes a batch to a disk with this much space. Returns the file's text and
 * the failures that were reported.
 */
async function writeInto(roomBytes: number) {
  const { append, disk, failures } = createAppender();
  disk.roomBytes = roomBytes;
  await append("first\nsecond\nthird\n");
  disk.roomBytes = Infinity;
  await append("last\n");
  return { text: disk.text, failures };
}

Deno.test({
  name:
    "a line truncated by a full disk is terminated, and only missing bytes are counted",
  permissions: "none",
  async fn() {
    const { text, failures } = await writeInto("first\nsec".length);
    assertEquals(
      text,
      `first\nsec\n${incomplete} lostLines=2 lostBytes=10 cutLines=1\nlast\n`,
    );
    const [failing, working, ...others] = failures;
    assert(failing.state === "failing");
    assertEquals(failing.error.message, "no space left on device");
    const loss = { lines: 2, bytes: 10 };
    assertEquals(working, { state: "working", loss });
    assertEquals(others, []);
  },
});

Deno.test({
  name: "a batch truncated between two lines needs no extra line feed",
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
  name: "a line that lacks only its LF is completed and not counted",
  permissions: "none",
  async fn() {
    const { text, failures } = await writeInto("first\nsecond\nthird".length);
    assertEquals(text, "first\nsecond\nthird\nlast\n");
    assertEquals(failures.at(-1), {
      state: "working",
      loss: { lines: 0, bytes: 0 },
    });
  },
});

Deno.test({
  name: "Appender continues after a partial write",
  permissions: "none",
  async fn() {
    const { append, disk, failures } = createAppender();
    const { writeSync } = disk;
    disk.writeSync = (bytes) => writeSync.call(disk, bytes.subarray(0, 4));
    await append("first\nsecond\n");
    assertEquals(disk.text, "first\nsecond\n");
    assertEquals(failures, []);
  },
});

Deno.test({
  name: "Appender reports a failure once, however often writing is retried",
  permissions: "none",
  async fn() {
    const { append, appender, disk, failures } = createAppender();
    for (const roomBytes of [0, 0, 100, 30, 0]) {
      disk.roomBytes = roomBytes;
      await append("0123456789".repeat(12) + "\n");
      assertEquals(appender.fault?.message, "no space left on device");
    }
    assertEquals(failures.map(({ state }) => state), ["failing"]);
    disk.roomBytes = Infinity;
    await append("");
    assertEquals(appender.fault, undefined);
    // The whole loss, though the log has recorded a part already.
    const [, working] = failures;
    assert(working.state === "working");
    assertEquals(working.loss.lines, 5);
    const lost = [...disk.text.matchAll(/lostLines=(\d+) /g)];
    assertEquals(lost.map(([, lines]) => Number(lines)), [2, 3]);
    appender.close();
    assertEquals(failures.length, 2);
  },
});

Deno.test({
  name:
    "every line is in the log or counted, in order, whenever the disk is full",
  permissions: "none",
  async fn() {
    const batches = fc.array(fc.record({
      lineLengths: fc.array(fc.nat(60), { minLength: 1, maxLength: 6 }),
      isAppended: fc.boolean(),
      // A `log-incomplete` record has about 90 bytes.
      roomBytes: fc.oneof(
        fc.nat(300),
        fc.constantFrom(0, Infinity),
      ),
    }));
    await assertProperty(fc.asyncProperty(batches, async (batches) => {
      const { append, appender, disk, failures } = createAppender();
      const lines: string[] = [];
      for (const { isAppended, lineLengths, roomBytes } of batches) {
        const added = lineLengths.map((length, index) =>
          `#${lines.length + index}:${"x".repeat(length)}`
        );
        lines.push(...added);
        const text = added.map((line) => `${line}\n`).join("");
        disk.roomBytes = roomBytes;
        if (isAppended) await append(text);
        else appender.drop(encodeBytes(text));
      }
      disk.roomBytes = Infinity;
      await append("#end\n");
      lines.push("#end");
      const all = disk.text.split("\n").slice(0, -1);
      // Finds partial lines as docs/PROTOCOL.md describes.
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
      const reported = failures.map((failure) =>
        failure.state === "working" ? failure.loss.lines : 0
      ).reduce((sum, count) => sum + count, 0);
      // A loss without a failed write is recorded only in the log.
      assert(reported <= lost(0));
    }));
  },
});

Deno.test({
  name:
    "a full file grows while the next cannot be opened, and nothing is lost",
  permissions: "none",
  async fn() {
    const { append, appender, clock, disk, failures } = createAppender();
    disk.maxFileBytes = 10;
    disk.canOpenNext = false;
    const write = async () => {
      const before = disk.attempts;
      await append("0123456789\n");
      return disk.attempts - before;
    };
    // One attempt writes the batch, another opens the next file.
    assertEquals([await write(), await write(), await write()], [2, 1, 1]);
    await clock.advance(retryIntervalMs);
    assertEquals([await write(), await write()], [2, 1]);
    assertEquals(disk.files, ["0123456789\n".repeat(5)]);
    const [stuck, ...others] = failures;
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
    assertEquals(failures.length, 1);
    // A new failure is reported again.
    disk.canOpenNext = false;
    await write();
    assertEquals(failures.length, 2);
  },
});

Deno.test({
  name: "if the disk fills up at the end of a file, the log stays in that file",
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
    // `log-continues` is truncated and counted like any other line.
    const [first] = disk.files;
    assert(
      /^0123456789\n2018-03-0\n\S+ server -- error log-incomplete lostLines=1 lostBytes=\d+ cutLines=1\n0123456789\n\S+ server -- info log-continues file="next.log"\n$/
        .test(first),
      first,
    );
  },
});

Deno.test({
  name:
    "appendSync() terminates partial lines and counts losses as append() does",
  permissions: "none",
  async fn() {
    const { append, appender, disk, failures } = createAppender();
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
    assertEquals(failures.map(({ state }) => state), ["failing", "working"]);
  },
});

Deno.test({
  name: "Appender counts all losses since it was created",
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
