/**
 * What is said to a herd and to NATS, as text: sockets, loads and clocks are
 * the same for both, and no library stands between.
 *
 * @module
 */
import { formatHello, formatProofs } from "../../peers/links/handshake.ts";
import { createNonce } from "../../runtime/identity.ts";
import { type Place, portsOf } from "./shape.ts";

/** A system whose propagation is measured. */
export type Subject = "herd" | "nats";

/** One system's words. */
export interface Language {
  /** Where an observer connects. */
  readonly portOf: (place: Place, basePort: number) => number;
  /** What an observer says first. */
  readonly observe: (place: Place) => string;
  /** What an observer reads when it will be told of all from then on. */
  readonly admitted: string;
  /** What an observer says each second, so as not to be taken for dead. */
  readonly alive: string;
  /**
   * What someone says who has every server told of the probes, also where
   * nobody observes; empty if all are told in any case.
   */
  readonly attend: string;
  /** What a client says first. */
  readonly client: string;
  /** What a client says next that makes a load. */
  readonly load: string;
  /** A client's update to a server: of a load, or a probe. */
  readonly update: (
    kind: "load" | "probe",
    server: string,
    client: string,
  ) => string;
  /**
   * How many lines those who make the load read for each update of it, all
   * together.
   */
  readonly linesAnUpdate: number;
}

const position = "+34.068930-118.445127";

/** The time of an update: of two about a client, the later one is newer. */
function timeNow(): string {
  const nowMs = performance.timeOrigin + performance.now();
  return (nowMs / 1000).toFixed(6);
}

/**
 * An observer is a neighbour that says nothing. The reports of the load reach
 * it too: a herd has no subjects.
 */
const herd: Language = {
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
  alive: "PING\n",
  attend: "",
  client: "",
  load: "",
  update: (_kind, _server, client) =>
    `IAMAT ${client} ${position} ${timeNow()}\n`,
  linesAnUpdate: 1,
};

const connect = `CONNECT {"verbose":false,"pedantic":false}\r\n`;

const attendProbes = `${connect}SUB updates.probe 1\r\n`;

/**
 * What is published is an AT line: that is what goes from server to server in a
 * herd. As NATS passes on only what somebody wants, and in a herd every server
 * learns everything, there are subscribers at all five servers, both to the load
 * and to the probes.
 */
const nats: Language = {
  portOf: ({ server }, basePort) => portsOf(server, basePort).client,
  observe: () => `${attendProbes}PING\r\n`,
  admitted: "\r\nPONG\r\n",
  alive: "PING\r\n",
  attend: attendProbes,
  client: connect,
  load: "SUB updates.load 1\r\n",
  update(kind, server, client) {
    const report =
      `AT ${server} +0.000263874 ${client} ${position} ${timeNow()}`;
    return `PUB updates.${kind} ${report.length}\r\n${report}\r\n`;
  },
  // A heading and the message itself, from each of the five.
  linesAnUpdate: 10,
};

export const languages: Readonly<Record<Subject, Language>> = { herd, nats };
