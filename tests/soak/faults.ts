/**
 * What goes wrong in a soak, and when: servers are killed, stopped and frozen,
 * links are cut, slowed and swallowed. The seed decides, as far as a real
 * machine lets it.
 *
 * @module
 */
import { clientOf } from "../../protocol/report.ts";
import { names } from "../end_to_end/process.ts";
import type { Mode, Proxy } from "../end_to_end/proxy.ts";
import type { Random } from "../../runtime/random.ts";
import { Client } from "./client.ts";
import { pause, type World } from "./world.ts";

/** Between two faults of a server or of a link, in milliseconds. */
const calmMs = { least: 3_000, most: 20_000 };

/** A server stays away for this long at most, in milliseconds. */
const mostAwayMs = 4_000;

/** A frozen server, likewise. Neighbours give it up after five seconds. */
const freezeMs = { least: 100, most: 8_000 };

/** What SIGTERM ends within, in milliseconds: five seconds, and slack. */
const stopDeadlineMs = 5_000 + 5_000;

/**
 * What a server has answered is known to the one that never dies within this
 * time, in milliseconds, though links fail: neighbours compare every 30 s.
 */
const keptDeadlineMs = 60_000;

/** Lets everything go wrong until the faults end. */
export async function runFaults(world: World): Promise<void> {
  await Promise.all([
    ...names.map((name) => disturbServer(world, world.random.fork(), name)),
    ...world.servers.proxies.map((proxy) =>
      disturbLink(world, world.random.fork(), proxy)
    ),
  ]);
}

async function disturbServer(
  world: World,
  random: Random,
  name: string,
): Promise<void> {
  const { counts, faultsEnd, servers } = world;
  while (!faultsEnd.aborted) {
    await pause(random.between(calmMs.least, calmMs.most), faultsEnd);
    // All are drawn in any case, so that what comes later is the same.
    const kind = random.next();
    const frozenMs = random.between(freezeMs.least, freezeMs.most);
    const awayMs = random.between(0, mostAwayMs);
    if (faultsEnd.aborted) return;
    if (kind < 0.4 || name === world.anchor) {
      counts.freezes += 1;
      await servers.freeze(name, frozenMs);
    } else {
      await restart(world, name, kind < 0.75 ? "SIGKILL" : "SIGTERM", awayMs);
    }
  }
}

async function restart(
  world: World,
  name: string,
  signal: "SIGKILL" | "SIGTERM",
  awayMs: number,
): Promise<void> {
  const { counts, ledger, servers } = world;
  await untilKept(world, name);
  if (world.faultsEnd.aborted) return;
  const ended = servers.end(name, signal);
  ledger.died(name);
  const { status, tookMs } = await ended;
  if (signal === "SIGKILL") counts.kills += 1;
  else {
    counts.stops += 1;
    judgeStop(world, name, status, tookMs);
  }
  await pause(awayMs);
  await servers.start(name);
}

/** Says so if a server did not stop as it should. */
export function judgeStop(
  world: World,
  name: string,
  status: number,
  tookMs: number,
): void {
  if (status === 0 && tookMs <= stopDeadlineMs) return;
  world.fail(
    `${name} ended with status ${status} ${
      Math.round(tookMs)
    } ms after SIGTERM`,
  );
}

/**
 * Waits until the server that never dies knows what another has answered so
 * far.
 */
async function untilKept(world: World, name: string): Promise<void> {
  const { anchor, faultsEnd, ledger } = world;
  const startMs = performance.now();
  let held = ledger.heldBy(name);
  while (held.length > 0 && !faultsEnd.aborted) {
    const client = await Client.connect(world, "watchman", anchor);
    await client?.ask(
      held.map((line) => client.question(clientOf(line))).join(""),
    );
    await client?.finish();
    held = held.filter((line) => !ledger.isKept(line));
    if (held.length === 0) return;
    if (performance.now() - startMs > keptDeadlineMs) {
      return world.fail(
        `${anchor} does not know ${held.length} reports that ${name} ` +
          `answered ${keptDeadlineMs / 1000} s ago, the first: ${held[0]}`,
      );
    }
    await pause(250, faultsEnd);
  }
}

/** What becomes of a link, and for how long at most, in milliseconds. */
const linkFaults: readonly (readonly [Mode, number])[] = [
  ["refuse", 6_000],
  ["refuse", 50],
  ["truncate", 3_000],
  ["delay", 6_000],
  ["drop", 8_000],
];

async function disturbLink(
  world: World,
  random: Random,
  proxy: Proxy,
): Promise<void> {
  const { counts, faultsEnd } = world;
  while (!faultsEnd.aborted) {
    await pause(random.between(calmMs.least, calmMs.most), faultsEnd);
    const [mode, mostMs] = random.pick(linkFaults);
    const forMs = random.between(0, mostMs);
    if (faultsEnd.aborted) return;
    counts.linkFaults += 1;
    proxy.set(mode);
    await pause(forMs, faultsEnd);
    // A connection from which something is missing must not go on.
    if (mode === "drop" || mode === "truncate") proxy.set("refuse");
    proxy.set("pass");
  }
}
