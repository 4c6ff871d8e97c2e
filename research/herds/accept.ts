/**
 * What an update costs a server that knows many clients: a program that prints
 * CPU microseconds an update, as JSON.
 *
 *     accept.ts CLIENTS UPDATES
 *
 * Reports are given to the router without a network and without neighbours. Each
 * is about a random client, and newer than the one before.
 *
 * @module
 */
import process from "node:process";
import { clientName } from "../../bench/load/layout.ts";
import { FloodRouter } from "../../peers/replication/flood_router.ts";
import { makeReport, type Report } from "../../protocol/report.ts";
import { Random } from "../../runtime/random.ts";

/** What this program prints. */
export interface Accepted {
  readonly acceptUs: number;
}

/** Reports are made in parts of this size, and then accepted. */
const partReports = 10_000;

/** A client's number has five digits. */
const clientsANumber = 100_000;

/** Accepted before the measurement. */
const warmUp = { clients: 1_000, updates: 200_000 };

/** The first time of a report, in POSIX seconds. */
const firstSecond = 1_800_000_000;

const createRouter = () =>
  new FloodRouter({
    catchUp: true,
    elapsedMs: () => 0,
    limits: {
      maxClients: Infinity,
      maxTableBytes: Infinity,
      sourceShare: 1,
      clientTtlSeconds: undefined,
      now: () => ({ seconds: firstSecond, nanoseconds: 0 }),
    },
  });

/** The measured code. */
function accept(router: FloodRouter, reports: readonly Report[]): void {
  for (const report of reports) router.accept(report);
}

function cpuUs(): number {
  const { system, user } = process.cpuUsage();
  return system + user;
}

let reportCount = 0;

function report(client: number): Report {
  reportCount += 1;
  const microseconds = String(reportCount % 1_000_000).padStart(6, "0");
  const seconds = firstSecond + Math.floor(reportCount / 1_000_000);
  return makeReport("Hill", { seconds, nanoseconds: 263_874 }, {
    verb: "IAMAT",
    client: clientName(
      Math.floor(client / clientsANumber),
      client % clientsANumber,
    ),
    position: "+34.068930-118.445127",
    time: `${seconds}.${microseconds}`,
  });
}

/** Makes reports and gives them to a router. Returns the CPU time of it. */
function acceptAll(
  router: FloodRouter,
  count: number,
  clientOf: (index: number) => number,
): number {
  let tookUs = 0;
  for (let first = 0; first < count; first += partReports) {
    const length = Math.min(partReports, count - first);
    const reports = Array.from(
      { length },
      (_, index) => report(clientOf(first + index)),
    );
    const startUs = cpuUs();
    accept(router, reports);
    tookUs += cpuUs() - startUs;
  }
  return tookUs;
}

if (import.meta.main) {
  const [clients, updates] = Deno.args.map(Number);
  const random = new Random(1);
  acceptAll(
    createRouter(),
    warmUp.updates,
    () => random.below(warmUp.clients),
  );
  const router = createRouter();
  acceptAll(router, clients, (client) => client);
  const tookUs = acceptAll(router, updates, () => random.below(clients));
  const accepted: Accepted = { acceptUs: tookUs / updates };
  console.log(JSON.stringify(accepted));
}
