/**
 * The NMEA gateway, as a kind of port: connections and datagrams.
 *
 * @module
 */
import type { DeviceKind, GatewayContext } from "../gateway_context.ts";
import { NmeaConnection } from "./nmea_connection.ts";
import { NmeaDatagrams } from "./nmea_datagrams.ts";

/** Creates what serves a port of NMEA. */
export function createNmeaKind(context: GatewayContext): DeviceKind {
  return {
    prefix: "nmea",
    create: (opening) => new NmeaConnection(context, opening),
    datagrams: new NmeaDatagrams(context),
  };
}
