/**
 * Measures an outage: a program that sends Hill an update every millisecond
 * while another program makes a server on the path to Campbell fail. It
 * measures how long an observer at Campbell waits for each update, and prints
 * the outage as JSON.
 *
 *     outage.ts BASE_PORT BEFORE_MS WATCHED_MS
 *
 * When it is connected, it prints `fault at` and the moment at which the server
 * must fail: BEFORE_MS later, in milliseconds since 1970. It sends the updates,
 * called probes, from now on until WATCHED_MS after that moment.
 *
 * @module
 */
import {
  countedBeforeMs,
  type Probe,
  summarizeOutage,
} from "./outage_summary.ts";
import { Probing } from "./prober.ts";
import { herdProtocol, places } from "./protocol.ts";

/** Time between two probes. */
const pauseMs = 1;

/** How long the last probe may take, on a machine that does other work too. */
const arrivalTimeoutMs = 30_000;

/** Sends probes around a fault, and waits for all of them. */
function observe(
  basePort: number,
  beforeMs: number,
  watchedMs: number,
): { faultMs: number; probes: Probe[] } {
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
  const faultMs = Date.now() + beforeMs;
  const untilMs = faultMs + watchedMs;
  console.log(`fault at ${faultMs}`);
  probing.probe(untilMs, () => pauseMs);
  const probes = () =>
    Array.from({ length: probing.sent }, (_, probe): Probe => ({
      sentMs: probing.sentMs(probe),
      tookMs: tookMs.get(probe),
    })).filter(({ sentMs }) => sentMs >= faultMs - countedBeforeMs);
  while (
    probes().some(({ tookMs }) => tookMs === undefined) &&
    Date.now() < untilMs + arrivalTimeoutMs
  ) probing.wait(pauseMs);
  return { faultMs, probes: probes() };
}

if (import.meta.main) {
  const [basePort, beforeMs, watchedMs] = Deno.args.map(Number);
  const { faultMs, probes } = observe(basePort, beforeMs, watchedMs);
  console.log(JSON.stringify(summarizeOutage(probes, faultMs)));
}
