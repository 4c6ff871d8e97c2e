/**
 * How late a server is while it is attacked: a timer of 5 ms in its process, and
 * a client that does nothing wrong. Each attack lasts fifteen times as long as a
 * load, but at most 30 seconds, and only the first round has them.
 *
 * The attacks are those of `tests/hostile/`. They run on the core of the load
 * generator, with less priority than the client on that core.
 *
 * @module
 */
import { fill } from "../loads.ts";
import type { Context, Measure } from "../measure.ts";
import type { ClientReport } from "../hostile/steady_client.ts";
import type { TimerReport } from "../hostile/timed_server.ts";
import { freeBasePort, Process } from "../processes.ts";
import type { Traffic } from "../../tests/hostile/attacks/wire.ts";
import { portsOf, startServer } from "../servers.ts";

/** The server that is attacked. */
const attacked = "Hill";

/** Its neighbour, or the name of a program that acts as one. */
const neighbour = "Smith";

/** The time of an attack as a multiple of that of a load, and its maximum. */
const lengthFactor = 15;
const mostSeconds = 30;

/** Clients that a neighbour is fed, if an attack lasts for `mostSeconds`. */
const fedClients = 1_000_000;

/** Clients that the other attacks find, and their reports. */
const [usualClients, reportsAClient] = [1_000, 20];

/** How long the last answers may take, in milliseconds. */
const patienceMs = 20_000;

/** A leaf of the digest tree, if the tree had no key. */
const leaf = 0xabcd;

/** Where an attack takes place. */
interface Scene {
  readonly context: Context;
  readonly basePort: number;
  readonly folder: string;
  readonly seconds: number;
}

/** An attack on a server. */
export interface Attack {
  /** Its point in the results. */
  readonly point: string;
  /** Additional flags of the server. */
  readonly flags?: (scene: Scene) => readonly string[];
  readonly prepare?: (scene: Scene) => Promise<void>;
  /** Starts the program that attacks. */
  readonly start?: (scene: Scene) => Promise<Process>;
  /** Whether that program is an ordinary server, which prints no traffic. */
  readonly isServer?: true;
}

/** Starts an attack of `tests/hostile/attacks/`. */
function startAttack(
  { context, seconds }: Scene,
  name: string,
  options: object,
): Promise<Process> {
  return Promise.resolve(
    new Process({
      program: "nice",
      args: [
        ...["-n", "10", Deno.execPath(), "run", "--no-check"],
        ...["--config=tests/deno.json", "--allow-net=127.0.0.1"],
        ...["tests/hostile/attack.ts", name],
        JSON.stringify({ seconds, ...options }),
      ],
      cores: context.cores.load,
    }),
  );
}

/** An attack by a program of `tests/hostile/`. */
const attackBy = (
  name: string,
  options: (
    ports: ReturnType<typeof portsOf> & { readonly places: number },
  ) => object,
): Attack["start"] =>
(scene) => {
  const ports = portsOf(attacked, scene.basePort);
  const places = placesPortOf(scene);
  return startAttack(scene, name, options({ ...ports, places }));
};

/** A port of no server of the herd. */
const placesPortOf = ({ basePort }: Scene) => basePort + 50;

const nowText = () => (Date.now() / 1000).toFixed(3);

/** Attacks by a places service. Each body has about `bodyBytes` bytes. */
const bodies = (point: string, bodyBytes: number): Attack => ({
  point,
  flags: (scene) => [
    "--places=google",
    `--places-url=http://127.0.0.1:${placesPortOf(scene)}`,
    `--places-key-file=${scene.folder}/key`,
  ],
  start: attackBy(
    "serveBodies",
    ({ client, places }) => ({ port: client, placesPort: places, bodyBytes }),
  ),
});

