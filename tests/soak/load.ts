/**
 * The clients of a soak that want something: they report, ask, and take their
 * answers, each kind in a way of its own, until the load ends.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { names } from "../end_to_end/process.ts";
import type { Random } from "../../runtime/random.ts";
import { Client } from "./client.ts";
import { directLinks } from "./servers.ts";
import { drawInvalid, drawQuestion, drawTime } from "./words.ts";
import { pause, type World } from "./world.ts";

/** A kind of client: runs until the load ends. */
export type Kind = (world: World, random: Random) => Promise<void>;

/** Connects to some server; undefined if it is not there, after a moment. */
export async function connectToAny(
  world: World,
  random: Random,
  kind: string,
): Promise<Client | undefined> {
  const client = await Client.connect(world, kind, random.pick(names));
  if (client === undefined) await pause(100, world.loadEnd);
  return client;
}

/** Pipelines reports, in batches of any depth. */
export const reporter: Kind = async (world, random) => {
  let lastTime = drawTime(random, Date.now());
  while (!world.loadEnd.aborted) {
    const client = await connectToAny(world, random, "reporter");
    if (client === undefined) continue;
    const batches = 1 + random.below(30);
    for (let batch = 0; batch < batches && !world.loadEnd.aborted; batch++) {
      const depth = random.chance(0.5) ? 1 : 1 + random.below(48);
      let text = "";
      for (let line = 0; line < depth; line++) {
        // Now and then the very time of the last report, whoever sent that.
        if (!random.chance(0.05)) lastTime = drawTime(random, Date.now());
        text += client.report(random.pick(world.clients), lastTime);
      }
      if (!await client.ask(text)) break;
      await pause(random.between(10, 500), world.loadEnd);
    }
    await client.finish();
  }
};

/** What is said may be in pieces of so many bytes at most. */
const mostPieceBytes = 7;

/** Asks for places, and says much that is no command, in pieces. */
export const asker: Kind = async (world, random) => {
  while (!world.loadEnd.aborted) {
    const client = await connectToAny(world, random, "asker");
    if (client === undefined) continue;
    const rounds = 1 + random.below(10);
    for (let round = 0; round < rounds && !world.loadEnd.aborted; round++) {
      const text = drawTalk(world, random, client, 1 + random.below(12));
      const isSent = random.chance(0.3)
        ? await sendInPieces(client, random, text)
        : await client.send(text);
      if (!isSent || !await client.settled()) break;
      await pause(random.between(50, 400), world.loadEnd);
    }
    await client.finish();
  }
};

/** Lines of all kinds. */
function drawTalk(
  world: World,
  random: Random,
  client: Client,
  lines: number,
): ByteString {
  let text = "";
  for (let line = 0; line < lines; line++) {
    const about = random.pick(world.clients);
    const kind = random.next();
    if (kind < 0.5) text += client.question(about, ...drawQuestion(random));
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
  // The long ones would take too long.
  const inPieces = Math.min(text.length, 400);
  for (let at = 0; at < inPieces;) {
    const end = Math.min(at + 1 + random.below(mostPieceBytes), inPieces);
    if (!await client.send(text.slice(at, end))) return false;
    if (random.chance(0.2)) await pause(1);
    at = end;
  }
  return inPieces === text.length || await client.send(text.slice(inPieces));
}

/** Says all it has to say, ends its side, and takes everything. */
export const halfCloser: Kind = async (world, random) => {
  while (!world.loadEnd.aborted) {
    const client = await connectToAny(world, random, "half-closer");
    if (client === undefined) continue;
    await client.send(drawTalk(world, random, client, random.below(60)));
    await client.finish();
    await pause(random.between(50, 1_000), world.loadEnd);
  }
};

/**
 * Both servers of a link must have been undisturbed for this long, in
 * milliseconds, for the link to be there for certain.
 */
const linkedForCertainMs = 10_000;

/** A neighbour that has fallen behind knows a report after this time at most. */
const passedOnWithinMs = 10_000;

/** Reports to one server, and asks its neighbour as soon as it has its answer. */
export const neighbour: Kind = async (world, random) => {
  const { counts, servers } = world;
  let count = 0;
  const id = random.below(2 ** 32);
  while (!world.loadEnd.aborted) {
    await pause(random.between(100, 400), world.loadEnd);
    const [told, asked] = random.shuffle(random.pick(directLinks));
    const areCalm = () =>
      servers.calmMs(told) >= linkedForCertainMs &&
      servers.calmMs(asked) >= linkedForCertainMs;
    if (!areCalm()) continue;
    const one = await Client.connect(world, "neighbour", told);
    const other = await Client.connect(world, "neighbour", asked);
    if (one === undefined || other === undefined) {
      one?.leave();
      other?.leave();
      continue;
    }
    // One that nobody else speaks of; there are a hundred of each.
    const name = `neighbour-${id}-${count++ % 100}`;
    const time = (Date.now() / 1000).toFixed(6);
    // A connection that is being accepted may overtake a link.
    await one.ask(one.question(name));
    await other.ask(other.question(name));
    const startMs = performance.now();
    await one.ask(one.report(name, time));
    const knows = async () =>
      await other.ask(other.question(name)) &&
      other.incarnation.known.get(name)?.endsWith(` ${time}`) === true;
    const isKnownAtOnce = await knows();
    const tookMs = performance.now() - startMs;
    let isKnown = isKnownAtOnce;
    while (!isKnown && areCalm()) {
      if (performance.now() - startMs > passedOnWithinMs) break;
      await pause(20);
      isKnown = await knows();
    }
    if (areCalm()) {
      if (isKnownAtOnce) counts.passedOnAtOnce += 1;
      else if (isKnown) {
        counts.passedOnLater += 1;
        world.late.push(tookMs);
      } else {
        world.fail(`${asked} was not told by ${told} of ${name} at ${time}`);
      }
    }
    one.leave();
    other.leave();
  }
};

/** Stays connected all the time, and says a line now and then. */
export const idler: Kind = async (world, random) => {
  while (!world.loadEnd.aborted) {
    const client = await connectToAny(world, random, "idler");
    while (client !== undefined && !client.isOver && !world.loadEnd.aborted) {
      await pause(random.between(0, 60_000), world.loadEnd);
      if (world.loadEnd.aborted) break;
      await client.ask(drawTalk(world, random, client, 1));
    }
    await client?.finish();
  }
};
