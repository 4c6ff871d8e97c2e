/**
 * Injects faults: servers are killed, stopped and frozen, and traffic on links
 * is cut, delayed and dropped. The seed selects the faults and their times.
 *
 * @module
 */
import { clientOf } from "../../protocol/report.ts";
import { names } from "../end_to_end/process.ts";
import type { Mode, Proxy } from "../end_to_end/proxy.ts";
import type { Random } from "../../runtime/random.ts";
import { Client } from "./client.ts";
import { pause, type World } from "./world.ts";

/** Time between two faults of a server or of a link, in milliseconds. */
const faultIntervalMs = { least: 3_000, most: 20_000 };

/** Longest time before a server is started again, in milliseconds. */
const maxDownMs = 4_000;

/**
 * Time for which a server is frozen, in milliseconds. After 5 s its neighbours
 * end their links with it.
 */
const freezeMs = { least: 100, most: 8_000 };

/** Longest time from SIGTERM to the end: 5 s and a margin, in milliseconds. */
const stopDeadlineMs = 5_000 + 5_000;

/**
 * Longest time until the anchor has an answered report although links fail, in
 * milliseconds. Neighbours compare their reports every 30 s.
 */
const anchorDeadlineMs = 60_000;

/** Injects faults into all servers and links until the faults end. */
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
    await pause(
      random.between(faultIntervalMs.least, faultIntervalMs.most),
      faultsEnd,
    );
    // Each round draws the same count of numbers, whatever the fault.
    const kind = random.next();
    const frozenMs = random.between(freezeMs.least, freezeMs.most);
    const downMs = random.between(0, maxDownMs);
    if (faultsEnd.aborted) return;
    if (kind < 0.4 || name === world.anchor) {
      counts.freezes += 1;
      await servers.freeze(name, frozenMs);
    } else {
      await restart(world, name, kind < 0.75 ? "SIGKILL" : "SIGTERM", downMs);
    }
  }
}

async function restart(
  world: World,
  name: string,
  signal: "SIGKILL" | "SIGTERM",
  downMs: number,
): Promise<void> {
  const { counts, expected, servers } = world;
  await untilAtAnchor(world, name);
  if (world.faultsEnd.aborted) return;
  const ended = servers.end(name, signal);
  expected.forgetServer(name);
  const { status, tookMs } = await ended;
  if (signal === "SIGKILL") counts.kills += 1;
  else {
    counts.stops += 1;
    checkStop(world, name, status, tookMs);
  }
  await pause(downMs);
  await servers.start(name);
}

/** Reports a failure if a server has not stopped in time with status 0. */
export function checkStop(
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

/** Waits until the anchor has all reports that a server has answered. */
async function untilAtAnchor(world: World, name: string): Promise<void> {
  const { anchor, faultsEnd, expected } = world;
  const startMs = performance.now();
  let missing = expected.missingAtAnchor(name);
  while (missing.length > 0 && !faultsEnd.aborted) {
    const client = await Client.connect(world, "anchor check", anchor);
    await client?.request(
      missing.map((line) => client.query(clientOf(line))).join(""),
    );
    await client?.finish();
    missing = missing.filter((line) => !expected.isAtAnchor(line));
    if (missing.length === 0) return;
    if (performance.now() - startMs > anchorDeadlineMs) {
      return world.fail(
        `${anchor} lacks ${missing.length} reports that ${name} answered ` +
          `${anchorDeadlineMs / 1000} s ago, the first: ${missing[0]}`,
      );
    }
    await pause(250, faultsEnd);
  }
}

/** The faults of a link, with their longest times in milliseconds. */
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
    await pause(
      random.between(faultIntervalMs.least, faultIntervalMs.most),
      faultsEnd,
    );
    const [mode, mostMs] = random.pick(linkFaults);
    const forMs = random.between(0, mostMs);
    if (faultsEnd.aborted) return;
    counts.linkFaults += 1;
    proxy.set(mode);
    await pause(forMs, faultsEnd);
    // A connection with missing bytes must not continue.
    if (mode === "drop" || mode === "truncate") proxy.set("refuse");
    proxy.set("pass");
  }
}
