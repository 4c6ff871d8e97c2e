/**
 * Tells Hill something every millisecond while a server on the way to Campbell
 * fails, and takes the time until an observer is told of it by Campbell: a
 * program that prints what it saw as JSON.
 *
 *     outage.ts BASE_PORT FAULT_MS UNTIL_MS
 *
 * It begins at once; somebody else sees to the fault. Probes are sent until the
 * second moment. Both moments are in milliseconds since 1970.
 *
 * @module
 */
import { Poller, read } from "../load/system.ts";
import { languages } from "../propagation/language.ts";
import { Observer, Publisher } from "../propagation/prober.ts";
import { places } from "../propagation/shape.ts";
import { judge, type Outage, type Probe } from "./judge.ts";

/** Time between two probes. */
const pauseMs = 1;

/** Servers need to hear of an observer this often. */
const aliveEveryMs = 1_000;

/** After the last probe there is so much time for all to arrive. */
const patienceMs = 5_000;

/** What Hill answers is of no interest. */
const received = new Uint8Array(64 * 1024);

const place = places.find(({ hops }) => hops === "two hops")!;

/** Sends probes from now on, and notes when each arrives. */
function observe(basePort: number, untilMs: number): Probe[] {
  using poller = new Poller();
  const publisher = new Publisher(languages.herd, basePort);
  const observer = new Observer(languages.herd, place, basePort);
  poller.add(publisher.descriptor);
  poller.add(observer.descriptor);
  const arrivedMs: number[] = [];
  let missing = 0;
  let aliveMs = performance.now();
  const wait = () => {
    poller.wait(pauseMs, (descriptor) => {
      if (descriptor === publisher.descriptor) {
        return void read(descriptor, received);
      }
      observer.onReadable((probe, atMs) => {
        // After a fault some come twice.
        if (arrivedMs[probe] !== undefined) return;
        arrivedMs[probe] = atMs;
        missing -= 1;
      });
    });
    const nowMs = performance.now();
    if (nowMs - aliveMs < aliveEveryMs) return;
    aliveMs = nowMs;
    observer.stayAlive();
  };
  while (!observer.isAdmitted) wait();
  let nextMs = 0;
  while (Date.now() < untilMs) {
    const nowMs = performance.now();
    if (nowMs >= nextMs) {
      nextMs = nowMs + pauseMs;
      publisher.publish();
      missing += 1;
    }
    wait();
  }
  while (missing > 0 && Date.now() < untilMs + patienceMs) wait();
  const { timeOrigin } = performance;
  return Array.from({ length: publisher.sent }, (_, probe) => {
    const sentMs = publisher.sentMs(probe);
    const arrived = arrivedMs[probe];
    return {
      sentMs: timeOrigin + sentMs,
      tookMs: arrived === undefined ? undefined : arrived - sentMs,
    };
  });
}

if (import.meta.main) {
  const [basePort, faultMs, untilMs] = Deno.args.map(Number);
  const probes = observe(basePort, untilMs);
  console.log(JSON.stringify(judge(probes, faultMs) satisfies Outage));
}
