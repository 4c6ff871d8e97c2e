/**
 * What the soak's clients say: IDs of strange bytes, times in many spellings,
 * and positions that follow from the times, so that whoever reads a report
 * knows which position belongs to it.
 *
 * @module
 */
import { bytesOfText, type ByteString } from "../../protocol/bytes.ts";
import type { Random } from "../../runtime/random.ts";

/** What IDs are made of: all that an ID may hold, and a log must bear. */
const strangeParts: readonly ByteString[] = [
  ...["kiwi", ".cs.ucla.edu", "Zürich", "東京", "🥝", "\u00a0", "\u2028"],
  ...["\u202e", "\\", "\\n", '"', "%00", "<b>", "AT", "?", "+1+1"],
].map(bytesOfText).concat(["\x00", "\x1b[31m", "\x7f", "\x85", "\xff\xfe"]);

/** So many bytes has the longest ID. */
const longIdBytes = 3_000;

/** So many different IDs. Every fiftieth is long. */
export function drawClients(random: Random, count: number): ByteString[] {
  return Array.from({ length: count }, (_, index) => {
    const parts = [`${index}`];
    const most = 1 + random.below(4);
    while (parts.length <= most) parts.push(random.pick(strangeParts));
    if (index % 50 === 7) parts.push("x".repeat(random.below(longIdBytes)));
    return parts.join("");
  });
}

/** Places where others are near, and one in the middle of the sea. */
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

/** The position that belongs to a time. */
export function positionAt(time: ByteString): ByteString {
  let hash = 0;
  for (let index = 0; index < time.length; index++) {
    hash = (hash * 31 + time.charCodeAt(index)) % 1_000_003;
  }
  return positions[hash % positions.length];
}

/** How far a report may lie in the past that is late, in seconds. */
const mostLateSeconds = 5;

/** Draws a time of a client's clock: most often now, at times long ago. */
export function drawTime(random: Random, nowMs: number): ByteString {
  const lateSeconds = random.chance(0.1)
    ? random.between(0, mostLateSeconds)
    : 0;
  const ms = Math.floor(nowMs - lateSeconds * 1000);
  const seconds = `${Math.floor(ms / 1000)}`;
  const fraction = `${ms % 1000}`.padStart(3, "0") +
    `${random.below(1_000_000)}`.padStart(6, "0");
  const spelling = random.next();
  if (spelling < 0.05) return `000${seconds}.${fraction}`;
  if (spelling < 0.1) return `${seconds}.${fraction}000`;
  if (spelling < 0.15) return `${seconds}.${fraction}${random.below(1e9)}`;
  // These are often equal.
  if (spelling < 0.2) return seconds;
  return `${seconds}.${fraction}`;
}

/** Lines that are no commands, though some of them nearly are. */
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
    `HERD 4 Smith Hill ${client} 0`,
    `x${"y".repeat(random.below(5_000))}`,
  ]);
}

/** The operands of a question: a radius in kilometres, and a bound. */
export function drawQuestion(random: Random): [ByteString, ByteString] {
  const radiusKm = random.pick(["0", "1", "5", "10.5", "25.00", "50"]);
  return [radiusKm, random.pick(["0", "1", "3", "5", "020", "20"])];
}
