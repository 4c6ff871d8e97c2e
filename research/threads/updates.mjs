/**
 * The work of a thread: it parses IAMAT lines with a regular expression, as
 * `rivals/node_net.mjs` does, and keeps the newest report of each client.
 */
const clients = 1_000;
const linesAClient = 10;

const latitude = String.raw`[+-]0*(?:90(?:\.0+)?|[0-8]?\d(?:\.\d+)?)`;
const longitude = String.raw`[+-]0*(?:180(?:\.0+)?|(?:1[0-7]|\d)?\d(?:\.\d+)?)`;
const iamat = new RegExp(
  String.raw`^\s*IAMAT\s+(\S+)\s+(${latitude}${longitude})` +
    String.raw`\s+((\d{1,15})(?:\.(\d+))?)\s*$`,
);

/** The lines of a thread, about clients of its own. */
function linesOf(thread) {
  return Array.from({ length: clients * linesAClient }, (_, index) => {
    const client = String(index % clients).padStart(5, "0");
    const seconds = 1_800_000_000 + Math.floor(index / clients);
    return `IAMAT phone-${String(thread).padStart(5, "0")}-${client}.herd.io ` +
      `+34.068930-118.445127 ${seconds}.918963997`;
  });
}

/** The lines of a thread, and its map. */
export class Job {
  #lines;
  #reports = new Map();
  #passes = 0;

  constructor(thread) {
    this.#lines = linesOf(thread);
  }

  /** Processes updates. Each is newer than the one before. */
  run(updates) {
    for (let left = updates; left > 0; left -= this.#lines.length) {
      // Each pass adds to the times, so that its lines are newer.
      const offset = this.#passes * linesAClient;
      this.#passes += 1;
      for (const line of this.#lines) this.#keep(line, offset);
    }
    if (this.#reports.size !== clients) throw new Error("a client was lost");
  }

  #keep(line, offset) {
    const [, client, , , digits, fraction] = iamat.exec(line);
    const seconds = Number(digits) + offset;
    const known = this.#reports.get(client);
    const isNews = known === undefined || seconds > known.seconds ||
      (seconds === known.seconds && fraction > known.fraction);
    if (!isNews) throw new Error("a line was no news");
    this.#reports.set(client, { seconds, fraction, line });
  }
}
