/**
 * Measures what a report costs at the gateways, beside an IAMAT, aedes and
 * Mosquitto:
 *
 *     deno run -A --config tests/deno.json bench/gateways.ts [ROUNDS]
 *
 * One server, aedes and Mosquitto run on one core and have the load in turns of
 * a tenth of a second, so that a ratio compares the same moments of a shared
 * machine. The server does all of its work: log, table, flood. The brokers keep
 * each message as the newest of its topic. Both are optional: aedes is fetched
 * from npm when it is first used.
 *
 * @module
 */
import { runProgram } from "../cli/exit.ts";
import { summarizeRatios } from "./compare.ts";
import type { SliceCosts } from "./load/alternate.ts";
import { batchPoints } from "./load/gateway_requests.ts";
import type { Language } from "./load/requests.ts";
import { assignCores, freeBasePort, Process } from "./processes.ts";
import { median } from "./results.ts";
import { gatewayFlags, portOf, startServer } from "./servers.ts";

const cores = assignCores();

/** Slices of each subject at each point, and before the first point. */
const [slices, firstSlices] = [20, 30];

/** The length of a slice, in milliseconds. */
const sliceMs = 100;

/** A process under load, and the requests that it gets. */
interface Subject {
  readonly name: string;
  readonly language: Language;
  readonly port: number;
  readonly pid: number;
}

/** A broker without files. It runs on Deno, as the herd does. */
const aedesProgram = `
  import { createServer } from "node:net";
  import { Aedes } from "npm:aedes@1.2.0";
  const broker = await Aedes.createBroker({ queueLimit: 100_000 });
  createServer(broker.handle).listen(Number(Deno.args[0]), "127.0.0.1", () =>
    console.log("ready"));
`;

async function startAedes(folder: string): Promise<[number, Process]> {
  const path = `${folder}/aedes.ts`;
  await Deno.writeTextFile(path, aedesProgram);
  const port = freeBasePort();
  const process = await Process.start({
    program: Deno.execPath(),
    args: ["run", "-A", "--no-config", "--no-lock", path, `${port}`],
    cores: cores.servers.slice(0, 1),
    cwd: folder,
  }, /^ready$/m);
  return [port, process];
}

async function startMosquitto(folder: string): Promise<[number, Process]> {
  const path = `${folder}/mosquitto.conf`;
  const port = freeBasePort();
  await Deno.writeTextFile(
    path,
    `listener ${port} 127.0.0.1\nallow_anonymous true\n` +
      "log_dest stdout\nmax_inflight_messages 0\nmax_queued_messages 0\n",
  );
  const process = await Process.start({
    // It would keep its output until its buffer is full.
    program: "stdbuf",
    args: ["-oL", "mosquitto", "-c", path],
    cores: cores.servers.slice(0, 1),
  }, /running/);
  return [port, process];
}

/** The costs of an answer of each subject in each slice, in microseconds. */
async function load(
  subjects: readonly Subject[],
  point: string,
  slices: number,
): Promise<SliceCosts> {
  await using generator = new Process({
    program: Deno.execPath(),
    args: [
      // Deno reads nothing of /proc with fewer permissions.
      ...["run", "-A", "bench/load/alternate.ts", `${slices}`, `${sliceMs}`],
      ...subjects.map(({ language, pid, port }) =>
        [language, point, port, pid].join(":")
      ),
    ],
    cores: cores.load,
  });
  return await generator.json();
}

/** A row of the table: costs and ratios, one a round. */
interface Row {
  readonly costs: number[];
  /** The cost of the first subject of the point divided by this one's. */
  readonly ratios: number[];
}

const rows = new Map<string, Row>();

async function measure(
  subjects: readonly Subject[],
  point: string,
): Promise<void> {
  const costs = await load(subjects, point, slices);
  for (const [at, { language, name }] of subjects.entries()) {
    const reports = language === "overland" ? batchPoints : 1;
    const label = `${name} ${point}`;
    const row = rows.get(label) ?? { costs: [], ratios: [] };
    rows.set(label, row);
    row.costs.push(median(costs[at]) / reports);
    const ratios = costs[0].map((cost, slice) => cost / costs[at][slice]);
    row.ratios.push(median(ratios) * reports);
  }
}

async function runRound(): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({
    dir: "/var/tmp",
    prefix: "herd-gateways-",
  });
  cleanup.defer(() => Deno.remove(folder, { recursive: true }));
  const port = freeBasePort();
  const server = cleanup.use(
    await startServer(
      "Hill",
      port,
      folder,
      cores.servers.slice(0, 1),
      gatewayFlags,
    ),
  );
  const ofHerd = (language: Language): Subject => ({
    name: language,
    language,
    port: portOf(language, port),
    pid: server.pid,
  });
  const iamat = ofHerd("iamat");
  const brokers: Subject[] = [];
  for (
    const [name, start] of [
      ["aedes", startAedes],
      ["mosquitto", startMosquitto],
    ] as const
  ) {
    try {
      const [port, process] = await start(folder);
      cleanup.use(process);
      brokers.push({ name, language: "mqtt", port, pid: process.pid });
    } catch (error) {
      console.error(`${name} is not measured: ${error}`);
    }
  }
  const mqtt = [...brokers, ofHerd("mqtt")];
  const http = [iamat, ofHerd("owntracks"), ofHerd("report")];
  await load([...http, ...mqtt], "50x1", firstSlices);
  await load(mqtt, "4x64", firstSlices);
  await measure(http, "50x1");
  await measure([iamat, ofHerd("overland")], "4x1");
  await measure(mqtt, "50x16");
  await measure(mqtt, "4x256");
}

async function run([rounds = "5"]: readonly string[]): Promise<void> {
  for (let round = 1; round <= Number(rounds); round++) {
    await runRound();
    const [load] = Deno.loadavg();
    console.error(`round ${round} of ${rounds}, load ${load.toFixed(1)}`);
    for (const [label, { costs, ratios }] of rows) {
      console.error(
        `  ${label}: ${costs.at(-1)!.toFixed(2)} us, ` +
          `ratio ${ratios.at(-1)!.toFixed(2)}`,
      );
    }
  }
  for (const [label, { costs, ratios }] of rows) {
    const { from, mean, to } = summarizeRatios(ratios);
    const interval = ratios.length > 1
      ? `, 95 % from ${from.toFixed(2)} to ${to.toFixed(2)}`
      : "";
    console.log(
      `${label}: ${median(costs).toFixed(2)} us a report, ` +
        `ratio ${mean.toFixed(2)}${interval}`,
    );
  }
}

if (import.meta.main) {
  await runProgram("gateways", () => run(Deno.args));
}
