/**
 * A simulated phone: who it is, where it is, how wrong its clock is, and what
 * it does when. All of it follows from a seed.
 *
 * @module
 */
import type { Random } from "../runtime/random.ts";
import type { Timestamp } from "../protocol/time.ts";
import { type Coordinates, driving, Movement, walking } from "./movement.ts";

/** What a phone does next, and when, in milliseconds after the beginning. */
export type Action =
  | { readonly kind: "report"; readonly atMs: number }
  | {
    readonly kind: "ask";
    readonly atMs: number;
    /** The phone that the question is about: its number. */
    readonly about: number;
    readonly radiusKm: number;
    readonly bound: number;
  }
  | { readonly kind: "roam"; readonly atMs: number };

/** Where a phone may live. */
export interface Home extends Coordinates {
  /** The city that it belongs to. */
  readonly city: string;
}

/** How often on average a phone does things, in milliseconds. */
const meanMs = { report: 3_000, ask: 6_000, roam: 25_000 };

/** It waits no longer than so many times that. */
const longestWait = 5;

/** So many phones of a hundred are in a car. */
const driversShare = 0.4;

/** So many ask about themselves; others about anybody. */
const askSelfShare = 0.5;

/** Radius and bound of questions go up to these: kilometres, and places. */
const mostRadiusKm = 5;
const mostBound = 5;

/** Most clocks are wrong by less than this, in milliseconds. */
const usualSkewMs = 1_000;

/** So many clocks are wrong by more, and by how much at most. */
const oddClocksShare = 0.1;
const mostSkewMs = 10 * 60_000;

/** What a phone is given. */
export interface PhoneSettings {
  /** Its number among all phones. */
  readonly number: number;
  /** How many phones there are. */
  readonly count: number;
  /** Makes the IDs of a run different from those of others. */
  readonly run: string;
  readonly homes: readonly Home[];
  readonly random: Random;
}

/** One phone. */
export class Phone {
  readonly number: number;
  readonly id: string;
  /** Its clock less the right time, in milliseconds. */
  readonly skewMs: number;
  /** Draws the servers that it goes to. */
  readonly roaming: Random;
  readonly #count: number;
  readonly #movement: Movement;
  readonly #random: Random;
  /** When it will do each kind of thing the next time. */
  readonly #nextMs: Record<Action["kind"], number>;
  #lastMicroseconds = 0;

  constructor({ count, homes, number, random, run }: PhoneSettings) {
    this.number = number;
    this.#count = count;
    const home = random.pick(homes);
    this.id = `${slug(home.city)}-${run}-${number}`;
    const gait = random.chance(driversShare) ? driving : walking;
    this.skewMs = random.chance(oddClocksShare)
      ? random.between(-mostSkewMs, mostSkewMs)
      : random.between(-usualSkewMs, usualSkewMs);
    this.#movement = new Movement(home, gait, random.fork());
    this.#random = random.fork();
    this.roaming = random.fork();
    this.#nextMs = {
      // The first reports are spread evenly: phones do not begin all at once.
      report: random.between(0, meanMs.report),
      ask: this.#draw("ask"),
      roam: this.#draw("roam"),
    };
  }

  /** What it does next. Every call goes on by one. */
  next(): Action {
    const kinds = ["report", "ask", "roam"] as const;
    const kind = kinds.reduce((first, other) =>
      this.#nextMs[other] < this.#nextMs[first] ? other : first
    );
    const atMs = this.#nextMs[kind];
    this.#nextMs[kind] = atMs + this.#draw(kind);
    if (kind !== "ask") return { kind, atMs };
    const random = this.#random;
    const about = random.chance(askSelfShare)
      ? this.number
      : random.below(this.#count);
    return {
      kind,
      atMs,
      about,
      radiusKm: Math.round(random.between(0, mostRadiusKm) * 10) / 10,
      bound: random.below(mostBound + 1),
    };
  }

  /** Where it is then: `+34.068930-118.445127`. Time never goes back. */
  positionAt(elapsedMs: number): string {
    const { latitude, longitude } = this.#movement.at(elapsedMs);
    return formatDegrees(latitude) + formatDegrees(longitude);
  }

  /**
   * The time by its own clock, in POSIX seconds with six decimals: later than
   * whatever it said before.
   */
  timeAt({ nanoseconds, seconds }: Timestamp): string {
    const microseconds = Math.round(
      seconds * 1e6 + nanoseconds / 1e3 + this.skewMs * 1e3,
    );
    this.#lastMicroseconds = Math.max(microseconds, this.#lastMicroseconds + 1);
    const digits = String(this.#lastMicroseconds).padStart(7, "0");
    return `${digits.slice(0, -6)}.${digits.slice(-6)}`;
  }

  /** A time until something is done again: as calls come in to an exchange. */
  #draw(kind: Action["kind"]): number {
    const times = -Math.log(1 - this.#random.next());
    return meanMs[kind] * Math.min(times, longestWait);
  }
}

/** All phones of a run, numbered from 0, each with chance of its own. */
export function makePhones(
  { count, random, ...shared }: Omit<PhoneSettings, "number">,
): Phone[] {
  return Array.from(
    { length: count },
    (_, number) =>
      new Phone({ ...shared, count, number, random: random.fork() }),
  );
}

/** Degrees with their sign. Six decimals of one are a tenth of a metre. */
export function formatDegrees(angle: number): string {
  return (angle < 0 ? "-" : "+") + Math.abs(angle).toFixed(6);
}

/** `São Paulo` as `sao-paulo`. */
function slug(name: string): string {
  return name.normalize("NFD").toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z]+/g, "-");
}
