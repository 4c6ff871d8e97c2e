/**
 * Sends updates about many clients, about all of them in turn and then again: a
 * program that prints `filled` when all are answered.
 *
 *     fill.ts LANGUAGE CLIENTS TIMES PORT
 *
 * @module
 */
import { Latencies } from "./latencies.ts";
import { LoadConnection } from "./load.ts";
import type { Language } from "./requests.ts";
import { type Descriptor, Poller } from "./system.ts";

/** A client's number has five digits. */
const clientsAConnection = 100_000;

/** Requests in flight on each connection. */
const depth = 256;

if (import.meta.main) {
  const [language, ...rest] = Deno.args;
  const [clients, times, port] = rest.map(Number);
  using poller = new Poller();
  const connections = new Map<Descriptor, LoadConnection>();
  for (let left = clients; left > 0; left -= clientsAConnection) {
    const own = Math.min(left, clientsAConnection);
    const connection = new LoadConnection(
      port,
      language as Language,
      connections.size,
      depth,
      own,
      own * times,
    );
    connections.set(connection.descriptor, connection);
    poller.add(connection.descriptor);
  }
  const latencies = new Latencies();
  const all = [...connections.values()];
  for (const connection of all) connection.start();
  while (!all.every(({ isDone }) => isDone)) {
    poller.wait(
      -1,
      (descriptor) => connections.get(descriptor)!.onReadable(latencies),
    );
  }
  console.log("filled");
}
