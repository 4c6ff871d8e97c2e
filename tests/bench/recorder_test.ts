import { Recorder, Stopped } from "../../bench/recorder.ts";
import { assertEquals, assertThrows } from "../assert.ts";

const measure = {
  name: "updates",
  title: "",
  run: () => Promise.resolve(),
};

/** A recorder, and how to get a context of one of its two rounds. */
function open() {
  const said: string[] = [];
  const recorder = new Recorder(2, (line) => said.push(line));
  const contextOf = (round: number) =>
    recorder.contextFor(measure, {
      cores: { servers: [], load: [], description: "" },
      round,
      secondsAPoint: 1,
      folder: "",
    });
  return { said, recorder, contextOf };
}

Deno.test({
  name: "samples are kept with their round, and told as they come",
  permissions: "none",
  fn() {
    const { contextOf, recorder, said } = open();
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
    assertEquals(said, [
      "1/2 updates, 50x16, herd: updatesPerSecond 123,000",
      "2/2 updates, 50x16, herd: updatesPerSecond 99",
    ]);
  },
});

Deno.test({
  name: "who is missing is told every time, in one line, and kept once",
  permissions: "none",
  fn() {
    const { contextOf, recorder, said } = open();
    contextOf(1).missing("java", "apt-get install java");
    contextOf(2).missing("java", "failed:\n  it ended\n");
    assertEquals(recorder.missing, [{
      measure: "updates",
      subject: "java",
      reason: "apt-get install java",
    }]);
    assertEquals(said, [
      "1/2 updates, java: missing: apt-get install java",
      "2/2 updates, java: missing: failed: it ended",
    ]);
  },
});

Deno.test({
  name: "a measure is ended by what it says next when the user has stopped it",
  permissions: "none",
  fn() {
    const { contextOf, recorder, said } = open();
    const { add, missing } = contextOf(1);
    recorder.throwIfStopped();
    recorder.stop("SIGINT");
    assertThrows(() => add("herd", "1x1", { p50Us: 1 }), Stopped, "SIGINT");
    assertThrows(() => missing("java", "failed"), Stopped);
    assertThrows(() => recorder.throwIfStopped(), Stopped);
    assertEquals(recorder.samplesUpTo(1), []);
    assertEquals(recorder.missing, []);
    assertEquals(said, []);
  },
});
