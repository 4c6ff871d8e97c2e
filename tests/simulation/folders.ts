/**
 * Data folders in simulated herds: which servers have one and how they stop, and
 * that a server that starts again has what it had before.
 *
 * @module
 */
import type { FloodRouter } from "../../peers/replication/flood_router.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { isDeletion } from "../../protocol/deletion.ts";
import { heardAtOf } from "../../protocol/order.ts";
import { clientOf, type Report } from "../../protocol/report.ts";
import {
  addSeconds,
  compareTimestamps,
  formatTimestamp,
  type Timestamp,
} from "../../protocol/time.ts";
import { Random } from "../../runtime/random.ts";
import { writeIntervalMs } from "../../storage/limits.ts";
import {
  type Plan,
  type PlannedFolders,
  type PlannedStop,
  type StopKind,
  stopKinds,
} from "./plan.ts";
import { isNewer } from "./report_order.ts";

/** Probability that servers of a herd have data folders. */
const foldersChance = 0.15;

/** Most stops of a herd, besides its faults. */
const maxStops = 4;

/**
 * Draws the data folders of a herd. From numbers of its own, so that the rest of
 * the plan of a seed stays the same.
 */
export function drawFolders(plan: Plan): PlannedFolders | undefined {
  const random = new Random(plan.seed ^ 0xf01de5);
  if (!plan.catchUp || !random.chance(foldersChance)) return undefined;
  const names = plan.servers.map(({ name }) => name);
  const isEverywhere = random.chance(0.6);
  return {
    servers: names.filter(() => isEverywhere || random.chance(0.5)),
    syncMs: random.pick([100, 1_000]),
    minTailBytes: random.pick([500, 5_000, 1_000_000]),
    delayMs: random.pick([[0, 0], [0.1, 5], [5, 40]] as const),
    stops: Array.from(
      { length: random.below(maxStops + 1) },
      () => drawStop(names, plan.healAtMs, random),
    ).sort((one, other) => one.atMs - other.atMs),
  };
}

function drawStop(
  names: readonly string[],
  healAtMs: number,
  random: Random,
): PlannedStop {
  const isOfAll = random.chance(0.75);
  return {
    atMs: random.between(1_000, healAtMs),
    forMs: random.between(50, 4_000),
    kind: random.pick(stopKinds),
    servers: isOfAll ? names : [random.pick(names)],
    ...random.chance(0.1) ? { losesFolders: true } : {},
  };
}

/** A record, and when the server stored it. */
interface StoredRecord {
  readonly activeMs: number;
  /** The record of a report; undefined for a deletion. */
  readonly record: ByteString | undefined;
}

/** What a server must have when it starts again. */
interface Expected {
  /** Of each client the last record that must be there, and those after it. */
  readonly records: ReadonlyMap<ByteString, readonly ByteString[]>;
  readonly deletions: ReadonlyMap<ByteString, Timestamp>;
  readonly horizon: Timestamp | undefined;
}

type RestoredRouter = Pick<
  FloodRouter,
  "deletedUntil" | "isExpired" | "newestRecord" | "raisedHorizon" | "records"
>;

const nothing: Expected = {
  records: new Map(),
  deletions: new Map(),
  horizon: undefined,
};

/**
 * By its own clock, a server takes reports that were heard up to a minute after the
 * present, and deletions of the last 30 days. These are the two limits in seconds,
 * less a second.
 */
const latestSeconds = 60 - 1;
const earliestSeconds = 30 * 86_400 - 1;

/**
 * Checks the data folder of one server over all its incarnations: each record that
 * was stored long enough before a crash must be there at the next start.
 */
export class FolderWatch {
  readonly #syncMs: number;
  readonly #slackMs: number;
  readonly #onViolation: (rule: string, detail: string) => void;
  /** What the present incarnation has stored, by client, in order. */
  readonly #stored = new Map<ByteString, StoredRecord[]>();
  #horizons: { activeMs: number; horizon: Timestamp }[] = [];
  #expected: Expected | undefined;

  /** @param onViolation Receives broken rules. */
  constructor(
    { delayMs: [, longestMs], syncMs }: PlannedFolders,
    onViolation: (rule: string, detail: string) => void,
  ) {
    this.#syncMs = syncMs;
    // A record may wait for a snapshot that is being completed.
    this.#slackMs = 100 + 30 * longestMs;
    this.#onViolation = onViolation;
  }

