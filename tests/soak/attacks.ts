/**
 * Hostile clients. From time to time a server is attacked by connections that
 * the soak does not judge: what they are answered does not matter, as long as
 * all other clients are served. The seed selects the attacks and their times.
 *
 * The IDs are from a fixed set, so that they do not fill the servers' memory
 * more and more, which would look like a leak.
 *
 * @module
 */
import { allocateBuffer, type ByteString } from "../../protocol/bytes.ts";
import type { Random } from "../../runtime/random.ts";
import { writeAll } from "../../runtime/transport.ts";
import { connect, names } from "../end_to_end/process.ts";
import { idsOfBucket, idsOfLeaf } from "../hostile/attacks/aimed_ids.ts";
import { pause, type World } from "./world.ts";

/** The attacks, as in the counts. */
export const attackKinds = [
  "long IDs",
  "aimed IDs",
  "bursts of queries",
  "unread replies",
] as const;

export type AttackKind = typeof attackKinds[number];

/** What an attack sends. */
export interface Attack {
  readonly kind: AttackKind;
  /** On one connection each. */
  readonly texts: readonly ByteString[];
  /** Whether it reads the replies. */
  readonly isRead: boolean;
  /** When it closes its connections, in milliseconds. */
  readonly forMs: number;
}

/** Attackers, each of which makes one attack after another. */
const attackers = 3;

/** Time between two attacks of an attacker, in milliseconds. */
const intervalMs = { least: 1_000, most: 10_000 };

/** How long connections stay that read what they are sent, in milliseconds. */
const usualMs = { least: 500, most: 8_000 };

/** The same without reading: some are closed by the server after 30 s. */
const unreadMs = { least: 1_000, most: 45_000 };

const longIds = 400;

/** IDs for each leaf, and for each bucket. */
const aimedIds = 3_000;

/** Attacks servers until the faults end. */
export async function runAttacks(world: World): Promise<void> {
  await Promise.all(
    Array.from(
      { length: attackers },
      () => attackAgain(world, world.random.fork()),
    ),
  );
}

async function attackAgain(world: World, random: Random): Promise<void> {
  const { counts, faultsEnd, servers } = world;
  while (!faultsEnd.aborted) {
    await pause(random.between(intervalMs.least, intervalMs.most), faultsEnd);
    if (faultsEnd.aborted) return;
    const attack = drawAttack(random.fork(), Date.now());
    const server = random.pick(names);
    counts.attacks[attack.kind] += 1;
    await make(attack, servers.portOf(server), faultsEnd);
  }
}

/** Sends what an attack sends, and closes its connections in the end. */
async function make(
  { forMs, isRead, texts }: Attack,
  port: number,
  end: AbortSignal,
): Promise<void> {
  await Promise.all(texts.map(async (text) => {
    let connection;
    try {
      connection = await connect(port);
    } catch {
      // The server is not running.
      return;
    }
    using _closed = connection;
    // Both fail when the connection is closed.
    if (isRead) readAll(connection).catch(() => {});
    writeAll(connection, text).catch(() => {});
    await pause(forMs, end);
  }));
}

async function readAll(connection: Deno.TcpConn): Promise<void> {
  const buffer = allocateBuffer(64 * 1024);
  while (await connection.read(buffer) !== null);
}

/** Draws an attack. The same seed gives the same one, but for its times. */
export function drawAttack(random: Random, nowMs: number): Attack {
  const kind = random.pick(attackKinds);
  const isRead = kind !== "unread replies";
  const { least, most } = isRead ? usualMs : unreadMs;
  const forMs = random.between(least, most);
  const time = (nowMs / 1000).toFixed(3);
  const text = texts[kind];
  const connections = 1 + random.below(connectionsOf[kind]);
  return {
    kind,
    texts: Array.from({ length: connections }, () => text(random, time)),
    isRead,
    forMs,
  };
}

/** Most connections of an attack. */
const connectionsOf: Record<AttackKind, number> = {
  "long IDs": 4,
  "aimed IDs": 2,
  "bursts of queries": 12,
  // With 4 MiB of replies each, below the limit of all clients together.
  "unread replies": 6,
};

/** What one connection of an attack sends. */
const texts: Record<
  AttackKind,
  (random: Random, time: string) => ByteString
> = {
  "long IDs": (random, time) =>
    linesOf(150, () => {
      const number = random.below(longIds);
      const bytes = random.chance(0.05)
        // Longer than an ID may be, or than a line.
        ? random.pick([1_025, 20_000, 66_000])
        : 900 + number % 125;
      return `IAMAT ${`long-${number}-`.padEnd(bytes, "x")} +1-1 ${time}\n`;
    }),
  "aimed IDs": (random, time) => {
    const ids = random.pick(aimed());
    return linesOf(
      1_500,
      () => `IAMAT ${random.pick(ids)} +1-1 ${time}\n`,
    );
  },
  "bursts of queries": (_, time) => queries(512, time),
  "unread replies": (_, time) => queries(2_000, time),
};

const queries = (count: number, time: string) =>
  `IAMAT hostile +48.85+2.35 ${time}\n` +
  "WHATSAT hostile 50 20\n".repeat(count);

function linesOf(count: number, line: () => ByteString): ByteString {
  return Array.from({ length: count }, line).join("");
}

let made: readonly (readonly string[])[] | undefined;

/**
 * IDs that belong to one leaf of the digest tree, or share the low bits of their
 * hash, unless the hash has a key.
 */
function aimed(): readonly (readonly string[])[] {
  made ??= [
    [...idsOfLeaf(0xabcd, aimedIds)],
    [...idsOfBucket(0x0123, aimedIds)],
  ];
  return made;
}
