/**
 * Reads a file of results as strictly as a stranger's: what is not as
 * `results.ts` describes it is named by its path.
 *
 * @module
 */
import type { Machine, Missing, Results, Sample } from "../results.ts";

/** A text that is no file of results. The message says where and why. */
export class ResultsError extends Error {
  override readonly name = "ResultsError";
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The results that a text holds.
 *
 * @throws {ResultsError} Naming the first field that is wrong.
 */
export function parseResults(text: string): Results {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ResultsError(`not JSON: ${(error as SyntaxError).message}`);
  }
  const fields = asObject(json, "the file");
  if (fields.version !== 1) {
    throw new ResultsError(
      `version: expected 1, found ${JSON.stringify(fields.version)}`,
    );
  }
  return {
    version: 1,
    startedAt: asTime(fields.startedAt, "startedAt"),
    machine: asMachine(fields.machine),
    versions: asRecord(fields.versions, "versions", asString),
    rounds: asNumber(fields.rounds, "rounds"),
    secondsAPoint: asNumber(fields.secondsAPoint, "secondsAPoint"),
    samples: asList(fields.samples, "samples", asSample),
    missing: asList(fields.missing, "missing", asMissing),
  };
}

function asMachine(value: unknown): Machine {
  const fields = asObject(value, "machine");
  return {
    processor: asString(fields.processor, "machine.processor"),
    cores: asNumber(fields.cores, "machine.cores"),
    memoryGiB: asNumber(fields.memoryGiB, "machine.memoryGiB"),
    system: asString(fields.system, "machine.system"),
    pinning: asString(fields.pinning, "machine.pinning"),
  };
}

function asSample(value: unknown, path: string): Sample {
  const fields = asObject(value, path);
  return {
    measure: asString(fields.measure, `${path}.measure`),
    subject: asString(fields.subject, `${path}.subject`),
    point: asString(fields.point, `${path}.point`),
    round: asNumber(fields.round, `${path}.round`),
    values: asRecord(fields.values, `${path}.values`, asNumber),
  };
}

function asMissing(value: unknown, path: string): Missing {
  const fields = asObject(value, path);
  return {
    measure: asString(fields.measure, `${path}.measure`),
    subject: asString(fields.subject, `${path}.subject`),
    reason: asString(fields.reason, `${path}.reason`),
  };
}

function asObject(value: unknown, path: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Fields;
  }
  throw wrong(path, "an object", value);
}

function asRecord<Item>(
  value: unknown,
  path: string,
  read: (item: unknown, path: string) => Item,
): Readonly<Record<string, Item>> {
  return Object.fromEntries(
    Object.entries(asObject(value, path))
      .map(([name, item]) => [name, read(item, `${path}.${name}`)]),
  );
}

function asList<Item>(
  value: unknown,
  path: string,
  read: (item: unknown, path: string) => Item,
): Item[] {
  if (!Array.isArray(value)) throw wrong(path, "a list", value);
  return value.map((item, index) => read(item, `${path}[${index}]`));
}

function asString(value: unknown, path: string): string {
  if (typeof value === "string") return value;
  throw wrong(path, "a text", value);
}

function asNumber(value: unknown, path: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw wrong(path, "a number", value);
}

function asTime(value: unknown, path: string): string {
  const isTime = typeof value === "string" &&
    /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) &&
    !Number.isNaN(Date.parse(value));
  if (isTime) return value;
  throw wrong(path, "a time such as 2026-01-31T12:00:00Z", value);
}

function wrong(path: string, expected: string, found: unknown): ResultsError {
  const text = found === undefined
    ? "nothing"
    : JSON.stringify(found).slice(0, 40);
  return new ResultsError(`${path}: expected ${expected}, found ${text}`);
}

/** The results that were begun last; undefined if there are none. */
export function newest<Entry extends { readonly results: Results }>(
  entries: readonly Entry[],
): Entry | undefined {
  const startMs = ({ results }: Entry) => Date.parse(results.startedAt);
  return entries.toSorted((one, other) => startMs(one) - startMs(other)).at(-1);
}
