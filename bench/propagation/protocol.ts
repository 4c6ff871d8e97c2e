/**
 * The bytes that clients and observers exchange with the measured servers, as
 * text. They are written without a client library, so that sockets, loads and
 * clocks are the same for the herd and for other servers.
 *
 * @module
 */
import { formatHello, formatProofs } from "../../peers/links/handshake.ts";
import { createNonce } from "../../runtime/identity.ts";
import { portsOf } from "../servers.ts";

/** The server that receives the probes. */
export const origin = "Hill";

/** An observer, and the server that it is connected to. */
export interface Place {
  readonly hops: "one hop" | "two hops";
  readonly server: string;
  /** The observer's own name. */
  readonly observer: string;
}

/** The only path of two links from Hill to Campbell goes through Smith. */
export const places: readonly Place[] = [
  { hops: "one hop", server: "Smith", observer: "ObserverOfSmith" },
  { hops: "two hops", server: "Campbell", observer: "ObserverOfCampbell" },
];

/** How clients and observers speak with one kind of server. */
export interface Protocol {
  /** The port that an observer connects to. */
  readonly portOf: (place: Place, basePort: number) => number;
  /** What an observer sends first. */
  readonly observe: (place: Place) => string;
  /** What an observer receives before the first update. */
  readonly admitted: string;
  /** What an observer sends every second. */
  readonly heartbeat: string;
  /** What subscribes to probes at servers without an observer, if needed. */
  readonly subscribe: string;
  /** What a client sends first. */
  readonly greeting: string;
  /** What a client that makes the load sends next. */
  readonly loadGreeting: string;
  /** A client's update: of the load, or a probe. */
  readonly update: (
    kind: "load" | "probe",
    server: string,
    client: string,
  ) => string;
  /** How many lines the clients of all servers receive for each update. */
  readonly linesAnUpdate: number;
}

/** The position of all updates. */
export const position = "+34.068930-118.445127";

/** The time of an update. A later update is newer. */
export function updateTime(): string {
  const nowMs = performance.timeOrigin + performance.now();
  return (nowMs / 1000).toFixed(6);
}

/**
 * The herd's. An observer is a neighbour that sends no reports. It receives all
 * reports, also those of the load.
 */
export const herdProtocol: Protocol = {
  portOf: ({ server }, basePort) => portsOf(server, basePort).peer,
  observe({ observer, server }) {
    const hello = formatHello({
      from: observer,
      to: server,
      incarnation: crypto.randomUUID(),
      nonce: createNonce(),
    });
    return `${hello}\n${formatProofs([])}\n`;
  },
  admitted: `\n${formatProofs([])}\n`,
  heartbeat: "PING\n",
  subscribe: "",
  greeting: "",
  loadGreeting: "",
  update: (_kind, _server, client) =>
    `IAMAT ${client} ${position} ${updateTime()}\n`,
  linesAnUpdate: 1,
};
