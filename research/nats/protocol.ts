/**
 * How clients and observers speak with NATS.
 *
 * @module
 */
import {
  position,
  type Protocol,
  updateTime,
} from "../../bench/propagation/protocol.ts";
import { portsOf } from "../../bench/servers.ts";

const connect = `CONNECT {"verbose":false,"pedantic":false}\r\n`;

const subscribe = `${connect}SUB updates.probe 1\r\n`;

/**
 * A client publishes AT lines, which are what the servers of a herd send each
 * other. NATS sends a message only where there is a subscriber. So all five
 * servers have subscribers to the load and to the probes, as every server of a
 * herd receives every report. The observers subscribe to the probes only.
 */
export const natsProtocol: Protocol = {
  portOf: ({ server }, basePort) => portsOf(server, basePort).client,
  observe: () => `${subscribe}PING\r\n`,
  admitted: "\r\nPONG\r\n",
  heartbeat: "PING\r\n",
  subscribe,
  greeting: connect,
  loadGreeting: "SUB updates.load 1\r\n",
  update(kind, server, client) {
    const report =
      `AT ${server} +0.000263874 ${client} ${position} ${updateTime()}`;
    return `PUB updates.${kind} ${report.length}\r\n${report}\r\n`;
  },
  // A heading and the message, from each of the five servers.
  linesAnUpdate: 10,
};
