/**
 * Tells one server something every few milliseconds, and takes the time until
 * it is told of it by others: a program that prints what it saw as JSON.
 *
 *     prober.ts SUBJECT BASE_PORT FROM_MS UNTIL_MS
 *
 * It begins at once; probes count that were sent between the two moments, given
 * in milliseconds since 1970. It sends when it is time to, also if earlier
 * probes are still on their way: what holds one up must not spare the next.
 *
 * @module
 */
import { createLatencies, wholeUs } from "../load/latencies.ts";
import {
  connectLoopback,
  type Descriptor,
  Poller,
  read,
  write,
} from "../load/system.ts";
import { type Language, languages, type Subject } from "./language.ts";
import { origin, type Place, places, portsOf, serverNames } from "./shape.ts";

/** What was seen at one place. */
export interface Propagation {
  readonly hops: Place["hops"];
  readonly p50Us: number;
  readonly p99Us: number;
  /** Probes that have arrived. */
  readonly samples: number;
  /** Probes that have not. */
  readonly lost: number;
}

/** Time between two probes: random, so that they keep step with nothing. */
const [minPauseMs, maxPauseMs] = [3, 5];

/** After the last probe there is so much time for it to arrive. */
const patienceMs = 3_000;

/** Servers need to hear of an observer this often. */
const aliveEveryMs = 1_000;

const received = new Uint8Array(1024 * 1024);

const decoder = new TextDecoder();

function send(descriptor: Descriptor, text: string): void {
  if (text !== "") write(descriptor, new TextEncoder().encode(text));
}

/** A probe is about a client of its own, whose ID is as long as any other. */
const [probePrefix, probeDigits] = ["probe-", 19];

function probeName(probe: number): string {
  return probePrefix + String(probe).padStart(probeDigits, "0");
}

/** Tells a server of probes, and remembers when. */
export class Publisher {
  readonly descriptor: Descriptor;
  readonly #language: Language;
  readonly #sentMs: number[] = [];

  constructor(language: Language, basePort: number) {
    this.#language = language;
    this.descriptor = connectLoopback(portsOf(origin, basePort).client);
    send(this.descriptor, language.client);
  }

  /** How many probes were sent. */
  get sent(): number {
    return this.#sentMs.length;
  }

  /** When a probe was sent, just before it was. */
  sentMs(probe: number): number {
    return this.#sentMs[probe];
  }

  publish(): void {
    const name = probeName(this.sent);
    const bytes = new TextEncoder().encode(
      this.#language.update("probe", origin, name),
    );
    this.#sentMs.push(performance.now());
    write(this.descriptor, bytes);
  }
}

/** Is told by a server. */
export class Observer {
  readonly descriptor: Descriptor;
  readonly latencies = createLatencies();
  readonly #place: Place;
  readonly #language: Language;
  /** What was read of a line that is not whole. */
  #rest = "";
  #isAdmitted = false;

  constructor(language: Language, place: Place, basePort: number) {
    this.#place = place;
    this.#language = language;
    this.descriptor = connectLoopback(language.portOf(place, basePort));
    send(this.descriptor, language.observe(place));
  }

  get isAdmitted(): boolean {
    return this.#isAdmitted;
  }

