/**
 * Measures propagation: a program that sends an update to one server every few
 * milliseconds, and measures how long observers at other servers wait for it.
 * It prints what it measured as JSON.
 *
 *     prober.ts BASE_PORT FROM_MS UNTIL_MS
 *
 * The updates, called probes, begin at once. Those count that are sent between
 * the two moments, in milliseconds since 1970. A probe is sent on time even if
 * earlier ones have not arrived, so that every probe measures the delays that
 * affect it.
 *
 * @module
 */
import { Latencies } from "../load/latencies.ts";
import {
  connectLoopback,
  type Descriptor,
  Poller,
  read,
  write,
} from "../load/system.ts";
import { portsOf, serverNames } from "../servers.ts";
import {
  herdProtocol,
  origin,
  type Place,
  places,
  type Protocol,
} from "./protocol.ts";

/** What one observer measured. */
export interface Propagation {
  readonly hops: Place["hops"];
  readonly p50Us: number;
  readonly p99Us: number;
  /** Probes that arrived. */
  readonly samples: number;
  /** Probes that did not. */
  readonly lost: number;
}

/** Time between two probes: random, so that no timer keeps step with them. */
const [minPauseMs, maxPauseMs] = [3, 5];

/** How long the last probe may take. */
const arrivalTimeoutMs = 3_000;

const heartbeatMs = 1_000;

const received = new Uint8Array(1024 * 1024);

const decoder = new TextDecoder();

function send(descriptor: Descriptor, text: string): void {
  if (text !== "") write(descriptor, new TextEncoder().encode(text));
}

/** Each probe has a client of its own, whose ID of 25 bytes is its number. */
const [probePrefix, probeDigits] = ["probe-", 19];

/** Receives the updates of one server. */
class Observer {
  readonly descriptor: Descriptor;
  readonly place: Place;
  readonly #protocol: Protocol;
  /** The incomplete line at the end of what was received. */
  #rest = "";
  #isAdmitted = false;

  constructor(protocol: Protocol, place: Place, basePort: number) {
    this.place = place;
    this.#protocol = protocol;
    this.descriptor = connectLoopback(protocol.portOf(place, basePort));
    send(this.descriptor, protocol.observe(place));
  }

  get isAdmitted(): boolean {
    return this.#isAdmitted;
  }

  /** Reads, and calls back for each probe. */
  onReadable(onProbe: (probe: number, atMs: number) => void): void {
    const count = read(this.descriptor, received);
    const atMs = performance.now();
    if (count === 0) throw new Error(`${this.place.server} has closed`);
    const text = this.#rest + decoder.decode(received.subarray(0, count));
    if (!this.#isAdmitted) {
      this.#rest = text;
      this.#isAdmitted = text.includes(this.#protocol.admitted);
      return;
    }
    const end = text.lastIndexOf("\n") + 1;
    this.#rest = text.slice(end);
    let at = -1;
    while ((at = text.indexOf(probePrefix, at + 1)) >= 0 && at < end) {
      const digits = at + probePrefix.length;
      onProbe(Number(text.slice(digits, digits + probeDigits)), atMs);
    }
  }

  sendHeartbeat(): void {
    send(this.descriptor, this.#protocol.heartbeat);
  }
}

/** Receives the number of a probe, and how long it took. */
type OnProbe = (hops: Place["hops"], probe: number, tookMs: number) => void;

/** Sends probes to one server, and receives them from others. */
export class Probing implements Disposable {
  readonly #protocol: Protocol;
  readonly #publisher: Descriptor;
  readonly #observers: ReadonlyMap<Descriptor, Observer>;
  readonly #poller = new Poller();
  readonly #onProbe: OnProbe;
  /** When each probe was sent, as `performance.now()` counts. */
  readonly #sentMs: number[] = [];
  #heartbeatMs = performance.now();

