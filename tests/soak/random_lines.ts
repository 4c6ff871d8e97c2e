/**
 * Draws the parts of the soak's lines: IDs of unusual bytes, times in several
 * spellings, and invalid lines. The position of a report is derived from its
 * time, so that every answer can be checked.
 *
 * @module
 */
import { bytesOfText, type ByteString } from "../../protocol/bytes.ts";
import type { Random } from "../../runtime/random.ts";

/** Parts of IDs: bytes that an ID may contain and a log must escape. */
const unusualParts: readonly ByteString[] = [
  ...["kiwi", ".cs.ucla.edu", "Zürich", "東京", "🥝", "\u00a0", "\u2028"],
  ...["\u202e", "\\", "\\n", '"', "%00", "<b>", "AT", "?", "+1+1"],
].map(bytesOfText).concat(["\x00", "\x1b[31m", "\x7f", "\x85", "\xff\xfe"]);

/** Length of the longest part of an ID, in bytes: within `--max-id-bytes`. */
const longIdBytes = 900;

/** Draws different IDs. Every fiftieth is long. */
export function drawClients(random: Random, count: number): ByteString[] {
  return Array.from({ length: count }, (_, index) => {
    const parts = [`${index}`];
    const most = 1 + random.below(4);
    while (parts.length <= most) parts.push(random.pick(unusualParts));
    if (index % 50 === 7) parts.push("x".repeat(random.below(longIdBytes)));
    return parts.join("");
  });
}

/** Positions near populated places, at the pole and on the sea. */
const positions: readonly ByteString[] = [
  "+34.068930-118.445127",
  "+48.2082+16.3738",
  "+35.6895+139.69171",
  "-33.8678500+151.2073200",
  "+0.0-0.0",
  "+40.7127-074.0059",
  "-23.5475-46.63611",
  "+51.50853-0.12574",
  "+064.1355-21.8954",
  "+1.28967+103.85007",
  "-90-180",
  "+19.07283+72.88261",
];

/** The position of the reports with this time. */
export function positionAt(time: ByteString): ByteString {
  let hash = 0;
  for (let index = 0; index < time.length; index++) {
    hash = (hash * 31 + time.charCodeAt(index)) % 1_000_003;
  }
  return positions[hash % positions.length];
}

/** Greatest age of a late report, in seconds. */
const maxLateSeconds = 5;

/** Draws the time of a report: usually now, sometimes earlier. */
export function drawTime(random: Random, nowMs: number): ByteString {
  const lateSeconds = random.chance(0.1)
    ? random.between(0, maxLateSeconds)
    : 0;
  const ms = Math.floor(nowMs - lateSeconds * 1000);
  const seconds = `${Math.floor(ms / 1000)}`;
  const fraction = `${ms % 1000}`.padStart(3, "0") +
    `${random.below(1_000_000)}`.padStart(6, "0");
  const spelling = random.next();
  if (spelling < 0.05) return `000${seconds}.${fraction}`;
  if (spelling < 0.1) return `${seconds}.${fraction}000`;
  if (spelling < 0.15) return `${seconds}.${fraction}${random.below(1e9)}`;
  // Whole seconds are often equal.
  if (spelling < 0.2) return seconds;
  return `${seconds}.${fraction}`;
}

/** Draws a line that is no command; some are nearly one. */
export function drawInvalid(random: Random, client: ByteString): ByteString {
  return random.pick<ByteString>([
    "",
    " ",
    "\r",
    "\x00\xff",
    `iamat ${client} +1+1 1`,
    `IAMAT ${client} +1+1`,
    `IAMAT ${client} +91+1 1`,
    `IAMAT ${client} +1+1 -1`,
    `WHATSAT ${client} 51 1`,
    `WHATSAT ${client} 10 21`,
    `WHATSAT ${client} 10 5 5`,
    `AT Hill +0.000000001 ${client} +1+1 1`,
    "PING",
    `HERD 5 Smith Hill ${client} 0`,
    `x${"y".repeat(random.below(5_000))}`,
  ]);
}

/** Draws the operands of a query: a radius in kilometres, and a bound. */
export function drawQueryOperands(random: Random): [ByteString, ByteString] {
  const radiusKm = random.pick(["0", "1", "5", "10.5", "25.00", "50"]);
  return [radiusKm, random.pick(["0", "1", "3", "5", "020", "20"])];
}
