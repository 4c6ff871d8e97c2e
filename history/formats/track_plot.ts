/**
 * Draws the positions of a client as a track, in SVG.
 *
 * @module
 */
import {
  bodyTop,
  frame,
  line,
  margin,
  type Plot,
  plotWidth,
  polyline,
  text,
} from "../../log_analysis/plots/drawing.ts";
import { type Element, element } from "../../log_analysis/plots/svg.ts";
import { type ByteString, textOfBytes } from "../../protocol/bytes.ts";
import type { Timestamp } from "../../protocol/time.ts";
import type { PastPosition } from "../past_position.ts";
import { escapeForXml, isoOf } from "./texts.ts";

/** Most points of a plot: several for each pixel of its width. */
const maxPoints = 4_000;

/** Highest and lowest area of a track, in pixels. */
const [mostHeight, leastHeight] = [640, 160];

/** Below the track: the scale and its text. */
const footHeight = 44;

/** Kilometres of a degree of latitude on a sphere of 6,371 km. */
const kmPerDegree = 111.195;

/** Longest part of an ID in the title, in characters. */
const maxTitleCharacters = 60;

const style = `
  .track {
    fill: none;
    stroke: #0969da;
    stroke-width: 1.5px;
    stroke-linejoin: round;
  }
  .point {
    fill: #0969da;
  }
  .scale {
    stroke: var(--muted);
    stroke-width: 2px;
  }`;

interface TrackPoint {
  readonly latitude: number;
  /** Continuous over the date line: may be beyond 180. */
  readonly longitude: number;
  readonly effective: Timestamp;
}

/**
 * Collects the positions of a track. Of many positions it keeps every second,
 * fourth, eighth and so on, and the last one.
 */
export class TrackPlot {
  readonly #client: ByteString;
  #points: TrackPoint[] = [];
  #last: TrackPoint | undefined;
  #stride = 1;
  #count = 0;

  constructor(client: ByteString) {
    this.#client = client;
  }

  add({ effective, latitude, longitude }: PastPosition): void {
    const point = {
      latitude: Number(latitude),
      longitude: nearTo(this.#last?.longitude, Number(longitude)),
      effective,
    };
    this.#last = point;
    if (this.#count % this.#stride === 0) this.#points.push(point);
    this.#count += 1;
    if (this.#points.length <= maxPoints) return;
    this.#points = this.#points.filter((_, index) => index % 2 === 0);
    this.#stride *= 2;
  }

  /** Draws the added positions. */
  draw(): Plot {
    const shown = textOfBytes(escapeForXml(this.#client));
    const characters = [...shown];
    const id = characters.length > maxTitleCharacters
      ? `${characters.slice(0, maxTitleCharacters).join("")}…`
      : shown;
    const title = `Positions of ${id}`;
    const last = this.#last;
    if (last === undefined) {
      const subtitle = "No position is recorded.";
      const height = bodyTop + margin;
      return frame({
        title,
        subtitle,
        description: subtitle,
        height,
        style,
        body: [],
      });
    }
    const points = this.#points.at(-1) === last
      ? this.#points
      : [...this.#points, last];
    const [first] = points;
    const subtitle = `${isoOf(first.effective)} to ${isoOf(last.effective)}, ` +
      `${this.#count} ${this.#count === 1 ? "position" : "positions"}`;
    const area = areaOf(points);
    const body: Element[] = [
      polyline("track", points.map(area.at)),
      ...markOf(area.at(last), "end"),
      ...points.length > 1 ? markOf(area.at(first), "start") : [],
      ...scaleBar(area),
    ];
    return frame({
      title,
      subtitle,
      description: `${title}, from ${subtitle}.`,
      height: area.bottom + footHeight,
      style,
      body,
    });
  }
}

/** The longitude, with as many turns of the earth as bring it near to another. */
function nearTo(other: number | undefined, longitude: number): number {
  if (other === undefined) return longitude;
  return longitude + Math.round((other - longitude) / 360) * 360;
}

/** Where a track is drawn. */
interface Area {
  readonly at: (point: TrackPoint) => readonly [number, number];
  readonly bottom: number;
  readonly pixelsPerKm: number;
}

/** An area with equal scales in both directions in the middle of the track. */
function areaOf(points: readonly TrackPoint[]): Area {
  const [south, north] = extentOf(points.map(({ latitude }) => latitude));
  const [west, east] = extentOf(points.map(({ longitude }) => longitude));
  const middle = (south + north) / 2;
  // At a pole all longitudes are one point.
  const narrowing = Math.max(Math.cos(middle * Math.PI / 180), 1e-3);
  const widthKm = (east - west) * narrowing * kmPerDegree;
  const heightKm = (north - south) * kmPerDegree;
  const width = plotWidth - 2 * margin;
  // A track that does not move has a scale too: a metre wide.
  const pixelsPerKm = Math.min(
    width / Math.max(widthKm, 1e-3),
    mostHeight / Math.max(heightKm, 1e-3),
  );
  const height = Math.max(heightKm * pixelsPerKm, leastHeight);
  const [centreX, centreY] = [plotWidth / 2, bodyTop + margin + height / 2];
  return {
    at: ({ latitude, longitude }) => [
      centreX + (longitude - (west + east) / 2) * narrowing * kmPerDegree *
        pixelsPerKm,
      centreY - (latitude - middle) * kmPerDegree * pixelsPerKm,
    ],
    bottom: bodyTop + height + 2 * margin,
    pixelsPerKm,
  };
}

function extentOf(values: readonly number[]): readonly [number, number] {
  return values.reduce<readonly [number, number]>(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Infinity, -Infinity],
  );
}

function markOf([x, y]: readonly [number, number], word: string): Element[] {
  const isRight = x > plotWidth - 2 * margin - 40;
  return [
    element("circle", { class: "point", cx: x, cy: y, r: 4 }),
    text(isRight ? x - 8 : x + 8, y + 4, word, {
      class: "over",
      "text-anchor": isRight ? "end" : "start",
    }),
  ];
}

/** A bar of 1, 2 or 5 times a power of ten, at most a quarter of the width. */
function scaleBar({ bottom, pixelsPerKm }: Area): Element[] {
  const mostKm = plotWidth / 4 / pixelsPerKm;
  const power = 10 ** Math.floor(Math.log10(mostKm));
  const km = [5, 2, 1].map((step) => step * power)
    .find((step) => step <= mostKm * (1 + 1e-9)) ?? power;
  const label = km >= 1
    ? `${Number(km.toPrecision(3))} km`
    : `${Number((km * 1000).toPrecision(3))} m`;
  const y = bottom + 8;
  return [
    line("scale", [margin, y], [margin + km * pixelsPerKm, y]),
    text(margin, y + 18, label, { class: "muted" }),
  ];
}
