/**
 * Reads a plan from parsed JSON, strictly. A plan whose fault is misspelled would
 * run without that fault, and break no rule.
 *
 * @module
 */
import { parseAttributes } from "../../protocol/attributes.ts";
import { parseCommand } from "../../protocol/command.ts";
import {
  type Fault,
  type Plan,
  type PlannedFolders,
  stopKinds,
  topologyOf,
} from "./plan.ts";

/** A plan is invalid. The message is one line that names the entry. */
export class PlanError extends Error {
  /** Always `PlanError`. */
  override readonly name = "PlanError";
}

/** Latest time, in milliseconds: an hour, which takes seconds. */
const maxMs = 3_600_000;

/** A clock may be wrong by this much, in milliseconds: about 40 years. */
const maxAheadMs = 1.25e12;

/** A form of a value. */
interface Form {
  readonly expected: string;
  readonly fits: (value: unknown) => boolean;
}

/** The forms of an object's entries, by key. */
type Forms = Readonly<Record<string, Form>>;

const text: Form = {
  expected: "a text",
  fits: (value) => typeof value === "string",
};

const truth: Form = {
  expected: "true or false",
  fits: (value) => typeof value === "boolean",
};

const list: Form = { expected: "a list", fits: Array.isArray };

const texts: Form = {
  expected: "a list of texts",
  fits: (value) => Array.isArray(value) && value.every(text.fits),
};

const attributes: Form = {
  expected: "attributes",
  fits: (value) =>
    text.fits(value) && value !== "" &&
    parseAttributes(String(value)) !== undefined,
};

const time = numberFrom(0, maxMs);
const delays: Form = {
  expected: "the shortest and the longest delay in milliseconds",
  fits: (value) =>
    Array.isArray(value) && value.length === 2 && value.every(time.fits) &&
    value[0] <= value[1],
};

const required: Readonly<Record<keyof RequiredPart, Form>> = {
  seed: wholeFrom(0),
  servers: list,
  links: list,
  catchUp: truth,
  secrets: texts,
  timeoutMs: numberFrom(1, maxMs),
  bufferBytes: wholeFrom(1),
  recentReports: {
    expected: "a power of two",
    fits: (value) =>
      wholeFrom(1).fits(value) && Number.isInteger(Math.log2(Number(value))),
  },
  delayMs: delays,
  reports: list,
  faults: list,
  healAtMs: time,
};

const optional: Readonly<Record<keyof Omit<Plan, keyof RequiredPart>, Form>> = {
  deletions: list,
  maxClients: wholeFrom(1),
  clientTtlSeconds: wholeFrom(1),
  forgetSeconds: wholeFrom(1),
  writeBytes: wholeFrom(1),
  outboxBytes: wholeFrom(1),
  rebuiltReports: wholeFrom(1),
  clocks: list,
  folders: { expected: "an object", fits: isObject },
  treeKey: {
    expected: "32 hexadecimal digits",
    fits: (value) => /^[0-9a-f]{32}$/.test(String(value)),
  },
};

/** What each plan has. */
type RequiredPart = Omit<
  Plan,
  | "deletions"
  | "maxClients"
  | "clientTtlSeconds"
  | "forgetSeconds"
  | "writeBytes"
  | "outboxBytes"
  | "rebuiltReports"
  | "clocks"
  | "folders"
  | "treeKey"
>;

/**
 * Checks parsed JSON that should be a plan, and returns it.
 *
 * @throws {PlanError} If it is anything else.
 */
