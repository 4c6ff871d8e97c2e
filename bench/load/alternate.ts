/**
 * A load that several servers have in turns: a program that keeps the
 * connections to one server busy for a slice of time, then those to the next,
 * and prints the CPU time of each slice as JSON.
 *
 *     alternate.ts SLICES SLICE_MS LANGUAGE:CONNECTIONSxDEPTH:PORT:PID...
 *
 * A slice ends when all its requests are answered. On a shared machine, the
 * speed of a core changes within seconds; slices next to each other had the same
 * one. A process may be given twice, with two languages.
 *
 * @module
 */
import { Latencies } from "./latencies.ts";
import { LoadConnection, minClients } from "./load.ts";
import type { Language } from "./requests.ts";
import { type Descriptor, Poller } from "./system.ts";

/** CPU time of an answer in each slice, in microseconds, for each server. */
export type SliceCosts = readonly (readonly number[])[];

/** How long the generator waits before it reads the clock again. */
const waitMs = 10;

/** How long a slice may take to end, in milliseconds. */
const drainMs = 10_000;

/** Time of all threads of a process on a core so far, in microseconds. */
function cpuUs(pid: number): number {
  let nanoseconds = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    const path = `/proc/${pid}/task/${name}/schedstat`;
    nanoseconds += Number(Deno.readTextFileSync(path).split(" ")[0]);
  }
  return nanoseconds / 1000;
}

/** A server, and the connections to it. */
class Subject {
  readonly #pid: number;
  readonly #connections = new Map<Descriptor, LoadConnection>();
  readonly #poller = new Poller();

  /** @param description As the program is given it. */
  constructor(description: string) {
    const [language, point, port, pid] = description.split(":");
    const [connections, depth] = point.split("x").map(Number);
    this.#pid = Number(pid);
    for (let index = 0; index < connections; index++) {
      const clients = Math.max(minClients, 2 * depth);
      const connection = new LoadConnection(
        Number(port),
        ...[language as Language, index, depth, clients] as const,
      );
      this.#connections.set(connection.descriptor, connection);
      this.#poller.add(connection.descriptor);
    }
  }

  /** Keeps the server busy. Returns the CPU time of an answer. */
  run(sliceMs: number): number {
    const latencies = new Latencies();
    const onReadable = (descriptor: Descriptor) =>
      this.#connections.get(descriptor)!.onReadable(latencies);
    const before = cpuUs(this.#pid);
    for (const connection of this.#connections.values()) connection.resume();
    const startMs = performance.now();
    while (performance.now() - startMs < sliceMs) {
      this.#poller.wait(waitMs, onReadable);
    }
    for (const connection of this.#connections.values()) connection.pause();
    while ([...this.#connections.values()].some(({ isDone }) => !isDone)) {
      this.#poller.wait(waitMs, onReadable);
      if (performance.now() - startMs > sliceMs + drainMs) {
        throw new Error("a server does not answer");
      }
    }
    return (cpuUs(this.#pid) - before) / latencies.count;
  }
}

if (import.meta.main) {
  const [slices, sliceMs, ...descriptions] = Deno.args;
  const subjects = descriptions.map((each) => new Subject(each));
  const costs: number[][] = subjects.map(() => []);
  for (let slice = 0; slice < Number(slices); slice++) {
    // The order is reversed each time, so that a drift favours none.
    const order = [...subjects.keys()];
    if (slice % 2 > 0) order.reverse();
    for (const at of order) costs[at].push(subjects[at].run(Number(sliceMs)));
  }
  console.log(JSON.stringify(costs satisfies SliceCosts));
}
