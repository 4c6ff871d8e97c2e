/**
 * How many WHATSAT a server answers out of the gazetteer, for one place, five
 * and twenty, within ten kilometres of clients in Los Angeles.
 *
 * @module
 */
import type { Context, Measure } from "../context.ts";
import type { Language } from "../load/requests.ts";
import { runLoad } from "../loads.ts";
import { freeBasePort, type Process } from "../processes.ts";
import { startSubject, subjectNamed } from "../start_subject.ts";

const [connections, depth] = [8, 16];

/** Clients must be known before somebody asks for them, in seconds. */
const reportSeconds = 0.5;

const maxWarmUpSeconds = 0.5;

/** How many places are asked for, and what that is called. */
const points = { "1 place": 1, "5 places": 5, "20 places": 20 };

function load(
  { cores }: Context,
  server: Process,
  port: number,
  language: Language,
  warmUpSeconds: number,
  seconds: number,
) {
  return runLoad(
    cores,
    { language, connections, depth, warmUpSeconds, seconds, ports: [port] },
    [server],
  );
}

/** Answers to WHATSAT. */
export const places: Measure = {
  name: "places",
  title: "how fast WHATSAT is answered from the gazetteer",
  async run(context) {
    const { add, cores, folder, secondsAPoint } = context;
    const port = freeBasePort();
    await using server = await startSubject(
      subjectNamed("herd"),
      { port, folder, connections },
      cores.servers.slice(0, 1),
    );
    // Each connection reports clients of its own, and asks for the same later.
    await load(context, server, port, "iamat", 0, reportSeconds);
    for (const [point, count] of Object.entries(points)) {
      const { answersPerSecond, p50Us, p99Us } = await load(
        context,
        server,
        port,
        `whatsat${count}`,
        Math.min(maxWarmUpSeconds, secondsAPoint),
        secondsAPoint,
      );
      add("herd", point, { answersPerSecond, p50Us, p99Us });
    }
  },
};
