/**
 * Counts the coverage of a simulated herd: when a fault starts or ends, a client
 * reports, or a server emits an event. Nothing here runs for each message.
 *
 * @module
 */
import {
  affectedLinks,
  type Coverage,
  type LinkState,
  type ServerEvent,
  type ServerState,
  wrongClockMs,
} from "./coverage.ts";
import type { Fault, Plan, ServerPair } from "./plan.ts";
import type { HostClock } from "./host_clock.ts";
import type { SimulatedServer } from "./simulated_server.ts";
import { epochSeconds } from "./virtual_process.ts";
import type { VirtualConnection } from "./virtual_connection.ts";
import type { VirtualNetwork } from "./virtual_network.ts";

/** The herd whose coverage is counted. */
export interface ObservedHerd {
  readonly plan: Plan;
  readonly time: { readonly elapsedMs: number };
  readonly network: VirtualNetwork;
  /** The servers that run or are frozen. */
  readonly servers: ReadonlyMap<string, SimulatedServer>;
  /** Whether a server runs and is not frozen. */
  answers(name: string): boolean;
}

/** Counts what a fault affects, just before it occurs. */
export function countFault(
  fault: Fault,
  herd: ObservedHerd,
  coverage: Coverage,
): void {
  for (const name of affectedServers(fault)) {
    if (!herd.servers.get(name)?.router.isRebuilding) continue;
    coverage.add("a fault affects a server that rebuilds its digest tree");
  }
  if ("server" in fault) {
    const state = serverState(fault.server, herd);
    coverage.add(`${fault.kind}: ${state}`);
    const stops = fault.kind !== "freeze";
    if (stops && state === "catching up") {
      coverage.add("a server stops before it has caught up");
    }
  } else {
    for (const link of affectedLinks(fault, herd.plan)) {
      coverage.add(`${fault.kind}: ${linkState(link, herd)}`);
    }
  }
}

/**
 * Observes a fault that is about to occur. The returned function, called
 * just after the fault, returns whether it has changed anything.
 */
export function observeEffect(fault: Fault, herd: ObservedHerd): () => boolean {
  const before = health(fault, herd);
  return () => health(fault, herd) < before;
}

/** A number that falls when a fault affects what it should. */
function health(fault: Fault, herd: ObservedHerd): number {
  const { network, plan, servers } = herd;
  switch (fault.kind) {
    case "kill":
      return servers.has(fault.server) ? 1 : 0;
    case "freeze":
      return herd.answers(fault.server) ? 1 : 0;
    case "cut":
    case "swallow":
      return connectionsOf(fault.link, herd).filter(isAlive).length;
    case "slow path":
      return -network.maxDelayMs(...fault.link);
    case "power loss":
    case "block one way":
    case "block both ways":
    case "split":
      return affectedLinks(fault, plan)
        .flatMap(([one, other]) => [[one, other], [other, one]])
        .filter(([from, to]) => network.isOpen(from, to)).length;
  }
}

function connectionsOf(
  [one, other]: ServerPair,
  { network }: ObservedHerd,
): VirtualConnection[] {
  return [...network.connections]
    .filter((connection) => connection.isBetween(one, other));
}

/** Whether a connection can carry data. */
function isAlive({ isOpen, isSwallowed }: VirtualConnection): boolean {
  return isOpen && !isSwallowed;
}

/** The servers that a fault stops or cuts off. */
function affectedServers(fault: Fault): readonly string[] {
  if ("server" in fault) return [fault.server];
  return "link" in fault ? fault.link : fault.side;
}

/** The present state of a server. */
export function serverState(name: string, herd: ObservedHerd): ServerState {
  const server = herd.servers.get(name);
  if (!server?.isOpen) return "down";
  if (!herd.answers(name)) return "frozen";
  return isCatchingUp(server) ? "catching up" : "running";
}

/** Whether a server is linked with a neighbour that it has not caught up with. */
export function isCatchingUp({ caughtUp, linked }: SimulatedServer): boolean {
  return caughtUp.length < linked.length;
}

/** The present state of the link of two neighbours. */
export function linkState(
  [one, other]: ServerPair,
  herd: ObservedHerd,
): LinkState {
  const { servers } = herd;
  const connections = connectionsOf([one, other], herd);
  const [here, there] = [servers.get(one), servers.get(other)];
  const isLinked = here?.linked.includes(other) ||
    there?.linked.includes(one);
  if (!isLinked) return connections.length === 0 ? "none" : "handshaking";
  if (!connections.some(isAlive)) return "silently dead";
  const haveCaughtUp = here?.caughtUp.includes(other) &&
    there?.caughtUp.includes(one);
  return haveCaughtUp ? "caught up" : "comparing";
}

const minuteMs = 60_000;
const yearMs = 365 * 86_400_000;

/** Replaced links count as effects of a freeze for this long after the thaw. */
const afterFreezeMs = 2_000;

