/**
 * Who is where when propagation is measured, the same for a herd and for its
 * rival: five servers, one who publishes, and two who observe.
 *
 * @module
 */

/** The servers of the default herd, in the order of their ports. */
export const serverNames: readonly string[] = [
  "Hill",
  "Jaquez",
  "Smith",
  "Campbell",
  "Singleton",
];

/** The server that is told of what is then observed at others. */
export const origin = "Hill";

/** Someone who is told by one server what that one learns. */
export interface Place {
  readonly hops: "one hop" | "two hops";
  /** The server that tells it. */
  readonly server: string;
  /** Its own name, where it needs one. */
  readonly observer: string;
}

/** There is one way of two links from Hill to Campbell, and none is shorter. */
export const places: readonly Place[] = [
  { hops: "one hop", server: "Smith", observer: "ObserverOfSmith" },
  { hops: "two hops", server: "Campbell", observer: "ObserverOfCampbell" },
];

/** Which ports a server has, given the first of its system. */
export function portsOf(
  server: string,
  basePort: number,
): { readonly client: number; readonly peer: number } {
  const client = basePort + serverNames.indexOf(server);
  return { client, peer: client + 100 };
}