/** No attack, and then all of them. */
export const attacks: readonly Attack[] = [
  { point: "no attack" },
  {
    point: "burst of queries",
    start: attackBy("askAtOnce", ({ client }) => ({
      port: client,
      first: `IAMAT a +48.85+2.35 ${nowText()}\n`,
      line: "WHATSAT a 50 20\n",
      times: 1_024,
      connections: 50,
      isRepeated: true,
    })),
  },
  {
    point: "IDs aimed at one leaf",
    start: attackBy(
      "aimIds",
      ({ client }) => ({ port: client, leaf, count: 1e9 }),
    ),
  },
  {
    point: "the same, and they expire",
    flags: () => ["--client-ttl=5"],
    start: attackBy(
      "aimIds",
      ({ client }) => ({ port: client, leaf, count: 1e9 }),
    ),
  },
  {
    point: "DIGEST of a neighbour",
    start: attackBy("repeatDigests", ({ peer }) => ({
      port: peer,
      from: neighbour,
      to: attacked,
      total: 1e12,
    })),
  },
  {
    point: "feeding a neighbour",
    // All of them come from one address.
    flags: () => ["--table-shares=1"],
    async prepare({ basePort, context, seconds }) {
      const { client } = portsOf(attacked, basePort);
      const clients = Math.ceil(fedClients * seconds / mostSeconds);
      await fill(context.cores, "iamat", clients, 1, client);
    },
    start: ({ basePort, context, folder }) =>
      startServer(neighbour, basePort, folder, context.cores.load),
    isServer: true,
  },
  bodies("4 MB of places", 4 * 2 ** 20),
  bodies("250 KiB of places", 250 * 2 ** 10),
  {
    point: "pages, and long IDs",
    flags: () => ["--admin"],
    async prepare(scene) {
      const { client } = portsOf(attacked, scene.basePort);
      await using flood = await startAttack(scene, "floodIds", {
        ports: [client],
        connections: 4,
        idBytes: 1_000,
        count: 5_000,
      });
      await flood.output();
    },
    start: attackBy("readPages", ({ admin }) => ({ port: admin, pages: 8 })),
  },
];

/** Starts a server with a timer in its process. */
function startTimed(scene: Scene, { flags }: Attack): Promise<Process> {
  const { basePort, context, folder } = scene;
  return Process.start({
    program: Deno.execPath(),
    args: [
      ...["run", "--no-check", "--allow-all"],
      ...["bench/hostile/timed_server.ts", attacked],
      ...["--base-port", `${basePort}`, "--log-dir", folder],
      ...flags?.(scene) ?? ["--places", "gazetteer"],
    ],
    cores: context.cores.servers.slice(0, 1),
  }, / is ready: /);
}

/** What an attack sent and received. An attack that failed is an error. */
async function megabytesOf(program: Process): Promise<number> {
  const { receivedBytes, sentBytes }: Traffic = await program.json();
  const bytes = sentBytes + receivedBytes;
  if (bytes === 0) throw new Error("the attack sent and received nothing");
  return bytes / 1e6;
}

/** Attacks a server, and takes a sample. */
export async function measureAttack(
  context: Context,
  attack: Attack,
  seconds: number,
): Promise<void> {
  const folder = await Deno.makeTempDir({ dir: context.folder });
  const scene = { context, basePort: freeBasePort(), folder, seconds };
  const { client: port } = portsOf(attacked, scene.basePort);
  await Deno.writeTextFile(`${folder}/key`, "AIza-of-nobody-1234567890");
  await using cleanup = new AsyncDisposableStack();
  const server = cleanup.use(await startTimed(scene, attack));
  await fill(context.cores, "iamat", usualClients, reportsAClient, port);
  await attack.prepare?.(scene);
  const client = cleanup.use(
    new Process({
      program: Deno.execPath(),
      args: [
        ...["run", "--no-check", "--allow-net=127.0.0.1"],
        ...["bench/hostile/steady_client.ts", `${port}`, `${seconds}`],
      ],
      cores: context.cores.load,
    }),
  );
  await client.untilPrinted(/^measuring$/m);
  server.signal("SIGUSR2");
  const attacker = await attack.start?.(scene);
  if (attacker !== undefined) cleanup.use(attacker);
  const clientReport: ClientReport = await client.json(
    seconds * 1000 + patienceMs,
  );
  server.signal("SIGUSR2");
  const timer: TimerReport = await server.json();
  const attackMegabytes = attacker === undefined || attack.isServer
    ? 0
    : await megabytesOf(attacker);
  context.add("herd", attack.point, {
    timerP999Ms: timer.p999Ms,
    timerMostMs: timer.mostMs,
    ownP999Ms: timer.ownP999Ms,
    ownMostMs: timer.ownMostMs,
    clientP50Ms: clientReport.p50Ms,
    clientP99Ms: clientReport.p99Ms,
    clientMostMs: clientReport.mostMs,
    unanswered: clientReport.unanswered,
    attackMegabytes,
  });
}

/** A server that is not attacked, and then each attack. */
export const hostile: Measure = {
  name: "hostile",
  async run(context) {
    if (context.round > 1) return;
    const seconds = Math.min(lengthFactor * context.secondsAPoint, mostSeconds);
    for (const attack of attacks) await measureAttack(context, attack, seconds);
  },
};
