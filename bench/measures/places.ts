/**
 * How many WHATSAT a server answers from the gazetteer, for one, five and twenty
 * places, within ten kilometres of clients in Los Angeles.
 *
 * @module
 */
import type { Language } from "../load/requests.ts";
import { runLoad } from "../loads.ts";
import type { Measure } from "../measure.ts";
import { freeBasePort } from "../processes.ts";
import { herd, startSubject } from "../subjects.ts";

const [connections, depth] = [8, 16];

/** How long clients report before the first query, in seconds. */
const reportSeconds = 0.5;

const maxWarmUpSeconds = 0.5;

/** The bound of the queries, by point. */
const points = { "1 place": 1, "5 places": 5, "20 places": 20 };

/** Answers to WHATSAT. */
export const places: Measure = {
  name: "places",
  async run({ add, cores, folder, secondsAPoint }) {
    const port = freeBasePort();
    await using server = await startSubject(
      herd,
      { port, folder, connections },
      cores.servers.slice(0, 1),
    );
    const load = (language: Language, warmUpSeconds: number, seconds: number) =>
      runLoad(
        cores,
        { language, connections, depth, warmUpSeconds, seconds, ports: [port] },
        [server],
      );
    // Each connection reports the clients that it asks for later.
    await load("iamat", 0, reportSeconds);
    for (const [point, bound] of Object.entries(points)) {
      const { answersPerSecond, p50Us, p99Us } = await load(
        `whatsat${bound}`,
        Math.min(maxWarmUpSeconds, secondsAPoint),
        secondsAPoint,
      );
      add("herd", point, { answersPerSecond, p50Us, p99Us });
    }
  },
};
