/**
 * What the five servers of the default herd do for updates, all together.
 * Clients connect to Hill only, or to all five servers: then there are five
 * times as many.
 *
 * @module
 */
import { measureWork } from "../herd_work.ts";
import type { Measure } from "../measure.ts";
import { serverNames } from "../servers.ts";

const connectionsAServer = 8;

const maxWarmUpSeconds = 1;

/** How many servers have clients, by point. */
const points = { "8x16 at one": 1, "8x16 at each": serverNames.length };

/** Updates to one server of five, and to all. */
export const herdOfFive: Measure = {
  name: "herd of five",
  async run(context) {
    for (const [point, servers] of Object.entries(points)) {
      const connections = Array.from(
        { length: servers * connectionsAServer },
        (_, index) => index % servers,
      );
      const warmUpSeconds = Math.min(maxWarmUpSeconds, context.secondsAPoint);
      const load = { point, connections, warmUpSeconds };
      await measureWork(context, serverNames, [], [load]);
    }
  },
};
