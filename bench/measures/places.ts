/**
 * How many WHATSAT a server answers out of the gazetteer, for one place, five
 * and twenty, within ten kilometres of clients in Los Angeles.
 *
 * @module
 */
import type { Context, Measure } from "../context.ts";
import type { Language } from "../load/requests.ts";
import { runLoad } from "../loads.ts";
import { type LoneServer, startLoneServer } from "../servers.ts";

const [connections, depth] = [8, 16];

/** Clients must be known before somebody asks for them, in seconds. */
const reportSeconds = 0.5;

const maxWarmUpSeconds = 0.5;

/** How many places are asked for, and what that is called. */
const points = { "1 place": 1, "5 places": 5, "20 places": 20 };

function load(
  { cores }: Context,
  server: LoneServer,
  language: Language,
  warmUpSeconds: number,
  seconds: number,
) {
  const ports = [server.port];
  return runLoad(
    cores,
    { language, connections, depth, warmUpSeconds, seconds, ports },
    [server.process],
  );
}

/** Answers to WHATSAT. */
export const places: Measure = {
  name: "places",
  title: "how fast WHATSAT is answered from the gazetteer",
  async run(context) {
    const { add, cores, folder, secondsAPoint } = context;
    await using server = await startLoneServer(cores, folder);
    // Each connection reports clients of its own, and asks for the same later.
    await load(context, server, "iamat", 0, reportSeconds);
    for (const [point, count] of Object.entries(points)) {
      const { answersPerSecond, p50Us, p99Us } = await load(
        context,
        server,
        `whatsat${count}`,
        Math.min(maxWarmUpSeconds, secondsAPoint),
        secondsAPoint,
      );
      add("herd", point, { answersPerSecond, p50Us, p99Us });
    }
  },
};
