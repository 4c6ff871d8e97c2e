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
import { type Probe, summarizeOutage } from "./outage_summary.ts";
import { Probing } from "./prober.ts";
import { herdProtocol, places } from "./protocol.ts";

/** Time between two probes. */
const pauseMs = 1;

/** How long the last probe may take. */
const arrivalTimeoutMs = 5_000;

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
