/**
 * A simulated phone: its ID, its movement, its clock's error and its schedule.
 * All of it is derived from a seed.
 *
 * @module
 */
import type { Random } from "../runtime/random.ts";
import type { Timestamp } from "../protocol/time.ts";
import { type Coordinates, driving, Movement, walking } from "./movement.ts";
import { paceOf, reportEveryMs } from "./pace.ts";

/** A phone's next action, with its time in milliseconds after the beginning. */
export type Action =
  | { readonly kind: "report"; readonly atMs: number }
  | {
    readonly kind: "query";
    readonly atMs: number;
    /** The number of the phone in the query. */
    readonly about: number;
    readonly radiusKm: number;
    readonly bound: number;
  }
  | { readonly kind: "roam"; readonly atMs: number };

/** A phone's home. */
export interface Home extends Coordinates {
  /** The city that it belongs to. */
  readonly city: string;
}

/** Mean time between two actions of a kind of few phones, in milliseconds. */
const meanMs = { report: reportEveryMs, query: 6_000, roam: 25_000 };

/** Longest wait, as a multiple of the mean. */
const maxWaitFactor = 5;

/** The share of phones in cars. */
const driversShare = 0.4;

/**
 * The share of queries about the phone itself; the others are about any phone.
 */
const querySelfShare = 0.5;

/** Largest radius of queries, in kilometres, and largest bound. */
const maxRadiusKm = 5;
const maxBound = 5;

/** Largest error of most clocks, in milliseconds. */
const usualSkewMs = 1_000;

/**
 * The share of clocks with a larger error, and the largest error, in
 * milliseconds.
 */
const skewedShare = 0.1;
const maxSkewMs = 10 * 60_000;

/** The settings of a phone. */
export interface PhoneSettings {
  /** Its number among all phones. */
  readonly number: number;
  /** How many phones there are. */
  readonly count: number;
  /** Distinguishes the IDs of this run from those of other runs. */
  readonly run: string;
  /** Precedes the IDs. Default: nothing. */
  readonly prefix?: string;
  readonly homes: readonly Home[];
  readonly random: Random;
  /**
   * The error of its clock, in milliseconds; positive if it is fast. Drawn by
   * default.
   */
  readonly skewMs?: number;
}

/** A phone. */
export class Phone {
  readonly number: number;
  readonly id: string;
  /** The error of its clock, in milliseconds; positive if it is fast. */
  readonly skewMs: number;
  /** Selects the servers that it connects to. */
  readonly roaming: Random;
  readonly #count: number;
  readonly #slowdown: number;
  readonly #movement: Movement;
  readonly #random: Random;
  /** The time of the next action of each kind. */
  readonly #nextMs: Record<Action["kind"], number>;
  #lastMicroseconds = 0;

  constructor(settings: PhoneSettings) {
    const { count, homes, number, prefix = "", random, run } = settings;
    const { rampMs, slowdown } = paceOf(count);
    this.#slowdown = slowdown;
    this.number = number;
    this.#count = count;
    const home = random.pick(homes);
    this.id = `${prefix}${slug(home.city)}-${run}-${number}`;
    const gait = random.chance(driversShare) ? driving : walking;
    const skewMs = random.chance(skewedShare)
      ? random.between(-maxSkewMs, maxSkewMs)
      : random.between(-usualSkewMs, usualSkewMs);
    this.skewMs = settings.skewMs ?? skewMs;
    this.#movement = new Movement(home, gait, random.fork());
    this.#random = random.fork();
    this.roaming = random.fork();
    // The first reports are spread evenly over time.
    const beginMs = random.between(0, rampMs);
    // Many phones connect when they begin, and not before.
    const idleMs = rampMs > reportEveryMs ? beginMs : 0;
    this.#nextMs = {
      report: beginMs,
      query: idleMs + this.#draw("query"),
      roam: idleMs + this.#draw("roam"),
    };
  }

  /** Returns the next action and advances the schedule. */
  next(): Action {
    const kinds = ["report", "query", "roam"] as const;
    const kind = kinds.reduce((first, other) =>
      this.#nextMs[other] < this.#nextMs[first] ? other : first
    );
    const atMs = this.#nextMs[kind];
    this.#nextMs[kind] = atMs + this.#draw(kind);
    if (kind !== "query") return { kind, atMs };
    const random = this.#random;
    const about = random.chance(querySelfShare)
      ? this.number
      : random.below(this.#count);
    return {
      kind,
      atMs,
      about,
      radiusKm: Math.round(random.between(0, maxRadiusKm) * 10) / 10,
      bound: random.below(maxBound + 1),
    };
  }

  /**
   * The position at a time, such as `+34.068930-118.445127`. Times must not
   * decrease.
   */
  positionAt(elapsedMs: number): string {
    const { latitude, longitude } = this.#movement.at(elapsedMs);
    return formatDegrees(latitude) + formatDegrees(longitude);
  }

  /**
   * The time by its own clock, in POSIX seconds with six decimals. It is later
   * than all times returned before.
   */
  timeAt({ nanoseconds, seconds }: Timestamp): string {
    const microseconds = Math.round(
      seconds * 1e6 + nanoseconds / 1e3 + this.skewMs * 1e3,
    );
    this.#lastMicroseconds = Math.max(microseconds, this.#lastMicroseconds + 1);
    const digits = String(this.#lastMicroseconds).padStart(7, "0");
    return `${digits.slice(0, -6)}.${digits.slice(-6)}`;
  }

  /** A random time until the next action, with an exponential distribution. */
  #draw(kind: Action["kind"]): number {
    const factor = -Math.log(1 - this.#random.next());
    const meanWaitMs = meanMs[kind] * this.#slowdown;
    return meanWaitMs * Math.min(factor, maxWaitFactor);
  }
}

/** The phones of a run, numbered from 0, each with its own random numbers. */
export function makePhones(
  { count, random, ...shared }: Omit<PhoneSettings, "number">,
): Phone[] {
  return Array.from(
    { length: count },
    (_, number) =>
      new Phone({ ...shared, count, number, random: random.fork() }),
  );
}

/** Degrees with sign and six decimals, which are a tenth of a metre. */
export function formatDegrees(angle: number): string {
  const digits = Math.abs(angle).toFixed(6);
  // As in the client, zero has a plus.
  return (angle < 0 && Number(digits) > 0 ? "-" : "+") + digits;
}

/** `São Paulo` as `sao-paulo`. */
function slug(name: string): string {
  return name.normalize("NFD").toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z]+/g, "-");
}
