/**
 * `herd phones`: simulated phones that move, send reports and queries, and check
 * every answer.
 *
 * @module
 */
import {
  type Arguments,
  describeFlags,
  type Flags,
  readArguments,
  refusePositionals,
  UsageError,
  wholeNumber,
} from "../cli/arguments.ts";
import { nextSignal, SetupError, setupError } from "../cli/exit.ts";
import { formatCount, formatNumber } from "../cli/numbers.ts";
import { createPaint, isColoured } from "../cli/paint.ts";
import {
  type PermissionNeed,
  requirePermissions,
} from "../runtime/permissions.ts";
import { print } from "../cli/print.ts";
import { Progress } from "../cli/progress.ts";
import { note } from "../cli/write.ts";
import { HerdClient } from "../client/client.ts";
import { open } from "../client/open.ts";
import { DisconnectedError } from "../client/types.ts";
import { HttpClient } from "../phones/http_client.ts";
import { httpApps, HttpPhone } from "../phones/http_phone.ts";
import type { Connection } from "../phones/servers.ts";
import { openWebSocket } from "../phones/web_socket_phone.ts";
import { MqttPhone } from "../phones/mqtt_phone.ts";
import type { ServerEntry } from "../peers/topology.ts";
import { findHomes } from "../phones/homes.ts";
import { type Home, makePhones } from "../phones/phone.ts";
import { paceOf, reportEveryMs } from "../phones/pace.ts";
import type { Census, Results } from "../phones/results.ts";
import { Run } from "../phones/run.ts";
import { failureOf, formatOutcome } from "../phones/summary.ts";
import { loadGazetteer } from "../places/gazetteer.ts";
import { makeQuery } from "../places/provider.ts";
import { type Clock, secondsOf, SystemClock } from "../runtime/clock.ts";
import { nowWord } from "../protocol/typed_time.ts";
import { formatAddress } from "../runtime/network.ts";
import { Random } from "../runtime/random.ts";
import { quoteWord } from "../runtime/shell.ts";
import {
  type ClientPort,
  clientTargetFlags,
  readClientTarget,
} from "../server/settings/client_target.ts";
import { readTimeFlag } from "./typed_line.ts";

/** Most phones. Each has a connection, and systems limit their number. */
const mostPhones = 50_000;

/** Longest run, in seconds: a day. */
const mostSeconds = 86_400;

/** Seeds are numbers below this. */
const seeds = 2 ** 32;

/** Longest wait for a connection, in milliseconds. */
const connectDeadlineMs = 5_000;

/** How often progress is updated, in milliseconds. */
const progressMs = 100;

/** Greatest distance of a phone's home from its city's centre, in kilometres. */
const cityRadiusKm = "15";

/** Most places in a city that are homes of phones. */
const homesPerCity = "20";

/**
 * Precedes the IDs of phones with a certificate, so that its line can name
 * them by a pattern.
 */
const certificatePrefix = "phones/";

/** The gateways that phones can use. */
const vias = [...httpApps, "mqtt", "websocket"] as const;
type Via = (typeof vias)[number];
const viaHelp = "http, owntracks, mqtt or websocket";

const phonesFlags: Flags = {
  count: { value: "COUNT", help: "number of phones (1000)" },
  seconds: { value: "SECONDS", help: "length of the run (30)" },
  seed: {
    value: "NUMBER",
    help: "the same seed makes the same phones (random)",
  },
  time: {
    value: "TIME",
    help: "time on all phones' clocks at the start (each clock has an error)",
  },
  via: {
    value: "GATEWAY",
    help: `report through a gateway: ${viaHelp}`,
  },
  ...clientTargetFlags,
};

const help =
  `Runs simulated phones in big cities. They move, report their positions, query
what is near them or other phones, and sometimes change their server. Every
answer is checked. At the end, every server is queried for every phone's newest
report. With --via they use the servers' HTTP ports: as programs do (http), as
the app OwnTracks does (owntracks), or as pages in browsers do (websocket); or
they report by MQTT (mqtt), and query by HTTP. With --tls-cert all of them use
one certificate, which has to permit reports and queries for phones/*.

Usage: herd phones [flags]

Each phone queries for a few places. If the herd uses Google, that costs money.
Every second 1,000 phones begin; the run's length counts from then on. More than
6,000 phones share 2,000 reports a second. Each needs a descriptor, here and at
its server: ulimit -n.

${describeFlags(phonesFlags)}`;

