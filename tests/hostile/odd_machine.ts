/**
 * The program `server.ts` on a machine that is odd: `odd_machine.ts ODDITY NAME
 * [flags]`. The server knows nothing of it. The oddities:
 *
 * - `clock-ahead=SECONDS`: the time of day is wrong;
 * - `timers=FACTOR`: timers run so many times as fast, so that minutes of
 *   silence pass in seconds;
 * - `disk-hangs=BYTES`: no write to a file ends after so many bytes.
 *
 * @module
 */
import { runProgram } from "../../cli/exit.ts";
import { serve } from "../../server.ts";

const oddities: Record<string, (amount: number) => void> = {
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
  const [oddity, ...args] = Deno.args;
  const [kind, amount] = oddity.split("=");
  oddities[kind](Number(amount));
  await runProgram("server", () => serve(args));
}