export function readPlan(json: unknown): Plan {
  expectEntries(json, "the plan", required, optional);
  // What the lists have is checked below.
  const plan = json as Plan;
  plan.servers.forEach((server, index) =>
    expectEntries(server, `servers[${index}]`, {
      name: text,
      startMs: time,
      skewMs: numberFrom(-maxMs, maxMs),
    })
  );
  try {
    topologyOf(plan);
  } catch (error) {
    throw error instanceof Error ? new PlanError(error.message) : error;
  }
  const names = plan.servers.map(({ name }) => name);
  const beforeHealing = numberFrom(0, plan.healAtMs);
  const server: Form = {
    expected: `one of ${names.join(", ")}`,
    fits: (value) => names.some((name) => name === value),
  };
  plan.reports.forEach((report, index) => {
    const where = `reports[${index}]`;
    expectEntries(report, where, {
      atMs: beforeHealing,
      server,
      client: text,
      position: text,
      time: text,
    }, { attributes, alsoAt: server });
    const { client, position, time } = report;
    const command = parseCommand(`IAMAT ${client} ${position} ${time}`);
    if (command?.verb !== "IAMAT" || command.client !== client) {
      throw new PlanError(`${where}: no client sends this`);
    }
  });
  plan.deletions?.forEach((deletion, index) => {
    const where = `deletions[${index}]`;
    const forms = { atMs: beforeHealing, server, client: text };
    expectEntries(deletion, where, forms);
  });
  plan.clocks?.forEach((clock, index) =>
    expectEntries(clock, `clocks[${index}]`, {
      atMs: beforeHealing,
      server,
      aheadMs: numberFrom(-maxAheadMs, maxAheadMs),
      driftMs: numberFrom(-maxAheadMs, maxAheadMs),
    })
  );
  if (plan.folders !== undefined) {
    expectFolders(plan.folders, server, beforeHealing);
  }
  const formsOf = new Map<string, Forms>(
    Object.entries(formsOfFaults(server, names.length)),
  );
  plan.faults.forEach((fault, index) => {
    const where = `faults[${index}]`;
    const { kind } = expectObject(fault, where);
    const forms = formsOf.get(String(kind));
    if (forms === undefined) {
      throw new PlanError(
        `${where}.kind: expected one of ${[...formsOf.keys()].join(", ")}, ` +
          `found ${describe(kind)}`,
      );
    }
    expectEntries(fault, where, {
      kind: text,
      atMs: beforeHealing,
      ...forms,
    });
  });
  return plan;
}

/** Checks the data folders of a plan. */
function expectFolders(
  folders: PlannedFolders,
  server: Form,
  beforeHealing: Form,
): void {
  const servers: Form = {
    expected: "a list of servers of the herd",
    fits: (value) => Array.isArray(value) && value.every(server.fits),
  };
  expectEntries(folders, "folders", {
    servers,
    syncMs: wholeFrom(1),
    minTailBytes: wholeFrom(1),
    delayMs: delays,
    stops: list,
  });
  folders.stops.forEach((stop, index) =>
    expectEntries(stop, `folders.stops[${index}]`, {
      atMs: beforeHealing,
      forMs: time,
      kind: {
        expected: `one of ${stopKinds.join(", ")}`,
        fits: (value) => stopKinds.some((kind) => kind === value),
      },
      servers,
    }, { losesFolders: truth })
  );
}

/** What a fault of each kind has besides its kind and time. */
function formsOfFaults(
  server: Form,
  servers: number,
): Readonly<Record<Fault["kind"], Forms>> {
  const link: Form = {
    expected: "two servers of the herd",
    fits: (value) =>
      Array.isArray(value) && value.length === 2 && value.every(server.fits) &&
      value[0] !== value[1],
  };
  const side: Form = {
    expected: "a list of some servers of the herd, not of all",
    fits: (value) =>
      Array.isArray(value) && value.every(server.fits) &&
      value.length > 0 && new Set(value).size < servers,
  };
  const forMs = time;
  return {
    "kill": { server, forMs },
    "power loss": { server, forMs },
    "freeze": { server, forMs },
    "cut": { link },
    "swallow": { link },
    "block one way": { link, forMs },
    "block both ways": { link, forMs },
    "split": { side, forMs },
    "slow path": { link, delayMs: time, forMs },
  };
}

/**
 * Returns a value that is an object.
 *
 * @throws {PlanError} If it is anything else.
 */
export function expectObject(
  value: unknown,
  where: string,
): Record<string, unknown> {
  if (isObject(value)) return value;
  throw new PlanError(`${where}: expected an object, found ${describe(value)}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Checks the entries of an object. It has all required ones and no others. */
function expectEntries(
  value: unknown,
  where: string,
  required: Forms,
  optional: Forms = {},
): void {
  const forms = new Map(Object.entries({ ...optional, ...required }));
  const entries = new Map<string, unknown>(
    Object.entries(expectObject(value, where)),
  );
  for (const key of new Set([...Object.keys(required), ...entries.keys()])) {
    const form = forms.get(key);
    if (form === undefined) {
      throw new PlanError(`${where}: unknown key ${JSON.stringify(key)}`);
    }
    const entry = entries.get(key);
    if (form.fits(entry)) continue;
    throw new PlanError(
      `${where}.${key}: expected ${form.expected}, found ${describe(entry)}`,
    );
  }
}

function numberFrom(least: number, most: number): Form {
  return {
    expected: `a number from ${least} to ${most}`,
    fits: (value) =>
      typeof value === "number" && value >= least && value <= most,
  };
}

function wholeFrom(least: number): Form {
  return {
    expected: `a whole number, at least ${least}`,
    fits: (value) => Number.isSafeInteger(value) && Number(value) >= least,
  };
}

function describe(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