  /** Reads what there is; calls back for each probe in it. */
  onReadable(onProbe: (probe: number, atMs: number) => void): void {
    const count = read(this.descriptor, received);
    const atMs = performance.now();
    if (count === 0) throw new Error(`${this.#place.server} has closed`);
    const text = this.#rest + decoder.decode(received.subarray(0, count));
    if (!this.#isAdmitted) {
      // Until then everything is kept: it is no more than a few lines.
      this.#rest = text;
      this.#isAdmitted = text.includes(this.#language.admitted);
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

  stayAlive(): void {
    send(this.descriptor, this.#language.alive);
  }

  /** What was seen, of so many probes that count. */
  report(probes: number): Propagation {
    const { latencies } = this;
    return {
      hops: this.#place.hops,
      p50Us: latencies.quantile(0.5) ?? NaN,
      p99Us: latencies.quantile(0.99) ?? NaN,
      samples: latencies.count,
      lost: probes - latencies.count,
    };
  }
}

/** Has the servers told of the probes where nobody observes. */
function attend({ attend }: Language, basePort: number): Descriptor[] {
  if (attend === "") return [];
  const observed = places.map(({ server }) => server);
  const others = serverNames.filter((name) => !observed.includes(name));
  return others.map((name) => {
    const descriptor = connectLoopback(portsOf(name, basePort).client);
    send(descriptor, attend);
    return descriptor;
  });
}

/** A publisher, and two who observe what comes of it. */
class Probing {
  readonly #publisher: Publisher;
  readonly #observers: ReadonlyMap<Descriptor, Observer>;
  readonly #poller: Poller;
  /** The first probe that counts; until it is sent, none does. */
  #firstCounted = Infinity;
  #aliveMs = performance.now();

  constructor(language: Language, basePort: number, poller: Poller) {
    this.#poller = poller;
    this.#publisher = new Publisher(language, basePort);
    const observers = places.map((place) =>
      new Observer(language, place, basePort)
    );
    this.#observers = new Map(
      observers.map((observer) => [observer.descriptor, observer]),
    );
    poller.add(this.#publisher.descriptor);
    for (const { descriptor } of observers) poller.add(descriptor);
    for (const descriptor of attend(language, basePort)) poller.add(descriptor);
  }

  /** Waits until both observers are told. */
  begin(): void {
    while (!this.#all(({ isAdmitted }) => isAdmitted)) this.#wait(maxPauseMs);
  }

  /** Sends probes until then, as milliseconds since 1970. */
  probe(untilMs: number): void {
    let nextMs = 0;
    while (Date.now() < untilMs) {
      const nowMs = performance.now();
      if (nowMs < nextMs) {
        this.#wait(Math.ceil(nextMs - nowMs));
      } else {
        const pauseMs = minPauseMs + Math.random() * (maxPauseMs - minPauseMs);
        nextMs = nowMs + pauseMs;
        this.#publisher.publish();
      }
    }
  }

  /** Sends the probes that count, waits for them, and tells what was seen. */
  measure(untilMs: number): Propagation[] {
    this.#firstCounted = this.#publisher.sent;
    this.probe(untilMs);
    const probes = this.#publisher.sent - this.#firstCounted;
    const isComplete = () => this.#all((one) => one.latencies.count === probes);
    while (!isComplete() && Date.now() < untilMs + patienceMs) {
      this.#wait(maxPauseMs);
    }
    return [...this.#observers.values()].map((one) => one.report(probes));
  }

  #all(is: (observer: Observer) => boolean): boolean {
    return [...this.#observers.values()].every(is);
  }

  #wait(timeoutMs: number): void {
    this.#poller.wait(timeoutMs, (descriptor) => this.#onReadable(descriptor));
    const nowMs = performance.now();
    if (nowMs - this.#aliveMs < aliveEveryMs) return;
    this.#aliveMs = nowMs;
    for (const observer of this.#observers.values()) observer.stayAlive();
  }

  #onReadable(descriptor: Descriptor): void {
    const observer = this.#observers.get(descriptor);
    // What others are told, the publisher too, is of no interest.
    if (observer === undefined) return void read(descriptor, received);
    observer.onReadable((probe, atMs) => {
      if (probe < this.#firstCounted) return;
      observer.latencies.add(wholeUs(atMs - this.#publisher.sentMs(probe)));
    });
  }
}

if (import.meta.main) {
  const [subject, ...rest] = Deno.args;
  const [basePort, fromMs, untilMs] = rest.map(Number);
  using poller = new Poller();
  const probing = new Probing(languages[subject as Subject], basePort, poller);
  probing.begin();
  probing.probe(fromMs);
  console.log(JSON.stringify(probing.measure(untilMs)));
}