export async function phones(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, phonesFlags);
  if (parsed.flags.has("help")) return print(help);
  refusePositionals(parsed, "phones");
  const count = wholeNumber(parsed, "count", 1, mostPhones) ?? 1_000;
  const seconds = wholeNumber(parsed, "seconds", 1, mostSeconds) ?? 30;
  const seed = wholeNumber(parsed, "seed", 0, seeds - 1) ??
    Math.floor(Math.random() * seeds);
  const clock = new SystemClock();
  const skewMs = readSkewMs(parsed, clock);
  const via = readVia(parsed);
  const { portOf, sources, topology } = await readClientTarget(parsed);
  const portsOf = (choose?: (server: ServerEntry) => number) =>
    new Map(topology.servers.map((server) => {
      const port = portOf(server);
      return [
        server.name,
        choose === undefined ? port : { ...port, port: choose(server) },
      ];
    }));
  const ports = portsOf(via && (({ httpPort }) => httpPort));
  const mqttPorts = via === "mqtt"
    ? portsOf(({ mqttPort }) => mqttPort)
    : undefined;
  await requirePortPermissions(
    [...ports.values(), ...mqttPorts?.values() ?? []],
    sources,
  );
  const random = new Random(seed);
  const end = new AbortController();
  let lacksDescriptors = false;
  let isLate = false;
  const run = new Run({
    phones: makePhones({
      count,
      run: seed.toString(36),
      prefix: parsed.flags.has("tls-cert") ? certificatePrefix : "",
      homes: await loadHomes(),
      random,
      skewMs,
    }),
    servers: [...ports.keys()],
    connect: async (server) => {
      try {
        return await connect(
          ports.get(server)!,
          via,
          mqttPorts?.get(server),
        );
      } catch (error) {
        isLate ||= error instanceof DisconnectedError;
        lacksDescriptors ||= isOutOfDescriptors(error);
        if (lacksDescriptors) end.abort();
        throw error;
      }
    },
    clock,
    random: random.fork(),
  });
  const ranMs = await runPhones(run, count, seconds, seed, end);
  if (lacksDescriptors) throw new SetupError(adviceOnDescriptors(count));
  const outcome = {
    results: run.results,
    census: await takeCensus(run, count),
    phones: count,
    seconds: ranMs / 1000,
    seed,
    failures: run.failures,
  };
  if (isLate || run.results.unanswered > 0) note(adviceOnServers);
  print(formatOutcome(outcome, createPaint(isColoured(Deno.stdout))));
  const failure = failureOf(outcome);
  if (failure === undefined) return;
  const again = parsed.flags.has("seed") ? args : [...args, `--seed=${seed}`];
  throw new SetupError(
    `${failure}; to repeat: ${
      ["herd", "phones", ...again].map(quoteWord).join(" ")
    }`,
  );
}

/**
 * Checks the permission to connect to the ports, and that a connection to one
 * of them succeeds. Throws a SetupError otherwise.
 */
async function requirePortPermissions(
  ports: readonly ClientPort[],
  sources: readonly PermissionNeed[],
): Promise<void> {
  const addresses = ports.map(({ hostname, port }) =>
    formatAddress(hostname, port)
  );
  await requirePermissions([
    ...addresses.map((host): PermissionNeed => ({ name: "net", host })),
    ...sources,
  ]);
  const attempts = ports.map(async (port) => (await connect(port)).abort());
  const results = await Promise.allSettled(attempts);
  const failed = results.filter((result) => result.status === "rejected");
  if (failed.length < ports.length) return;
  const [{ reason }] = failed;
  throw setupError(`cannot connect to ${addresses.join(", ")}`, reason);
}

async function loadHomes(): Promise<Home[]> {
  const gazetteer = await loadGazetteer();
  return findHomes((latitude, longitude) => {
    const position = { latitude, longitude };
    return gazetteer.nearby(makeQuery(position, cityRadiusKm, homesPerCity));
  });
}

/** Whether the system has no descriptor for a connection. */
function isOutOfDescriptors(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "EMFILE" || code === "ENFILE";
}

/** Descriptors of a run besides those of the phones, at most. */
const otherDescriptors = 100;

function adviceOnDescriptors(count: number): string {
  const needed = count + otherDescriptors;
  return `${formatCount(count, "phone")} need ${formatNumber(needed)} ` +
    `descriptors, and there are fewer: run ulimit -n ${needed} first, here ` +
    "and where servers run; ulimit -Hn shows the most that can be set";
}

