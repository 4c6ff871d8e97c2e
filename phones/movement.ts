/**
 * Smooth random walks on the sphere, on foot or by car, that stay near a home.
 *
 * @module
 */
import { distance } from "../packages/geokdbush.ts";
import type { Random } from "../runtime/random.ts";

/** A position on the sphere. */
export interface Coordinates {
  /** Degrees north, -90 to 90. */
  readonly latitude: number;
  /** Degrees east, -180 to 180. */
  readonly longitude: number;
}

/** A way of moving. */
export interface Gait {
  /** Slowest and fastest speed, in metres per second. */
  readonly speeds: readonly [least: number, most: number];
  /** Largest change of the speed in a second, in metres per second. */
  readonly speedChange: number;
  /** Largest change of the turn rate in a second, in radians. */
  readonly turnChange: number;
  /** Beyond this distance from home, in metres, it turns back. */
  readonly rangeMetres: number;
}

/** On foot: about 1.4 metres per second. */
export const walking: Gait = {
  speeds: [1.1, 1.7],
  speedChange: 0.05,
  turnChange: 0.15,
  rangeMetres: 1_500,
};

/** By car: 5 to 25 metres per second. */
export const driving: Gait = {
  speeds: [5, 25],
  speedChange: 0.8,
  turnChange: 0.04,
  rangeMetres: 6_000,
};

/** The mean radius of the earth in metres, as in geokdbush. */
const earthRadiusMetres = 6_371_000;

/**
 * The walk turns once per step, in milliseconds, and is straight in between.
 */
const stepMs = 1_000;

/** The share of the turn rate that remains after a step. */
const persistence = 0.8;

/** Largest turn towards home in a step, in radians. */
const maxHomeTurn = 0.35;

const radians = (degrees: number) => degrees * Math.PI / 180;
const degrees = (radians: number) => radians * 180 / Math.PI;

/** A walk. Equal random numbers give equal walks. */
export class Movement {
  readonly #home: Coordinates;
  readonly #gait: Gait;
  readonly #random: Random;
  /** Where and when the last step began. */
  #position: Coordinates;
  #positionMs = 0;
  /** Radians clockwise from north. */
  #heading: number;
  #turning = 0;
  /** Metres per second. */
  #speed: number;

  constructor(home: Coordinates, gait: Gait, random: Random) {
    this.#home = home;
    this.#gait = gait;
    this.#random = random;
    this.#speed = random.between(...gait.speeds);
    this.#heading = random.between(0, 2 * Math.PI);
    // Walks begin at different distances from the home.
    const metres = random.between(0, gait.rangeMetres / 3);
    this.#position = moved(home, random.between(0, 2 * Math.PI), metres);
  }

  /**
   * The position, `elapsedMs` milliseconds after the beginning. The time must
   * not be before the second of the previous call.
   */
  at(elapsedMs: number): Coordinates {
    while (elapsedMs - this.#positionMs >= stepMs) this.#step();
    return this.#ahead(elapsedMs - this.#positionMs);
  }

  #ahead(forMs: number): Coordinates {
    return moved(this.#position, this.#heading, this.#speed * forMs / 1000);
  }

  #step(): void {
    const { rangeMetres, speedChange, speeds: [least, most], turnChange } =
      this.#gait;
    this.#position = this.#ahead(stepMs);
    this.#positionMs += stepMs;
    const change = this.#random.between(-speedChange, speedChange);
    this.#speed = Math.min(Math.max(this.#speed + change, least), most);
    this.#turning = persistence * this.#turning +
      this.#random.between(-turnChange, turnChange);
    if (metresBetween(this.#position, this.#home) > rangeMetres) {
      const away = bearing(this.#position, this.#home) - this.#heading;
      // Normalized to between -π and π.
      const turn = Math.atan2(Math.sin(away), Math.cos(away));
      this.#turning = Math.min(Math.max(turn, -maxHomeTurn), maxHomeTurn);
    }
    this.#heading += this.#turning;
  }
}

/**
 * The position at a distance along the great circle with this initial heading.
 */
export function moved(
  from: Coordinates,
  heading: number,
  metres: number,
): Coordinates {
  const angle = metres / earthRadiusMetres;
  const latitude = radians(from.latitude);
  const sine = Math.sin(latitude) * Math.cos(angle) +
    Math.cos(latitude) * Math.sin(angle) * Math.cos(heading);
  const east = Math.atan2(
    Math.sin(heading) * Math.sin(angle) * Math.cos(latitude),
    Math.cos(angle) - Math.sin(latitude) * sine,
  );
  const longitude = from.longitude + degrees(east);
  return {
    latitude: degrees(Math.asin(Math.min(Math.max(sine, -1), 1))),
    // Wraps at the date line.
    longitude: longitude - 360 * Math.floor((longitude + 180) / 360),
  };
}

/** The distance of two positions along the great circle, in metres. */
export function metresBetween(a: Coordinates, b: Coordinates): number {
  const { latitude, longitude } = a;
  return 1000 * distance(longitude, latitude, b.longitude, b.latitude);
}

/**
 * The initial heading of the great circle from one position to another, in
 * radians.
 */
function bearing(from: Coordinates, to: Coordinates): number {
  const [north, other] = [radians(from.latitude), radians(to.latitude)];
  const east = radians(to.longitude - from.longitude);
  return Math.atan2(
    Math.sin(east) * Math.cos(other),
    Math.cos(north) * Math.sin(other) -
      Math.sin(north) * Math.cos(other) * Math.cos(east),
  );
}
