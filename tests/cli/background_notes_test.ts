import { BackgroundNotes } from "../../cli/background_notes.ts";
import { assertEquals } from "../assert.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";

/** A pipe that its reader can stop to read. */
function createPipe() {
  let text = "";
  let isRead = true;
  let waiting: (() => void)[] = [];
  return {
    async write(bytes: Uint8Array): Promise<number> {
      if (!isRead) await new Promise<void>((resolve) => waiting.push(resolve));
      const part = bytes.subarray(0, 10);
      text += new TextDecoder().decode(part);
      return part.length;
    },
    get text() {
      return text;
    },
    stop: () => void (isRead = false),
    read() {
      isRead = true;
      for (const resolve of waiting) resolve();
      waiting = [];
    },
  };
}

Deno.test({
  name: "BackgroundNotes writes whole lines in order",
  permissions: "none",
  async fn() {
    const pipe = createPipe();
    const notes = new BackgroundNotes(pipe, new ManualClock());
    notes.note("the log cannot be written");
    notes.note("the log can be written again");
    await notes.flush();
    assertEquals(
      pipe.text,
      "the log cannot be written\nthe log can be written again\n",
    );
  },
});

Deno.test({
  name:
    "BackgroundNotes limits the lines that wait unread, and counts those it drops",
  permissions: "none",
  async fn() {
    const pipe = createPipe();
    const notes = new BackgroundNotes(pipe, new ManualClock());
    pipe.stop();
    const line = "x".repeat(1023);
    for (let count = 0; count < 100; count++) notes.note(line);
    await drainMicrotasks();
    assertEquals(pipe.text, "");
    pipe.read();
    await notes.flush();
    assertEquals(
      pipe.text,
      `${line}\n`.repeat(64) +
        "36 lines are missing here: they were not read in time\n",
    );
  },
});

Deno.test({
  name: "flush() ends even if nothing is read",
  permissions: "none",
  async fn() {
    const pipe = createPipe();
    const clock = new ManualClock();
    const notes = new BackgroundNotes(pipe, clock);
    pipe.stop();
    notes.note("nobody reads this");
    const flushed = notes.flush();
    await clock.advance(1_000);
    await flushed;
    assertEquals(pipe.text, "");
    pipe.read();
    await drainMicrotasks();
  },
});

Deno.test({
  name: "BackgroundNotes ignores a stream that accepts nothing",
  permissions: "none",
  async fn() {
    const notes = new BackgroundNotes({
      write: () => Promise.reject(new Deno.errors.BrokenPipe()),
    }, new ManualClock());
    notes.note("nobody reads this");
    notes.note("nor this");
    await notes.flush();
  },
});
