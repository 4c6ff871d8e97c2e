/**
 * Simulated clients that report, query and read all their answers, until the
 * load ends.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { names } from "../end_to_end/process.ts";
import type { Random } from "../../runtime/random.ts";
import { Client } from "./client.ts";
import { directLinks } from "./servers.ts";
import { drawInvalid, drawQueryOperands, drawTime } from "./random_lines.ts";
import { drawVia } from "./translators.ts";
import { pause, type World } from "./world.ts";

/** A kind of client. Runs until the load ends. */
export type ClientKind = (world: World, random: Random) => Promise<void>;

/** Connects to a random server in a random way. If that fails, pauses and returns undefined. */
export async function connectToAny(
  world: World,
  random: Random,
  kind: string,
): Promise<Client | undefined> {
  const server = random.pick(names);
  const client = await Client.connect(world, kind, server, drawVia(random));
  if (client === undefined) await pause(100, world.loadEnd);
  return client;
}

/** Pipelines reports in batches of random sizes. */
export const reporter: ClientKind = async (world, random) => {
  let lastTime = drawTime(random, Date.now());
  while (!world.loadEnd.aborted) {
    const client = await connectToAny(world, random, "reporter");
    if (client === undefined) continue;
    const batches = 1 + random.below(30);
    for (let batch = 0; batch < batches && !world.loadEnd.aborted; batch++) {
      const depth = random.chance(0.5) ? 1 : 1 + random.below(48);
      let text = "";
      for (let line = 0; line < depth; line++) {
        // Sometimes the time of the last report, of whichever client.
        if (!random.chance(0.05)) lastTime = drawTime(random, Date.now());
        text += client.report(random.pick(client.ids), lastTime);
      }
      if (!await client.request(text)) break;
      await pause(random.between(10, 500), world.loadEnd);
    }
    await client.finish();
  }
};

/** Largest piece of a line that is sent in pieces, in bytes. */
const maxPieceBytes = 7;

/**
 * After this time the rest is sent at once, in milliseconds: on a busy machine a
 * request of HTTP would take longer than servers wait for its head.
 */
const piecesMs = 3_000;

/** Sends queries, invalid lines and reports, sometimes in pieces. */
export const querier: ClientKind = async (world, random) => {
  while (!world.loadEnd.aborted) {
    const client = await connectToAny(world, random, "querier");
    if (client === undefined) continue;
    const rounds = 1 + random.below(10);
    for (let round = 0; round < rounds && !world.loadEnd.aborted; round++) {
      const text = drawLines(random, client, 1 + random.below(12));
      const isSent = random.chance(0.3)
        ? await sendInPieces(client, random, text)
        : await client.send(text);
      if (!isSent || !await client.untilAnswered()) break;
      await pause(random.between(50, 400), world.loadEnd);
    }
    await client.finish();
  }
};

/** Draws lines of all kinds. */
function drawLines(
  random: Random,
  client: Client,
  count: number,
): ByteString {
  let text = "";
  for (let line = 0; line < count; line++) {
    const about = random.pick(client.ids);
    const kind = random.next();
    if (kind < 0.5) text += client.query(about, ...drawQueryOperands(random));
    else if (kind < 0.75) text += client.invalid(drawInvalid(random, about));
    else text += client.report(about, drawTime(random, Date.now()));
  }
  return text;
}

async function sendInPieces(
  client: Client,
  random: Random,
  text: ByteString,
): Promise<boolean> {
  // Pieces for all of a long text would take too long.
  const inPieces = Math.min(text.length, 400);
  const startMs = performance.now();
  let at = 0;
  while (at < inPieces && performance.now() - startMs < piecesMs) {
    const end = Math.min(at + 1 + random.below(maxPieceBytes), inPieces);
    if (!await client.send(text.slice(at, end))) return false;
    if (random.chance(0.2)) await pause(1);
    at = end;
  }
  return at === text.length || await client.send(text.slice(at));
}

/** Sends all its lines, ends sending, and then reads all answers. */
export const halfCloser: ClientKind = async (world, random) => {
  while (!world.loadEnd.aborted) {
    const client = await connectToAny(world, random, "half-closer");
    if (client === undefined) continue;
    await client.send(drawLines(random, client, random.below(60)));
    await client.finish();
    await pause(random.between(50, 1_000), world.loadEnd);
  }
};

/**
 * Two neighbours are linked if both have been undisturbed for this long, in
 * milliseconds.
 */
const linkedAfterMs = 10_000;

/** A neighbour has a report after this time at most, in milliseconds. */
const arrivalDeadlineMs = 10_000;

/** Reports to one server, and queries its neighbour right after the answer. */
export const neighbour: ClientKind = async (world, random) => {
  const { counts, servers } = world;
  let count = 0;
  const id = random.below(2 ** 32);
  while (!world.loadEnd.aborted) {
    await pause(random.between(100, 400), world.loadEnd);
    const [origin, queried] = random.shuffle(random.pick(directLinks));
    const areUndisturbed = () =>
      servers.undisturbedMs(origin) >= linkedAfterMs &&
      servers.undisturbedMs(queried) >= linkedAfterMs;
    if (!areUndisturbed()) continue;
    const via = drawVia(random);
    const one = await Client.connect(world, "neighbour", origin, via);
    const other = await Client.connect(world, "neighbour", queried);
    if (one === undefined || other === undefined) {
      one?.disconnect();
      other?.disconnect();
      continue;
    }
    // No other client uses these IDs; each loop has a hundred of them.
    const name = `neighbour-${id}-${count++ % 100}`;
    const time = (Date.now() / 1000).toFixed(6);
    // Both connections must be accepted before the time is measured.
    await one.request(one.query(name));
    await other.request(other.query(name));
    const startMs = performance.now();
    await one.request(one.report(name, time));
    const hasReport = async () =>
      await other.request(other.query(name)) &&
      other.incarnation.known.get(name)?.endsWith(` ${time}`) === true;
    const wasImmediate = await hasReport();
    const tookMs = performance.now() - startMs;
    let hasArrived = wasImmediate;
    while (!hasArrived && areUndisturbed()) {
      if (performance.now() - startMs > arrivalDeadlineMs) break;
      await pause(20);
      hasArrived = await hasReport();
    }
    if (areUndisturbed()) {
      if (wasImmediate) counts.immediateArrivals += 1;
      else if (hasArrived) {
        counts.lateArrivals += 1;
        world.lateMs.push(tookMs);
      } else {
        world.fail(
          `the report of ${name} at ${time} did not arrive from ${origin} ` +
            `at ${queried}`,
        );
      }
    }
    one.disconnect();
    other.disconnect();
  }
};

/** Stays connected, and rarely sends a line. */
export const idler: ClientKind = async (world, random) => {
  while (!world.loadEnd.aborted) {
    const client = await connectToAny(world, random, "idler");
    while (client !== undefined && !client.hasEnded && !world.loadEnd.aborted) {
      await pause(random.between(0, 60_000), world.loadEnd);
      if (world.loadEnd.aborted) break;
      await client.request(drawLines(random, client, 1));
    }
    await client?.finish();
  }
};
