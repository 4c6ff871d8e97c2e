/**
 * Smooth random walks on the sphere: where somebody is at any moment, walking
 * or driving about a place without ever leaving its surroundings.
 *
 * @module
 */
import { distance } from "../packages/geokdbush.ts";
import type { Random } from "../runtime/random.ts";

/** A spot on the sphere. */
export interface Coordinates {
  /** Degrees north, -90 to 90. */
  readonly latitude: number;
  /** Degrees east, -180 to 180. */
  readonly longitude: number;
}

/** How somebody moves. */
export interface Gait {
  /** Slowest and fastest, in metres a second. */
  readonly speeds: readonly [least: number, most: number];
  /** How much the speed changes in a second, in metres a second. */
  readonly speedChange: number;
  /** How much the turning changes in a second, in radians. */
  readonly unrest: number;
  /** Farther from home than this, in metres, it turns round. */
  readonly rangeMetres: number;
}

/** On foot: 1.4 metres a second, more or less. */
export const walking: Gait = {
  speeds: [1.1, 1.7],
  speedChange: 0.05,
  unrest: 0.15,
  rangeMetres: 1_500,
};

/** In a car: from 5 to 25 metres a second. */
export const driving: Gait = {
  speeds: [5, 25],
  speedChange: 0.8,
  unrest: 0.04,
  rangeMetres: 6_000,
};

/** The mean radius of the earth, in metres, as geokdbush has it. */
const earthRadiusMetres = 6_371_000;

/** The walk turns once in this time, in milliseconds, and is straight between. */
const stepMs = 1_000;

/** How much of its turning is left after a step. */
const persistence = 0.8;

/** Who is too far from home turns to it by so much in a step, in radians. */
const homing = 0.35;

const radians = (degrees: number) => degrees * Math.PI / 180;
const degrees = (radians: number) => radians * 180 / Math.PI;

/** A walk. The same random numbers are the same walk. */
export class Movement {
  readonly #home: Coordinates;
  readonly #gait: Gait;
  readonly #random: Random;
  /** Where the last step began, and when. */
  #spot: Coordinates;
  #spotMs = 0;
  /** Radians clockwise from north. */
  #heading: number;
  #turning = 0;
  /** Metres a second. */
  #speed: number;

  constructor(home: Coordinates, gait: Gait, random: Random) {
    this.#home = home;
    this.#gait = gait;
    this.#random = random;
    this.#speed = random.between(...gait.speeds);
    this.#heading = random.between(0, 2 * Math.PI);
    // Not all who live at a place begin at its very middle.
    const aside = random.between(0, gait.rangeMetres / 3);
    this.#spot = moved(home, random.between(0, 2 * Math.PI), aside);
  }

  /**
   * Where it is so many milliseconds after the beginning. Never asked about a
   * second before the last one asked about.
   */
  at(elapsedMs: number): Coordinates {
    while (elapsedMs - this.#spotMs >= stepMs) this.#step();
    return this.#ahead(elapsedMs - this.#spotMs);
  }

  #ahead(forMs: number): Coordinates {
    return moved(this.#spot, this.#heading, this.#speed * forMs / 1000);
  }

  #step(): void {
    const { rangeMetres, speedChange, speeds: [least, most], unrest } =
      this.#gait;
    this.#spot = this.#ahead(stepMs);
    this.#spotMs += stepMs;
    const change = this.#random.between(-speedChange, speedChange);
    this.#speed = Math.min(Math.max(this.#speed + change, least), most);
    this.#turning = persistence * this.#turning +
      this.#random.between(-unrest, unrest);
    if (metresBetween(this.#spot, this.#home) > rangeMetres) {
      const away = bearing(this.#spot, this.#home) - this.#heading;
      // The short way round.
      const turn = Math.atan2(Math.sin(away), Math.cos(away));
      this.#turning = Math.min(Math.max(turn, -homing), homing);
    }
    this.#heading += this.#turning;
  }
}

/** The spot so many metres away, on the great circle that begins so. */
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
    // Across the date line it goes on from the other side.
    longitude: longitude - 360 * Math.floor((longitude + 180) / 360),
  };
}

/** The way between two spots along the great circle, in metres. */
export function metresBetween(a: Coordinates, b: Coordinates): number {
  const { latitude, longitude } = a;
  return 1000 * distance(longitude, latitude, b.longitude, b.latitude);
}

/** Where the great circle from one spot to another begins to go, in radians. */
function bearing(from: Coordinates, to: Coordinates): number {
  const [north, other] = [radians(from.latitude), radians(to.latitude)];
  const east = radians(to.longitude - from.longitude);
  return Math.atan2(
    Math.sin(east) * Math.cos(other),
    Math.cos(north) * Math.sin(other) -
      Math.sin(north) * Math.cos(other) * Math.cos(east),
  );
}
