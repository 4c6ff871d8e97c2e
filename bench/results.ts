/**
 * The results of the bench: one flat list of samples, and the JSON file that
 * holds it. A table or a plot is a filter and a median away.
 *
 * @module
 */
import { SetupError } from "../cli/exit.ts";
import { readFile } from "../runtime/files.ts";

/** Where the files of results are. */
export const resultsFolder = "bench/results";

/** One measurement of one subject in one round. */
export interface Sample {
  /** What was measured: `updates`, `propagation`, ... */
  readonly measure: string;
  /** Which program was measured: `herd`, or another one. */
  readonly subject: string;
  /** Under which load or in which size: `50x16`, `two hops, idle`, ... */
  readonly point: string;
  /** Counted from 1. The samples of one round were taken one after another. */
  readonly round: number;
  /** Numbers by name. The name ends in the unit. */
  readonly values: Readonly<Record<string, number>>;
}

/** A subject without samples. */
export interface Missing {
  readonly measure: string;
  readonly subject: string;
  /** Why, or how to install it: `apt-get install redis-server`. */
  readonly reason: string;
}

/** The machine on which the samples were taken. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  /** Which processes ran on which cores, in words. */
  readonly pinning: string;
}

/** One run of the bench. */
export interface Results {
  readonly version: 1;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly machine: Machine;
  /** By program: `deno`, `redis-server`, ... */
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  /** How long each load lasted after its warm-up, in seconds. */
  readonly secondsAPoint: number;
  readonly samples: readonly Sample[];
  readonly missing: readonly Missing[];
}

/** The median; the mean of the middle two for an even number of values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** JSON with one sample a line, so that git shows which samples changed. */
export function formatResults(results: Results): string {
  const fields = Object.entries(results).map(([name, value]) =>
    `  ${JSON.stringify(name)}: ${formatField(value)}`
  );
  return `{\n${fields.join(",\n")}\n}\n`;
}

function formatField(value: unknown): string {
  if (Array.isArray(value) && value.length > 0) {
    const items = value.map((item) => `    ${JSON.stringify(item)}`);
    return `[\n${items.join(",\n")}\n  ]`;
  }
  return JSON.stringify(value, undefined, 2).replaceAll("\n", "\n  ");
}

/** @throws {SetupError} Naming the field at `path` that is wrong. */
type Check = (value: unknown, path: string) => void;

const check =
  (expected: string, isValid: (value: unknown) => boolean): Check =>
  (value, path) => {
    if (isValid(value)) return;
    const found = value === undefined
      ? "nothing"
      : JSON.stringify(value).slice(0, 40);
    throw new SetupError(`${path}: expected ${expected}, found ${found}`);
  };

const text = check("a text", (value) => typeof value === "string");

const number = check("a number", Number.isFinite);

const time = check(
  "a time such as 2026-01-31T12:00:00Z",
  (value) =>
    typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) &&
    !Number.isNaN(Date.parse(value)),
);

const object = check(
  "an object",
  (value) =>
    typeof value === "object" && value !== null && !Array.isArray(value),
);

const list = check("a list", Array.isArray);

const recordOf = (item: Check): Check => (value, path) => {
  object(value, path);
  for (const [name, field] of Object.entries(value as object)) {
    item(field, `${path}.${name}`);
  }
};

const listOf = (item: Check): Check => (value, path) => {
  list(value, path);
  (value as unknown[]).forEach((one, index) => item(one, `${path}[${index}]`));
};

const fieldsOf =
  (fields: Readonly<Record<string, Check>>): Check => (value, path) => {
    object(value, path);
    for (const [name, field] of Object.entries(fields)) {
      field((value as Record<string, unknown>)[name], `${path}.${name}`);
    }
  };

const fields = {
  version: check("1", (value) => value === 1),
  startedAt: time,
  machine: fieldsOf({
    processor: text,
    cores: number,
    memoryGiB: number,
    system: text,
    pinning: text,
  }),
  versions: recordOf(text),
  rounds: number,
  secondsAPoint: number,
  samples: listOf(fieldsOf({
    measure: text,
    subject: text,
    point: text,
    round: number,
    values: recordOf(number),
  })),
  missing: listOf(fieldsOf({ measure: text, subject: text, reason: text })),
} satisfies Record<keyof Results, Check>;

/**
 * Reads the text of a file of results.
 *
 * @throws {SetupError} Naming the first field that is wrong.
 */
export function parseResults(text: string): Results {
  let json;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new SetupError(`not JSON: ${(error as SyntaxError).message}`);
  }
  object(json, "the file");
  for (const [name, field] of Object.entries(fields)) field(json[name], name);
  return json;
}

/**
 * Reads a file of results.
 *
 * @throws {SetupError} Naming the file, and the first field that is wrong.
 */
export async function readResultsFile(path: string): Promise<Results> {
  const text = await readFile(path);
  try {
    return parseResults(text);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    throw new SetupError(`${path}: ${error.message}`);
  }
}
