/**
 * Shrinks the plan of a failing herd, so that the cause of the failure becomes
 * visible.
 *
 * @module
 */
import {
  epochMs,
  type Fault,
  isConnected,
  type Plan,
  type PlannedClock,
  type PlannedDeletion,
  type PlannedFolders,
  type PlannedReport,
  type PlannedServer,
  type PlannedStop,
  reachedFrom,
  type ServerPair,
} from "./plan.ts";

/**
 * Most herds that are run for one failure. Few failures need more than 1,000,
 * and a small herd runs in milliseconds.
 */
const maxRuns = 3_000;

/**
 * Longest time for one failure, in milliseconds. Each run of a herd that does
 * not converge takes up to a second.
 */
const maxShrinkMs = 60_000;

/** Earliest healing: links need this time to come up. */
const minHealAtMs = 6_000;

/** Without catch-up, no faults or reports until all links are up. */
const linkedByMs = 5_000;

/** The units to which times are rounded, in milliseconds. */
const roundUnitsMs = [1_000, 100, 10, 1] as const;

/** Functions that round towards 0, to the coarsest unit first. */
const roundings = roundUnitsMs.map((unit) => (ms: number) =>
  Math.trunc(ms / unit) * unit + 0
);

const half = (ms: number) => Math.floor(ms / 2);

/** Simplifies one part of a plan. */
type Change = (plan: Plan) => Plan;

/**
 * Removes everything from a plan that the failure does not need, first large
 * parts, then single ones, and simplifies the rest. It keeps each change after
 * which the herd still fails.
 *
 * @param fails Whether the herd of a plan still fails in the same way.
 * @param nowMs A monotonic clock, in milliseconds.
 */
export async function shrink(
  plan: Plan,
  fails: (plan: Plan) => Promise<boolean>,
  nowMs: () => number = () => performance.now(),
): Promise<Plan> {
  const shrinker = new Shrinker(plan, fails, nowMs);
  await shrinker.run();
  return shrinker.plan;
}

class Shrinker {
  /** The smallest plan so far. */
  plan: Plan;
  readonly #fails: (plan: Plan) => Promise<boolean>;
  readonly #nowMs: () => number;
  readonly #endMs: number;
  #runs = 0;

  constructor(
    plan: Plan,
    fails: (plan: Plan) => Promise<boolean>,
    nowMs: () => number,
  ) {
    this.plan = plan;
    this.#fails = fails;
    this.#nowMs = nowMs;
    this.#endMs = nowMs() + maxShrinkMs;
  }

