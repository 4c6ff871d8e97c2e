/**
 * What a second thread gains and costs in JavaScript: a Worker of Deno, or one of
 * Node's worker_threads.
 *
 *     threads.mjs UPDATES LINES
 *
 * Prints as JSON the updates a second of one thread (UPDATES of them) and of two
 * threads (UPDATES each, with a map each, because threads share no objects), and
 * the CPU time of both sides to send an AT line to another thread: alone, and with
 * 64 in a message (LINES of them).
 */
import process from "node:process";

/** The lines in a part, and the most parts in flight. */
const linesAPart = 64;
const partsInFlight = 4;

const url = new URL("./worker.mjs", import.meta.url);

/** A worker, with the same interface in Deno and Node. */
class Other {
  #worker;
  #onMessage = () => {};

  static async start(thread) {
    const other = new Other();
    if (globalThis.Deno === undefined) {
      const { Worker } = await import("node:worker_threads");
      other.#worker = new Worker(url);
      other.#worker.on("message", () => other.#onMessage());
    } else {
      other.#worker = new globalThis.Worker(url, { type: "module" });
      other.#worker.onmessage = () => other.#onMessage();
    }
    await other.ask({ thread });
    return other;
  }

  /** Sends a message. Resolves when it is answered. */
  ask(message) {
    return new Promise((resolve) => {
      this.#onMessage = resolve;
      this.#worker.postMessage(message);
    });
  }

  /** Sends so many parts, each of several texts, and waits for the last one. */
  sendAll(parts, part) {
    return new Promise((resolve) => {
      let sent = 0;
      let taken = 0;
      const send = () => {
        sent += 1;
        for (const text of part) this.#worker.postMessage(text);
      };
      this.#onMessage = () => {
        taken += 1;
        if (sent < parts) send();
        else if (taken === parts) resolve();
      };
      while (sent < Math.min(parts, partsInFlight)) send();
    });
  }

  end() {
    return this.#worker.terminate();
  }
}

async function updatesPerSecond(others, updates) {
  const startMs = performance.now();
  await Promise.all(others.map((other) => other.ask({ updates })));
  const seconds = (performance.now() - startMs) / 1000;
  return others.length * updates / seconds;
}

function cpuUs() {
  const { system, user } = process.cpuUsage();
  return system + user;
}

async function cpuUsALine(other, lines, part) {
  await other.ask({ acknowledge: part.length });
  const parts = Math.ceil(lines / linesAPart);
  await other.sendAll(Math.ceil(parts / 4), part);
  const startUs = cpuUs();
  await other.sendAll(parts, part);
  return (cpuUs() - startUs) / (parts * linesAPart);
}

const [updates, lines] = process.argv.slice(2).map(Number);
const others = [await Other.start(0), await Other.start(1)];
await updatesPerSecond(others, updates);

const atLines = Array.from(
  { length: linesAPart },
  (_, index) =>
    `AT Hill +60.000263874 phone-00000-${String(index).padStart(5, "0")}` +
    ".herd.io +34.068930-118.445127 1800000000.918963997",
);
console.log(JSON.stringify({
  oneThread: await updatesPerSecond(others.slice(0, 1), updates),
  twoThreads: await updatesPerSecond(others, updates),
  messageUs: await cpuUsALine(others[0], lines, atLines),
  messageOf64Us: await cpuUsALine(others[0], lines, [atLines.join("\n")]),
}));
await Promise.all(others.map((other) => other.end()));
