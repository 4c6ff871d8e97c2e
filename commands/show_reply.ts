/**
 * Formats a server's replies for a terminal. All received text is escaped, so
 * that it cannot control the terminal.
 *
 * @module
 */
import { distance } from "../packages/geokdbush.ts";
import { readAt } from "../client/operands.ts";
import type { Reply } from "../client/replies.ts";
import type { Place } from "../client/types.ts";
import { escapeBytes } from "../log/escape.ts";
import {
  bytesOfText,
  type ByteString,
  textOfBytes,
} from "../protocol/bytes.ts";
import { parsePosition } from "../protocol/position.ts";
import { heardSecondsOf } from "../protocol/order.ts";
import { parseReport } from "../protocol/report.ts";
import type { Paint } from "../cli/paint.ts";
import { type Column, formatTable } from "../cli/table.ts";
import { explainRefusal } from "./explain_refusal.ts";

/** What the form of a reply depends on. */
export interface Screen {
  readonly paint: Paint;
  /** Width of the terminal, in columns. */
  readonly columns: number;
  /** The present time, in POSIX seconds. */
  readonly nowSeconds: number;
  /** Whether this client has shown a certificate. */
  readonly hasCertificate?: boolean;
}

const indentation = "  ";

/** Received bytes as text that cannot control a terminal. */
function safe(bytes: ByteString): string {
  return textOfBytes(escapeBytes(bytes));
}

const safeText = (text: string) => safe(bytesOfText(text));

/**
 * A reply as lines of text, without a LF at the end.
 *
 * @param request The line that was sent.
 */
export function showReply(
  request: ByteString,
  { line, text }: Reply,
  screen: Screen,
): string {
  const { paint } = screen;
  if (line.startsWith("?")) return showRefusal(request, line, screen);
  if (parseReport(line, () => true) === undefined) {
    return `${paint.yellow(safe(line))}${text === "" ? "" : `\n${safe(text)}`}`;
  }
  const lines = [paint.dim(safe(line)), showAt(line, screen)];
  if (text !== "") lines.push(showPlaces(line, text, screen));
  return lines.join("\n");
}

function showRefusal(
  request: ByteString,
  line: ByteString,
  { hasCertificate, paint }: Screen,
): string {
  const { syntax, why } = explainRefusal(request, hasCertificate);
  return [
    paint.red(safe(line)),
    `${indentation}${safe(why)}`,
    ...syntax.map((usage) => `${indentation}${paint.dim(usage)}`),
  ].join("\n");
}

function showAt(line: ByteString, screen: Screen): string {
  const { paint, nowSeconds } = screen;
  const { client, clockDifference, position, server, time } = readAt(line);
  const ageSeconds = nowSeconds - heardSecondsOf(line);
  const rows = [
    ["client", paint.bold(safeText(client))],
    ["position", describePosition(position)],
    ["received by", `${safeText(server)}, ${describeAge(ageSeconds)}`],
    ["client's time", describeTime(Number(time))],
    ["client's clock", describeSkew(Number(clockDifference))],
  ].map(([name, value]) => [paint.cyan(name), value]);
  return table([{ title: "" }, { title: "" }], rows, screen);
}

/** The places as a table, or the escaped text if it has another form. */
function showPlaces(
  line: ByteString,
  text: ByteString,
  screen: Screen,
): string {
  try {
    return formatPlaces(line, JSON.parse(textOfBytes(text)), screen);
  } catch {
    return screen.paint.yellow(safe(text));
  }
}

/** The parts of a Nearby Search that are shown. */
interface Answer {
  readonly html_attributions?: readonly string[];
  readonly results: readonly Place[];
  readonly status: string;
}

type Location = NonNullable<Place["geometry"]>["location"];

function formatPlaces(
  line: ByteString,
  { html_attributions: credits = [], results, status }: Answer,
  screen: Screen,
): string {
  const { paint } = screen;
  const { latitude, longitude } = parsePosition(readAt(line).position)!;
  const distanceTo = ({ lat, lng }: Location) => {
    const km = distance(Number(longitude), Number(latitude), lng, lat);
    return `${km.toFixed(1)} km`;
  };
  if (results.some(({ name }) => typeof name !== "string")) {
    throw new TypeError("a place has no name");
  }
  const rows = results.map(({ geometry, name, vicinity = "" }, index) => [
    String(index + 1),
    paint.bold(safeText(name)),
    safeText(vicinity),
    geometry === undefined ? "-" : distanceTo(geometry.location),
  ]);
  const lines = [indentation + describeStatus(status, rows.length, paint)];
  if (rows.length > 0) lines.push(table(placeColumns, rows, screen));
  for (const credit of credits) {
    lines.push(indentation + paint.dim(safeText(withoutTags(credit))));
  }
  return lines.join("\n");
}

/** Number, name, vicinity, distance. */
const placeColumns: readonly Column[] = [
  { title: "", isNumeric: true },
  { title: "" },
  { title: "" },
  { title: "", isNumeric: true },
];

function describeStatus(status: string, count: number, paint: Paint): string {
  const places = count === 1 ? "1 place" : `${count || "no"} places`;
  const isUsual = status === "OK" || status === "ZERO_RESULTS";
  return isUsual
    ? paint.cyan(places)
    : `${paint.cyan(places)}: ${paint.yellow(safeText(status))}`;
}

function table(
  columns: readonly Column[],
  rows: readonly string[][],
  { columns: width }: Screen,
): string {
  return formatTable(columns, rows, { width, indentation });
}

/** `34.06893° N, 118.445127° W`. */
function describePosition(position: string): string {
  const { latitude, longitude } = parsePosition(position)!;
  return `${describeAngle(latitude, "N", "S")}, ` +
    describeAngle(longitude, "E", "W");
}

function describeAngle(angle: string, plus: string, minus: string): string {
  return `${angle.slice(1)}° ${angle.startsWith("-") ? minus : plus}`;
}

/** Units of time, the longest first. */
const units: readonly (readonly [seconds: number, name: string])[] = [
  [365.25 * 86_400, "years"],
  [86_400, "days"],
  [3_600, "hours"],
  [60, "minutes"],
];

/** A duration in the longest unit of which it has at least two. */
function describeDuration(seconds: number): string {
  for (const [unitSeconds, name] of units) {
    const count = Math.floor(seconds / unitSeconds);
    if (count >= 2) return `${count.toLocaleString("en-US")} ${name}`;
  }
  return `${seconds.toFixed(seconds < 10 ? 3 : 1)} seconds`;
}

function describeAge(seconds: number): string {
  // The server's clock may be ahead of this one.
  return seconds < 0
    ? `${describeDuration(-seconds)} from now`
    : `${describeDuration(seconds)} ago`;
}

/** The latest time that a `Date` can have, in POSIX seconds. */
const lastSeconds = 8.64e12;

function describeTime(seconds: number): string {
  return seconds <= lastSeconds
    ? new Date(seconds * 1000).toISOString().replace("T", " ")
    : "past the end of the calendar";
}

/** @param seconds The server's clock minus the client's. */
function describeSkew(seconds: number): string {
  if (seconds === 0) return "equal to the server's";
  const duration = describeDuration(Math.abs(seconds));
  return `${duration} ${seconds > 0 ? "behind" : "ahead of"} the server's`;
}

/** `<a href="https://...">GeoNames</a>` as `GeoNames`. */
function withoutTags(html: string): string {
  return html.replaceAll(/<[^>]*>/g, "").replaceAll("&amp;", "&");
}