  /** Connects, and waits until all observers are admitted. */
  constructor(
    protocol: Protocol,
    basePort: number,
    observed: readonly Place[],
    onProbe: OnProbe,
  ) {
    this.#protocol = protocol;
    this.#onProbe = onProbe;
    this.#publisher = connectLoopback(portsOf(origin, basePort).client);
    send(this.#publisher, protocol.greeting);
    const observers = observed.map((place) =>
      new Observer(protocol, place, basePort)
    );
    this.#observers = new Map(
      observers.map((observer) => [observer.descriptor, observer]),
    );
    const descriptors = [this.#publisher, ...this.#observers.keys()];
    for (const name of protocol.subscribe === "" ? [] : serverNames) {
      if (observed.some(({ server }) => server === name)) continue;
      const descriptor = connectLoopback(portsOf(name, basePort).client);
      send(descriptor, protocol.subscribe);
      descriptors.push(descriptor);
    }
    for (const descriptor of descriptors) this.#poller.add(descriptor);
    while (!observers.every(({ isAdmitted }) => isAdmitted)) {
      this.wait(maxPauseMs);
    }
  }

  /** How many probes were sent. */
  get sent(): number {
    return this.#sentMs.length;
  }

  /** When a probe was sent, in milliseconds since 1970. */
  sentMs(probe: number): number {
    return performance.timeOrigin + this.#sentMs[probe];
  }

  /** Waits for bytes, and sends heartbeats when they are due. */
  wait(timeoutMs: number): void {
    this.#poller.wait(timeoutMs, (descriptor) => {
      const observer = this.#observers.get(descriptor);
      // Bytes for the publisher are not needed.
      if (observer === undefined) return void read(descriptor, received);
      observer.onReadable((probe, atMs) => {
        this.#onProbe(observer.place.hops, probe, atMs - this.#sentMs[probe]);
      });
    });
    const nowMs = performance.now();
    if (nowMs - this.#heartbeatMs < heartbeatMs) return;
    this.#heartbeatMs = nowMs;
    for (const observer of this.#observers.values()) observer.sendHeartbeat();
  }

  /** Sends probes up to a moment, in milliseconds since 1970. */
  probe(untilMs: number, pauseMs: () => number): void {
    let nextMs = 0;
    while (Date.now() < untilMs) {
      const nowMs = performance.now();
      if (nowMs < nextMs) {
        this.wait(Math.ceil(nextMs - nowMs));
      } else {
        nextMs = nowMs + pauseMs();
        this.#publish();
      }
    }
  }

  #publish(): void {
    const name = probePrefix + String(this.sent).padStart(probeDigits, "0");
    const text = this.#protocol.update("probe", origin, name);
    const bytes = new TextEncoder().encode(text);
    this.#sentMs.push(performance.now());
    write(this.#publisher, bytes);
  }

  [Symbol.dispose](): void {
    this.#poller[Symbol.dispose]();
  }
}

/** Runs the program with its arguments. */
export function runProber(protocol: Protocol, args: readonly string[]): void {
  const [basePort, fromMs, untilMs] = args.map(Number);
  const latencies = new Map(places.map(({ hops }) => [hops, new Latencies()]));
  let firstCounted = Infinity;
  using probing = new Probing(
    protocol,
    basePort,
    places,
    (hops, probe, tookMs) => {
      if (probe >= firstCounted) latencies.get(hops)!.addMs(tookMs);
    },
  );
  const pauseMs = () => minPauseMs + Math.random() * (maxPauseMs - minPauseMs);
  probing.probe(fromMs, pauseMs);
  firstCounted = probing.sent;
  probing.probe(untilMs, pauseMs);
  const probes = probing.sent - firstCounted;
  const isMissing = ({ count }: Latencies) => count < probes;
  while (
    [...latencies.values()].some(isMissing) &&
    Date.now() < untilMs + arrivalTimeoutMs
  ) probing.wait(maxPauseMs);
  if (![...latencies.values()].every(({ count }) => count > 0)) {
    throw new Error("no probe arrived");
  }
  const report = [...latencies].map(([hops, measured]): Propagation => ({
    hops,
    p50Us: measured.quantileUs(0.5),
    p99Us: measured.quantileUs(0.99),
    samples: measured.count,
    lost: probes - measured.count,
  }));
  console.log(JSON.stringify(report));
}

if (import.meta.main) runProber(herdProtocol, Deno.args);
