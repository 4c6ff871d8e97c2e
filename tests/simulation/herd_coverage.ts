/**
 * Looks at a simulated herd at the moments that matter, and counts what they
 * cover: when a fault begins or ends, a client reports, or a server tells of an
 * event. Nothing here runs for each message.
 *
 * @module
 */
import {
  type Coverage,
  linksMet,
  type LinkState,
  type ServerEvent,
  type ServerState,
  wrongClockMs,
} from "./coverage.ts";
import type { Fault, Plan, ServerPair } from "./plan.ts";
import type { SimulatedServer } from "./simulated_server.ts";
import type { VirtualNetwork } from "./virtual_network.ts";

/** The herd that is looked at. */
export interface SeenHerd {
  readonly plan: Plan;
  readonly time: { readonly elapsedMs: number };
  readonly network: VirtualNetwork;
  /** The servers that run or are frozen. */
  readonly servers: ReadonlyMap<string, SimulatedServer>;
  /** Whether a server runs and is not frozen. */
  answers(name: string): boolean;
}

/** Counts what a fault meets, just before it happens. */
export function countFault(
  fault: Fault,
  herd: SeenHerd,
  coverage: Coverage,
): void {
  if ("server" in fault) {
    const state = serverState(fault.server, herd);
    coverage.add(`${fault.kind}: ${state}`);
    const stops = fault.kind !== "freeze";
    if (stops && state === "catching up") {
      coverage.add("a server stops before it has caught up");
    }
  } else {
    for (const link of linksMet(fault, herd.plan)) {
      coverage.add(`${fault.kind}: ${linkState(link, herd)}`);
    }
  }
}

/** How a server is now. */
export function serverState(name: string, herd: SeenHerd): ServerState {
  const server = herd.servers.get(name);
  if (server === undefined) return "down";
  if (!herd.answers(name)) return "frozen";
  return isCatchingUp(server) ? "catching up" : "running";
}

/** Whether a server is linked with a neighbour that it has not caught up with. */
export function isCatchingUp({ caughtUp, linked }: SimulatedServer): boolean {
  return caughtUp.length < linked.length;
}

/** How the link of two neighbours is now. */
export function linkState(
  [one, other]: ServerPair,
  { network, servers }: SeenHerd,
): LinkState {
  const connections = [...network.connections]
    .filter((connection) => connection.isBetween(one, other));
  const [here, there] = [servers.get(one), servers.get(other)];
  const isLinked = here?.linked.includes(other) ||
    there?.linked.includes(one);
  if (!isLinked) return connections.length === 0 ? "none" : "handshaking";
  const isAlive = connections
    .some(({ isOpen, isSwallowed }) => isOpen && !isSwallowed);
  if (!isAlive) return "silently dead";
  const haveCaughtUp = here?.caughtUp.includes(other) &&
    there?.caughtUp.includes(one);
  return haveCaughtUp ? "caught up" : "comparing";
}

/** So long after a thaw, in milliseconds, a server still catches up with it. */
const afterFreezeMs = 2_000;

/** Counts an event that a server tells of. */
export function countEvent(
  { event, neighbour, reason, server }: ServerEvent,
  herd: SeenHerd,
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
  herd: SeenHerd,
  coverage: Coverage,
): void {
  switch (reason) {
    case "neighbour closed":
    case "connection lost":
    case "silent":
      return coverage.add(`a link ends: ${reason}`);
    case "replaced":
      coverage.add("a link ends: replaced");
      return countSettling(link, herd, coverage);
  }
}

function countSettling(
  link: ServerPair,
  { plan, time }: SeenHerd,
  coverage: Coverage,
): void {
  const nowMs = time.elapsedMs;
  for (const fault of plan.faults) {
    if (fault.atMs > nowMs) continue;
    if (fault.kind === "freeze" && link.includes(fault.server)) {
      const thawMs = Math.min(fault.atMs + fault.forMs, plan.healAtMs);
      if (nowMs < thawMs || nowMs > thawMs + afterFreezeMs) continue;
      coverage.add("two connections settle after a freeze");
    }
    if (
      fault.kind === "slow way" && fault.link.every((n) => link.includes(n))
    ) {
      const endMs = Math.min(fault.atMs + fault.forMs, plan.healAtMs);
      if (nowMs > endMs) continue;
      coverage.add("two connections settle on a slow way");
    }
  }
}

/** Counts what has gathered for a server that is frozen, just before its thaw. */
export function countThaw(
  frozen: string,
  { servers }: SeenHerd,
  coverage: Coverage,
): void {
  for (const { replica } of servers.values()) {
    // Between two events something waits only where a write is not done yet.
    if (replica.waitingFor(frozen) > 0) {
      coverage.add("a neighbour's socket is full while it is frozen");
    }
    if (replica.backlogFor(frozen) > 0) {
      coverage.add("more than a write waits for a frozen neighbour");
    }
  }
}

/** Counts how a server's neighbours are, just before it starts once more. */
export function countRestart(
  name: string,
  herd: SeenHerd,
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

/** Counts how the server is that a client reports to. */
export function countReport(
  server: SimulatedServer,
  skewMs: number,
  coverage: Coverage,
): void {
  if (skewMs > wrongClockMs) {
    coverage.add("a report is answered by a server whose clock is ahead");
  }
  if (skewMs < -wrongClockMs) {
    coverage.add("a report is answered by a server whose clock is behind");
  }
  const { linked } = server;
  if (linked.length === 0) {
    coverage.add("a report is answered by a server without a link");
  } else if (isCatchingUp(server)) {
    coverage.add("a report is answered by a server that is catching up");
  }
}