  /** To be called when the server has stored a report or a deletion. */
  onStored(record: Report, activeMs: number): void {
    const { client } = record;
    const records = this.#stored.get(client) ?? [];
    this.#stored.set(client, records);
    records.push({
      activeMs,
      record: isDeletion(record) ? undefined : record.record,
    });
  }

  /** To be called when the raised horizon may have moved. */
  onHorizon(horizon: Timestamp | undefined, activeMs: number): void {
    const last = this.#horizons.at(-1)?.horizon;
    if (horizon === undefined || horizon === last) return;
    this.#horizons.push({ activeMs, horizon });
  }

  /**
   * To be called when the server's incarnation has ended, with its router as it
   * was then.
   *
   * @param activeMs When it ended.
   */
  onEnd(kind: StopKind, router: RestoredRouter, activeMs: number): void {
    const untilMs = activeMs - this.#lostMs(kind);
    const isKept = (entry: { readonly activeMs: number }) =>
      entry.activeMs <= untilMs;
    const records = new Map<ByteString, ByteString[]>();
    const deletions = new Map<ByteString, Timestamp>();
    for (const [client, stored] of this.#stored) {
      const until = router.deletedUntil(client);
      const last = stored.findLastIndex((entry) =>
        isKept(entry) && entry.record !== undefined
      );
      // What has expired, or was deleted later, need not be there.
      if (router.newestRecord(client) !== undefined && last >= 0) {
        const later = stored.slice(last).map(({ record }) => record);
        records.set(client, later.filter((record) => record !== undefined));
      }
      const lastDeletion = stored.findLast(({ record }) =>
        record === undefined
      );
      if (until !== undefined && lastDeletion && isKept(lastDeletion)) {
        deletions.set(client, until);
      }
    }
    const horizon = this.#horizons.findLast(isKept)?.horizon;
    this.#expected = { records, deletions, horizon };
    this.#stored.clear();
    this.#horizons = [];
  }

  /** What may be lost, in milliseconds. */
  #lostMs(kind: StopKind): number {
    if (kind === "stop") return 0;
    const untilWrittenMs = writeIntervalMs + this.#slackMs;
    return kind === "kill" ? untilWrittenMs : untilWrittenMs + this.#syncMs;
  }

  /**
   * To be called when the records of the folder were restored, before neighbours
   * are linked.
   *
   * @param now The server's clock.
   */
  onRestored(router: RestoredRouter, now: Timestamp): void {
    const { deletions, horizon, records } = this.#expected ?? nothing;
    const latest = addSeconds(now, latestSeconds);
    const isOver = (time: Timestamp) =>
      isUntil(time, addSeconds(now, -earliestSeconds)) ||
      isUntil(latest, time);
    const { raisedHorizon } = router;
    const isLow = horizon !== undefined && isUntil(horizon, now) &&
      !(raisedHorizon && isUntil(horizon, raisedHorizon));
    if (isLow) {
      this.#onViolation(
        "a horizon is not in the data folder",
        formatTimestamp(horizon),
      );
    }
    for (const [client, [record, ...later]] of records) {
      const until = router.deletedUntil(client);
      const isGone = (some: ByteString) => {
        const heard = heardAtOf(some);
        return isUntil(latest, heard) || router.isExpired(some) ||
          until !== undefined && isUntil(heard, until);
      };
      const newest = router.newestRecord(client);
      // One that is newer by its order, but was heard earlier, may have replaced
      // it and expired then.
      if (newest === record || isGone(record) || later.some(isGone)) continue;
      if (newest !== undefined && isNewer(newest, record)) continue;
      this.#onViolation(
        "a record is not in the data folder",
        `${record}, but ${newest}`,
      );
    }
    for (const [client, until] of deletions) {
      const restored = router.deletedUntil(client);
      if (isOver(until) || restored && isUntil(until, restored)) continue;
      this.#onViolation(
        "a deletion is not in the data folder",
        `${client}, until ${formatTimestamp(until)}`,
      );
    }
    // The files have them, however the server ends.
    for (const record of router.records()) {
      const entry = { activeMs: -Infinity, record };
      this.#stored.set(clientOf(record), [entry]);
    }
  }

  /** The newest record of each client that the next start must restore. */
  get expected(): Iterable<ByteString> {
    return this.#expected?.records.values().map(([record]) => record) ?? [];
  }

  /** The folder was removed. */
  onLost(): void {
    this.#expected = undefined;
  }
}

/** Whether one time is at or before another. */
function isUntil(time: Timestamp, other: Timestamp): boolean {
  return compareTimestamps(time, other) <= 0;
}
