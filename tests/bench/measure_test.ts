import { Recorder, Stopped } from "../../bench/measure.ts";
import { assertEquals, assertThrows } from "../assert.ts";

const measure = { name: "updates", run: () => Promise.resolve() };

/** A recorder of two rounds, and the lines that it prints. */
function open() {
  const lines: string[] = [];
  const recorder = new Recorder(2, (line) => lines.push(line));
  const contextOf = (round: number) =>
    recorder.contextFor(measure, {
      cores: { servers: [], load: [], description: "" },
      round,
      secondsAPoint: 1,
      folder: "",
    });
  return { lines, recorder, contextOf };
}

Deno.test({
  name: "samples are kept with their round, and printed at once",
  permissions: "none",
  fn() {
    const { contextOf, recorder, lines } = open();
    contextOf(1).add("herd", "50x16", { updatesPerSecond: 123_456, p50Us: 7 });
    contextOf(2).add("herd", "50x16", { updatesPerSecond: 99 });
    const [first, ...others] = recorder.samplesUpTo(1);
    assertEquals(others, []);
    assertEquals(first, {
      measure: "updates",
      subject: "herd",
      point: "50x16",
      round: 1,
      values: { updatesPerSecond: 123_456, p50Us: 7 },
    });
    assertEquals(recorder.samplesUpTo(2).length, 2);
    assertEquals(lines, [
      "1/2 updates, 50x16, herd: updatesPerSecond 123,000",
      "2/2 updates, 50x16, herd: updatesPerSecond 99",
    ]);
  },
});

Deno.test({
  name: "a missing subject is printed every time, in one line, and kept once",
  permissions: "none",
  fn() {
    const { contextOf, recorder, lines } = open();
    contextOf(1).missing("java", "apt-get install java");
    contextOf(2).missing("java", "failed:\n  it ended\n");
    assertEquals(recorder.missing, [{
      measure: "updates",
      subject: "java",
      reason: "apt-get install java",
    }]);
    assertEquals(lines, [
      "1/2 updates, java: missing: apt-get install java",
      "2/2 updates, java: missing: failed: it ended",
    ]);
  },
});

Deno.test({
  name: "a stopped measure ends when it next records something",
  permissions: "none",
  fn() {
    const { contextOf, recorder, lines } = open();
    const { add, missing } = contextOf(1);
    recorder.throwIfStopped();
    recorder.stop("SIGINT");
    assertThrows(() => add("herd", "1x1", { p50Us: 1 }), Stopped, "SIGINT");
    assertThrows(() => missing("java", "failed"), Stopped);
    assertThrows(() => recorder.throwIfStopped(), Stopped);
    assertEquals(recorder.samplesUpTo(1), []);
    assertEquals(recorder.missing, []);
    assertEquals(lines, []);
  },
});