/** Counts an event that a server emits. */
export function countEvent(
  { event, neighbour, reason, server }: ServerEvent,
  herd: ObservedHerd,
  coverage: Coverage,
): void {
  switch (event) {
    case "dial failed":
      return coverage.add("a neighbour cannot be dialled");
    case "link refused":
      if (reason !== "linked already") return;
      return coverage.add("a connection is refused: linked already");
    case "link down":
      return countLinkEnd(
        [server, `${neighbour}`],
        `${reason}`,
        herd,
        coverage,
      );
  }
}

function countLinkEnd(
  link: ServerPair,
  reason: string,
  herd: ObservedHerd,
  coverage: Coverage,
): void {
  switch (reason) {
    case "neighbour closed":
    case "connection lost":
    case "silent":
      return coverage.add(`a link ends: ${reason}`);
    case "replaced":
      coverage.add("a link ends: replaced");
      return countReplacement(link, herd, coverage);
  }
}

function countReplacement(
  link: ServerPair,
  { plan, time }: ObservedHerd,
  coverage: Coverage,
): void {
  const nowMs = time.elapsedMs;
  for (const fault of plan.faults) {
    if (fault.atMs > nowMs) continue;
    if (fault.kind === "freeze" && link.includes(fault.server)) {
      const thawMs = Math.min(fault.atMs + fault.forMs, plan.healAtMs);
      if (nowMs < thawMs || nowMs > thawMs + afterFreezeMs) continue;
      coverage.add("a link is replaced after a freeze");
    }
    if (
      fault.kind === "slow path" && fault.link.every((n) => link.includes(n))
    ) {
      const endMs = Math.min(fault.atMs + fault.forMs, plan.healAtMs);
      if (nowMs > endMs) continue;
      coverage.add("a link is replaced on a slow path");
    }
  }
}

/** Counts what waits for a frozen server, just before its thaw. */
export function countThaw(
  frozen: string,
  { servers }: ObservedHerd,
  coverage: Coverage,
): void {
  for (const { router } of servers.values()) {
    // Between two events, reports wait only during an unfinished write.
    if (router.waitingFor(frozen) > 0) {
      coverage.add("a neighbour's socket is full while it is frozen");
    }
    if (router.backlogFor(frozen) > 0) {
      coverage.add("more than a write waits for a frozen neighbour");
    }
  }
}

/** Counts the states of a server's neighbours, just before it restarts. */
export function countRestart(
  name: string,
  herd: ObservedHerd,
  coverage: Coverage,
): void {
  const neighbours = herd.plan.links
    .filter((link) => link.includes(name))
    .map(([one, other]) => one === name ? other : one);
  const states = neighbours.map((neighbour) => serverState(neighbour, herd));
  if (states.includes("catching up")) {
    coverage.add("a server restarts while a neighbour catches up");
  }
  if (states.includes("frozen")) {
    coverage.add("a server restarts while a neighbour is frozen");
  }
}

/** Counts that a server's clock is set. */
export function countClock(
  beforeMs: number,
  aheadMs: number,
  driftMs: number,
  coverage: Coverage,
): void {
  coverage.add(
    aheadMs > beforeMs
      ? "the clock of a server steps ahead"
      : "the clock of a server steps back",
  );
  if (driftMs !== 0) coverage.add("the clock of a server drifts");
  if (Math.abs(aheadMs) > yearMs) {
    coverage.add("the clock of a server is wrong by years");
  }
}

/** Counts the clock of a client, by a time that it sends. */
export function countTime(seconds: number, coverage: Coverage): void {
  const aheadMs = (seconds - epochSeconds) * 1_000;
  if (seconds > 100 * epochSeconds) {
    coverage.add("a client's clock is ahead by a factor of a thousand");
  } else if (Math.abs(aheadMs) > yearMs) {
    coverage.add("a client's clock is wrong by years");
  }
}

/** Counts the state of a server to which a client reports. */
export function countReport(
  server: SimulatedServer,
  { aheadMs: skewMs }: HostClock,
  coverage: Coverage,
): void {
  if (skewMs > wrongClockMs) {
    coverage.add("a report is accepted by a server whose clock is ahead");
  }
  if (skewMs < -wrongClockMs) {
    coverage.add("a report is accepted by a server whose clock is behind");
  }
  if (server.router.isRebuilding) {
    coverage.add(
      "a report is accepted by a server that rebuilds its digest tree",
    );
  }
  const { linked } = server;
  if (linked.length === 0) {
    coverage.add("a report is accepted by a server without a link");
  } else if (isCatchingUp(server)) {
    coverage.add("a report is accepted by a server that is catching up");
  }
}

/** Counts the request to forget a client. */
export function countDeletion(
  server: SimulatedServer,
  { aheadMs }: HostClock,
  coverage: Coverage,
): void {
  coverage.add("a client is forgotten");
  if (aheadMs > minuteMs) {
    coverage.add("a client is forgotten by a clock that is ahead");
  }
  if (aheadMs < -minuteMs) {
    coverage.add("a client is forgotten by a clock that is behind");
  }
  if (server.linked.length === 0) {
    coverage.add("a client is forgotten at a server without a link");
  } else if (isCatchingUp(server)) {
    coverage.add("a client is forgotten at a server that is catching up");
  }
}
