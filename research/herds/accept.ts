/**
 * What an update costs a server that knows many clients: a program, so that it
 * has a core and a heap of its own. Prints CPU microseconds an update, as JSON.
 *
 *     remember.ts CLIENTS UPDATES
 *
 * There is no network and no neighbour here: a report is handed to the herd, as
 * if it had just been made. Each update is about another client, at random, and
 * newer than the one before.
 *
 * @module
 */
import process from "node:process";
import { FloodRouter } from "../../peers/replication/flood_router.ts";
import { makeReport, type Report } from "../../protocol/report.ts";
import { Random } from "../../runtime/random.ts";
import { clientName } from "../../bench/load/requests.ts";

/** What this program prints. */
export interface Remembered {
  readonly acceptUs: number;
}

/** Reports are made in parts of so many, and then accepted. */
const partReports = 10_000;

/** So many clients fit into a name's five digits. */
const clientsANumber = 100_000;

/** Before it measures, it accepts so much, about so few clients. */
const warmUp = { clients: 1_000, updates: 200_000 };

/** Clients' times begin here, in POSIX seconds. */
const firstSecond = 1_800_000_000;

const createHerd = () =>
  new FloodRouter({
    catchUp: true,
    limits: {
      maxClients: Infinity,
      clientTtlSeconds: undefined,
      nowSeconds: () => firstSecond,
    },
  });

/** What is measured. */
function accept(replica: FloodRouter, reports: readonly Report[]): void {
  for (const report of reports) replica.accept(report);
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

/** Has a herd accept reports; returns the CPU time of it. */
function acceptAll(
  replica: FloodRouter,
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
    accept(replica, reports);
    tookUs += cpuUs() - startUs;
  }
  return tookUs;
}

if (import.meta.main) {
  const [clients, updates] = Deno.args.map(Number);
  const random = new Random(1);
  acceptAll(
    createHerd(),
    warmUp.updates,
    () => random.below(warmUp.clients),
  );
  const replica = createHerd();
  acceptAll(replica, clients, (client) => client);
  const tookUs = acceptAll(replica, updates, () => random.below(clients));
  const remembered: Remembered = { acceptUs: tookUs / updates };
  console.log(JSON.stringify(remembered));
}
