/**
 * What the five servers of the default herd do for an update, all together.
 *
 * Clients talk to Hill only, or to all five: then there are five times as many.
 *
 * @module
 */
import type { Measure } from "../context.ts";
import { measureWork } from "../herd_work.ts";
import { serverNames } from "../servers.ts";

const connectionsAServer = 8;

const maxWarmUpSeconds = 1;

/** At how many of the five servers clients are, by point. */
const points = { "8x16 at one": 1, "8x16 at each": serverNames.length };

/** Updates to one server of five, and to all. */
export const herdOfFive: Measure = {
  name: "herd of five",
  title: "what the five servers make of updates, all together",
  async run(context) {
    for (const [point, servers] of Object.entries(points)) {
      const connections = Array.from(
        { length: servers * connectionsAServer },
        (_, index) => index % servers,
      );
      const warmUpSeconds = Math.min(maxWarmUpSeconds, context.secondsAPoint);
      await measureWork(context, {
        names: serverNames,
        flags: [],
        loads: [{ point, connections, warmUpSeconds }],
      });
    }
  },
};