  async run(): Promise<void> {
    let before: Plan | undefined;
    while (before !== this.plan) {
      before = this.plan;
      await this.#remove(({ servers }) => servers, withoutServers);
      await this.#remove(({ faults }) => faults, withoutFaults);
      await this.#remove(({ clocks }) => clocks ?? [], withoutClocks);
      await this.#remove(({ folders }) => folders?.stops ?? [], withoutStops);
      await this.#remove(clientsOf, withoutClients);
      await this.#remove(({ deletions = [] }) => deletions, withoutDeletions);
      await this.#remove(({ reports }) => reports, withoutReports);
      await this.#remove(({ links }) => links, withoutLinks);
      for (const change of changesOf(this.plan)) {
        while (await this.#take(change(this.plan)));
      }
    }
  }

  /** Removes items from a list: halves of it first, then ever smaller parts. */
  async #remove<Item>(
    listOf: (plan: Plan) => readonly Item[],
    without: (plan: Plan, items: ReadonlySet<Item>) => Plan,
  ): Promise<void> {
    let size = listOf(this.plan).length;
    for (; size >= 1; size = Math.floor(size / 2)) {
      for (let at = 0; at < listOf(this.plan).length;) {
        const items = new Set(listOf(this.plan).slice(at, at + size));
        if (!await this.#take(without(this.plan, items))) at += size;
      }
    }
  }

  /** Keeps a smaller plan if its herd fails. */
  async #take(smaller: Plan): Promise<boolean> {
    if (this.#runs >= maxRuns || this.#nowMs() >= this.#endMs) return false;
    const isSame = JSON.stringify(smaller) === JSON.stringify(this.plan);
    if (isSame || !isValid(smaller)) return false;
    this.#runs += 1;
    if (!await this.#fails(smaller)) return false;
    this.plan = smaller;
    return true;
  }
}

/** Whether the herd of a plan must converge. */
function isValid(
  {
    catchUp,
    deletions = [],
    faults,
    healAtMs,
    links,
    reports,
    servers,
    folders,
  }: Plan,
): boolean {
  const stops = folders?.stops ?? [];
  const fromMs = catchUp ? 0 : linkedByMs;
  return isConnected(servers, links) && healAtMs >= minHealAtMs &&
    (catchUp || deletions.length + stops.length === 0) &&
    [...faults, ...reports, ...deletions, ...stops].every(({ atMs }) =>
      fromMs <= atMs && atMs <= healAtMs
    );
}

/** The links, with more links if the herd is not connected. */
function connect(
  servers: readonly PlannedServer[],
  links: readonly ServerPair[],
): readonly ServerPair[] {
  if (servers.length === 0) return links;
  const [{ name: first }] = servers;
  const reached = reachedFrom(first, links);
  const other = servers.find(({ name }) => !reached.has(name));
  if (other === undefined) return links;
  const link: ServerPair = first < other.name
    ? [first, other.name]
    : [other.name, first];
  return connect(servers, [...links, link]);
}

function withoutServers(
  plan: Plan,
  gone: ReadonlySet<PlannedServer>,
): Plan {
  const names = new Set([...gone].map(({ name }) => name));
  const servers = plan.servers.filter((server) => !gone.has(server));
  const isLeft = (link: ServerPair) => !link.some((name) => names.has(name));
  const clocks = plan.clocks ?? [];
  const isThere = (name: string) => !names.has(name);
  const smaller: Plan = {
    ...plan,
    ...withFolders(plan, ({ servers, stops, ...folders }) => ({
      ...folders,
      servers: servers.filter(isThere),
      stops: stops
        .map((stop) => ({ ...stop, servers: stop.servers.filter(isThere) }))
        .filter(({ servers }) => servers.length > 0),
    })),
    servers,
    links: connect(servers, plan.links.filter(isLeft)),
    reports: plan.reports.filter(({ server }) => !names.has(server))
      .map(({ alsoAt, ...report }) =>
        alsoAt === undefined || names.has(alsoAt)
          ? report
          : { ...report, alsoAt }
      ),
    ...withDeletions(plan, ({ server }) => !names.has(server)),
    faults: plan.faults.flatMap((fault): Fault[] => {
      if ("server" in fault) return names.has(fault.server) ? [] : [fault];
      if ("link" in fault) return isLeft(fault.link) ? [fault] : [];
      const side = fault.side.filter((name) => !names.has(name));
      const isSplit = side.length > 0 && side.length < servers.length;
      return isSplit ? [{ ...fault, side }] : [];
    }),
  };
  return withClocks(
    smaller,
    clocks.filter(({ server }) => !names.has(server)),
  );
}

function withoutFaults(plan: Plan, gone: ReadonlySet<Fault>): Plan {
  return { ...plan, faults: plan.faults.filter((fault) => !gone.has(fault)) };
}

/** The plan with these clocks; a plan without any has no list. */
function withClocks(
  { clocks: _, ...plan }: Plan,
  clocks: readonly PlannedClock[],
): Plan {
  return clocks.length === 0 ? plan : { ...plan, clocks };
}

function withoutClocks(plan: Plan, gone: ReadonlySet<PlannedClock>): Plan {
  return withClocks(
    plan,
    (plan.clocks ?? []).filter((clock) => !gone.has(clock)),
  );
}

function withoutStops(plan: Plan, gone: ReadonlySet<PlannedStop>): Plan {
  const change = (folders: PlannedFolders) => ({
    ...folders,
    stops: folders.stops.filter((stop) => !gone.has(stop)),
  });
  return { ...plan, ...withFolders(plan, change) };
}

/** The data folders of a plan after a change, if it has any. */
function withFolders(
  { folders }: Plan,
  change: (folders: PlannedFolders) => PlannedFolders,
): Pick<Plan, "folders"> {
  return folders === undefined ? {} : { folders: change(folders) };
}

function clientsOf({ reports }: Plan): string[] {
  return [...new Set(reports.map(({ client }) => client))];
}

function withoutClients(plan: Plan, gone: ReadonlySet<string>): Plan {
  const reports = plan.reports.filter(({ client }) => !gone.has(client));
  const isLeft = ({ client }: PlannedDeletion) => !gone.has(client);
  return { ...plan, reports, ...withDeletions(plan, isLeft) };
}

function withoutDeletions(
  plan: Plan,
  gone: ReadonlySet<PlannedDeletion>,
): Plan {
  return { ...plan, ...withDeletions(plan, (deletion) => !gone.has(deletion)) };
}

/** Some of the deletions of a plan, if it has any. */
function withDeletions(
  { deletions }: Plan,
  isLeft: (deletion: PlannedDeletion) => boolean,
): Pick<Plan, "deletions"> {
  return deletions === undefined ? {} : { deletions: deletions.filter(isLeft) };
}

function withoutReports(plan: Plan, gone: ReadonlySet<PlannedReport>): Plan {
  const reports = plan.reports.filter((report) => !gone.has(report));
  return { ...plan, reports };
}

function withoutLinks(plan: Plan, gone: ReadonlySet<ServerPair>): Plan {
  return { ...plan, links: plan.links.filter((link) => !gone.has(link)) };
}

/** All simplifications of a plan; those of its settings are first. */
function changesOf({ faults, reports, servers }: Plan): Change[] {
  return [
    ...settingChanges,
    ...servers.flatMap((_, index) =>
      serverChanges.map((change): Change => (plan) => ({
        ...plan,
        servers: plan.servers.with(index, change(plan.servers[index])),
      }))
    ),
    ...faults.flatMap((_, index) =>
      faultChanges.map((change): Change => (plan) => ({
        ...plan,
        faults: plan.faults.with(index, change(plan.faults[index])),
      }))
    ),
    ...reports.flatMap((_, index) =>
      reportChanges.map((change): Change => (plan) => ({
        ...plan,
        reports: plan.reports.with(index, change(plan.reports[index])),
      }))
    ),
  ];
}

const settingChanges: readonly Change[] = [
  (plan) => ({ ...plan, catchUp: true }),
  (plan) => ({ ...plan, secrets: [] }),
  ({ deletions = [], ...plan }) =>
    deletions.length === 0 ? plan : { ...plan, deletions },
  ({ folders: _, ...plan }) => plan,
  (plan) => ({
    ...plan,
    ...withFolders(plan, (folders) => ({ ...folders, delayMs: [0, 0] })),
  }),
  ({ maxClients: _, ...plan }) => plan,
  ({ clientTtlSeconds: _, ...plan }) => plan,
  (plan) => ({ ...plan, timeoutMs: 5_000 }),
  (plan) => ({ ...plan, bufferBytes: 64 * 1024 }),
  ({ writeBytes: _, ...plan }) => plan,
  ({ outboxBytes: _, ...plan }) => plan,
  ({ rebuiltReports: _, ...plan }) => plan,
  ({ treeKey: _, ...plan }) => plan,
  (plan) => ({ ...plan, recentReports: 2 ** 10 }),
  // With constant delays, the events are easier to follow.
  (plan) => ({ ...plan, delayMs: [10, 10] }),
  (plan) => ({
    ...plan,
    servers: plan.servers.map((server) => ({ ...server, skewMs: 0 })),
  }),
  (plan) => ({ ...plan, healAtMs: minHealAtMs }),
  // 1 to 2 seconds after the last fault or report.
  (plan) => {
    const { deletions = [], faults, folders, reports } = plan;
    const stops = folders?.stops ?? [];
    const moments = [...faults, ...reports, ...deletions, ...stops]
      .map(({ atMs }) => atMs);
    const lastMs = Math.ceil(Math.max(...moments) / 1_000) * 1_000;
    return { ...plan, healAtMs: Math.min(plan.healAtMs, lastMs + 1_000) };
  },
  ...roundings.map((round): Change => (plan) => ({
    ...plan,
    healAtMs: round(plan.healAtMs),
  })),
];

const serverChanges: readonly ((server: PlannedServer) => PlannedServer)[] = [
  (server) => ({ ...server, skewMs: 0 }),
  (server) => ({ ...server, startMs: 0 }),
  ...roundings.flatMap((round) => [
    (server: PlannedServer) => ({ ...server, skewMs: round(server.skewMs) }),
    (server: PlannedServer) => ({ ...server, startMs: round(server.startMs) }),
  ]),
];

const faultChanges: readonly ((fault: Fault) => Fault)[] = [
  (fault) => fault.kind === "power loss" ? { ...fault, kind: "kill" } : fault,
  (fault) =>
    fault.kind === "block both ways"
      ? { ...fault, kind: "block one way" }
      : fault,
  ...roundings.map((round) => (fault: Fault) => ({
    ...fault,
    atMs: round(fault.atMs),
  })),
  ...[half, ...roundings].flatMap((shorten) => [
    (fault: Fault) =>
      "forMs" in fault
        ? { ...fault, forMs: Math.max(1, shorten(fault.forMs)) }
        : fault,
    (fault: Fault) =>
      "delayMs" in fault
        ? { ...fault, delayMs: Math.max(1, shorten(fault.delayMs)) }
        : fault,
  ]),
];

const reportChanges: readonly ((report: PlannedReport) => PlannedReport)[] = [
  ...roundings.map((round) => (report: PlannedReport) => ({
    ...report,
    atMs: round(report.atMs),
  })),
  // With a correct clock of the client.
  (report) => ({
    ...report,
    time: ((epochMs + report.atMs) / 1000).toFixed(6),
  }),
  ({ alsoAt: _, ...report }) => report,
  ({ alsoAt: _, attributes: __, ...report }) => report,
];
