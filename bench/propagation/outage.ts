/**
 * Measures an outage: a program that sends Hill an update every millisecond
 * while another program makes a server on the path to Campbell fail. It
 * measures how long an observer at Campbell waits for each update, and prints
 * the outage as JSON.
 *
 *     outage.ts BASE_PORT FAULT_MS UNTIL_MS
 *
 * The updates, called probes, are sent up to the second moment. Both moments
 * are in milliseconds since 1970.
 *
 * @module
 */
import { Probing } from "./prober.ts";
import { herdProtocol, places } from "./protocol.ts";

/** Time between two probes. */
const pauseMs = 1;

/** How long the last probe may take. */
const arrivalTimeoutMs = 5_000;

/** A probe. */
export interface Probe {
  /** When it was sent, in milliseconds since 1970. */
  readonly sentMs: number;
  /** How long it took; undefined if it never arrived. */
  readonly tookMs: number | undefined;
}

/** The probes around a fault. */
export interface Outage {
  /** The longest time of a probe that the fault may have affected. */
  readonly outageMs: number;
  /** The longest time of an earlier probe. */
  readonly usualMs: number;
  /** Probes that never arrived. */
  readonly lost: number;
}

/** Probes that were sent earlier than this before the fault are unaffected. */
const affectedBeforeMs = 500;

/** Probes count from this long before the fault on. */
const countedBeforeMs = 1_500;

/**
 * @param faultMs When the fault occurred, in milliseconds since 1970.
 * @throws {Error} If there are no probes before the fault, or none after it.
 */
export function summarizeOutage(
  probes: readonly Probe[],
  faultMs: number,
): Outage {
  const counted = probes.filter(({ sentMs }) =>
    sentMs >= faultMs - countedBeforeMs
  );
  const [before, affected] = [true, false].map((isBefore) =>
    counted.filter(({ sentMs }) =>
      sentMs < faultMs - affectedBeforeMs === isBefore
    )
  );
  if (before.length === 0 || affected.length === 0) {
    throw new Error("there should be probes before the fault and after it");
  }
  const longest = (probes: readonly Probe[]) =>
    probes.reduce((most, { tookMs = 0 }) => Math.max(most, tookMs), 0);
  return {
    outageMs: longest(affected),
    usualMs: longest(before),
    lost: counted.filter(({ tookMs }) => tookMs === undefined).length,
  };
}

/** Sends probes up to a moment, and waits for all of them. */
function observe(basePort: number, untilMs: number): Probe[] {
  const tookMs = new Map<number, number>();
  using probing = new Probing(
    herdProtocol,
    basePort,
    places.filter(({ hops }) => hops === "two hops"),
    (_hops, probe, ms) => {
      // After a fault some probes arrive twice.
      if (!tookMs.has(probe)) tookMs.set(probe, ms);
    },
  );
  probing.probe(untilMs, () => pauseMs);
  while (
    tookMs.size < probing.sent && Date.now() < untilMs + arrivalTimeoutMs
  ) probing.wait(pauseMs);
  return Array.from({ length: probing.sent }, (_, probe) => ({
    sentMs: probing.sentMs(probe),
    tookMs: tookMs.get(probe),
  }));
}

if (import.meta.main) {
  const [basePort, faultMs, untilMs] = Deno.args.map(Number);
  const probes = observe(basePort, untilMs);
  console.log(JSON.stringify(summarizeOutage(probes, faultMs)));
}
