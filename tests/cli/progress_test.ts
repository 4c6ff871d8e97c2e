import { Progress } from "../../cli/progress.ts";
import { withoutColours } from "../../cli/width.ts";
import { assertEquals } from "../assert.ts";

/** A stream that stores written text, and takes a few bytes at a time. */
class Stream {
  #text = "";
  readonly #decoder = new TextDecoder();

  constructor(readonly terminal: boolean) {}

  isTerminal(): boolean {
    return this.terminal;
  }

  writeSync(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, 7);
    const piece = bytes.subarray(0, count);
    this.#text += this.#decoder.decode(piece, { stream: true });
    return count;
  }

  /** The text written since the last call. */
  take(): string {
    const text = withoutColours(this.#text);
    this.#text = "";
    return text;
  }
}

const clear = "\r\x1b[K";

function start(stream: Stream, total?: number, columns = 80) {
  const time = { ms: 5_000 };
  const progress = new Progress({
    label: "phones",
    total,
    stream,
    nowMs: () => time.ms,
    columns: () => columns,
  });
  return { progress, time };
}

Deno.test({
  name: "progress is redrawn on one line, and removed at the end",
  permissions: "none",
  fn() {
    const stream = new Stream(true);
    const { progress, time } = start(stream, 30);
    const empty = "░".repeat(24);
    assertEquals(stream.take(), `${clear}phones  ${empty}    0%  0.0 s`);
    time.ms += 7_500;
    progress.update(7.5, "12 answers");
    const bar = "█".repeat(6) + "░".repeat(18);
    assertEquals(
      stream.take(),
      `${clear}phones  ${bar}   25%  7.5 s  12 answers`,
    );
    time.ms += 1_000;
    progress.update(31);
    assertEquals(
      stream.take(),
      `${clear}phones  ${"█".repeat(24)}  100%  8.5 s`,
    );
    progress[Symbol.dispose]();
    progress[Symbol.dispose]();
    progress.update(2);
    assertEquals(stream.take(), clear);
  },
});

Deno.test({
  name: "progress is drawn at most ten times a second",
  permissions: "none",
  fn() {
    const stream = new Stream(true);
    const { progress, time } = start(stream);
    let drawn = stream.take().split(clear).length - 1;
    for (let step = 1; step <= 1_000; step++) {
      time.ms += 1;
      progress.update(step);
    }
    drawn += stream.take().split(clear).length - 1;
    assertEquals(drawn, 11);
  },
});

Deno.test({
  name: "progress never wraps, and other lines are written above it",
  permissions: "none",
  fn() {
    const stream = new Stream(true);
    const { progress } = start(stream, undefined, 13);
    assertEquals(stream.take(), `${clear}phones  0.0…`);
    progress.printLine("Hill is gone");
    assertEquals(stream.take(), `${clear}Hill is gone\n${clear}phones  0.0…`);
    const { progress: counted, time } = start(stream);
    stream.take();
    time.ms += 100;
    counted.update(7);
    assertEquals(stream.take(), `${clear}phones  7  0.1 s`);
  },
});

Deno.test({
  name: "progress: the bar leaves room for the text beside it",
  permissions: "none",
  fn() {
    const stream = new Stream(true);
    const { progress, time } = start(stream, 2, 50);
    stream.take();
    time.ms += 100;
    progress.update(1, "12,345 answers");
    const bar = "█".repeat(6) + "░".repeat(6);
    assertEquals(
      stream.take(),
      `${clear}phones  ${bar}   50%  0.1 s  12,345 answers`,
    );
  },
});

Deno.test({
  name: "progress without a terminal is a line at the start and one at the end",
  permissions: "none",
  fn() {
    const stream = new Stream(false);
    const { progress, time } = start(stream, 30);
    assertEquals(stream.take(), "phones ...\n");
    time.ms += 30_000;
    progress.update(30, "12 answers");
    assertEquals(stream.take(), "");
    progress.printLine("Hill is gone");
    assertEquals(stream.take(), "Hill is gone\n");
    progress[Symbol.dispose]();
    progress[Symbol.dispose]();
    assertEquals(stream.take(), "phones: ended after 30.0 s  12 answers\n");
  },
});

Deno.test({
  name: "progress ignores errors of its stream",
  permissions: "none",
  fn() {
    let count = 0;
    const stream = {
      isTerminal: () => false,
      writeSync(): number {
        count += 1;
        throw new Error("No space left on device");
      },
    };
    const progress = new Progress({ label: "phones", stream });
    progress.printLine("a line");
    progress[Symbol.dispose]();
    assertEquals(count, 3);
  },
});
