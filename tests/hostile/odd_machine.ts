/**
 * Runs `server.ts` as if its machine had a fault: `odd_machine.ts FAULT NAME
 * [flags]`. The code of the server is unchanged. The faults:
 *
 * - `clock-ahead=SECONDS`: the time of day is wrong;
 * - `timers=FACTOR`: timers run faster by this factor, so that minutes of
 *   silence pass in seconds;
 * - `disk-hangs=BYTES`: after this number of bytes no write to a file ends.
 *
 * @module
 */
import { runProgram } from "../../cli/exit.ts";
import { serve } from "../../server.ts";

const faults: Record<string, (amount: number) => void> = {
  "clock-ahead": (seconds) => {
    const now = Date.now;
    Date.now = () => now() + seconds * 1000;
  },
  "timers": (factor) => {
    const original = globalThis.setTimeout;
    globalThis.setTimeout =
      ((callback: () => void, delayMs = 0) =>
        original(callback, delayMs / factor)) as typeof setTimeout;
  },
  "disk-hangs": (bytes) => {
    const file = Deno.FsFile.prototype;
    const { write, writeSync } = file;
    let written = 0;
    file.write = function (chunk) {
      written += chunk.length;
      if (written > bytes) return new Promise(() => {});
      return write.call(this, chunk);
    };
    file.writeSync = function (chunk) {
      written += chunk.length;
      // As a thread that waits for a disk: nothing of it runs any more.
      if (written > bytes) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      }
      return writeSync.call(this, chunk);
    };
  },
};

if (import.meta.main) {
  const [fault, ...args] = Deno.args;
  const [kind, amount] = fault.split("=");
  faults[kind](Number(amount));
  await runProgram("server", () => serve(args));
}