const adviceOnServers =
  "some phones were not served: servers need a descriptor for each " +
  "(ulimit -n), and allow --max-connections in all and " +
  "--max-connections-per-address from one machine";

/**
 * The gateway through which the phones report; undefined for the client port.
 *
 * @throws {UsageError} If the flag names none, or one that cannot be used with
 * another flag.
 */
function readVia({ flags }: Arguments): Via | undefined {
  const found = flags.get("via");
  const via = vias.find((via) => via === found);
  if (found !== undefined && via === undefined) {
    throw new UsageError(
      `--via: expected ${viaHelp}, found ${found || "nothing"}`,
    );
  }
  if (via === "websocket" && flags.has("tls-ca")) {
    throw new UsageError("--via=websocket cannot be used with --tls-ca");
  }
  if (via !== undefined && flags.has("tls-cert")) {
    throw new UsageError("--tls-cert is for the client port, not for --via");
  }
  return via;
}

/**
 * How far all phones' clocks are ahead of this machine's, in milliseconds;
 * undefined without the flag.
 *
 * @throws {UsageError} If the flag has another value than a time.
 */
function readSkewMs(parsed: Arguments, clock: Clock): number | undefined {
  const time = readTimeFlag(parsed);
  if (time === undefined) return undefined;
  return time === nowWord ? 0 : (Number(time) - secondsOf(clock)) * 1000;
}

/** Connects in a way. */
async function connectVia(
  port: ClientPort,
  via: Via | undefined,
  mqttPort: ClientPort | undefined,
): Promise<Connection> {
  if (via === undefined) return await HerdClient.connect(port);
  if (via === "websocket") {
    return await openWebSocket(formatAddress(port.hostname, port.port));
  }
  if (via !== "mqtt") {
    return new HttpPhone(new HttpClient(await open(port)), via);
  }
  const transport = await open(mqttPort!);
  try {
    const queries = new HttpPhone(new HttpClient(await open(port)), "http");
    return new MqttPhone(transport, queries);
  } catch (error) {
    transport.close();
    throw error;
  }
}

/** Connects. Rejects with a DisconnectedError after `connectDeadlineMs`. */
async function connect(
  port: ClientPort,
  via?: Via,
  mqttPort?: ClientPort,
): Promise<Connection> {
  const connecting = connectVia(port, via, mqttPort);
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    connecting.then((client) => client.abort(), () => {});
    const message = `no connection in ${connectDeadlineMs} ms`;
    late.reject(new DisconnectedError(message));
  }, connectDeadlineMs);
  try {
    return await Promise.race([connecting, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs phones for this time after most have begun, or until a signal; returns
 * the time taken in ms.
 */
async function runPhones(
  run: Run,
  count: number,
  seconds: number,
  seed: number,
  end: AbortController,
): Promise<number> {
  const rampSeconds = (paceOf(count).rampMs - reportEveryMs) / 1000;
  const total = seconds + rampSeconds;
  const timer = setTimeout(() => end.abort(), total * 1000);
  nextSignal().then(() => end.abort());
  const startMs = performance.now();
  const elapsedMs = () => performance.now() - startMs;
  let endMs: number | undefined;
  end.signal.addEventListener("abort", () => endMs = elapsedMs());
  using progress = new Progress({
    label: `${formatNumber(count)} phones`,
    total,
  });
  // Printed at the start, because a run that is killed prints no summary.
  progress.printLine(`seed ${seed}`);
  using _ticking = every(
    progressMs,
    () =>
      progress.update(elapsedMs() / 1000, describe(run.results, elapsedMs())),
  );
  await run.run(end.signal);
  clearTimeout(timer);
  return endMs!;
}

function describe(results: Results, elapsedMs: number): string {
  const rate = Math.round(results.reports / (elapsedMs / 1000));
  return `${formatNumber(rate)} reports/s, ${
    formatNumber(results.right)
  } right, ` +
    `${formatNumber(results.wrong)} wrong`;
}

async function takeCensus(run: Run, count: number): Promise<Census> {
  using progress = new Progress({
    label: `querying all servers for ${formatNumber(count)} phones`,
  });
  using _ticking = every(progressMs, () => progress.update(0));
  return await run.takeCensus();
}

/** Calls back regularly until it is disposed of. */
function every(periodMs: number, callback: () => void): Disposable {
  const timer = setInterval(callback, periodMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
