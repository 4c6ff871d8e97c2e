/**
 * What the gateways of one server share.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { HistoryReader } from "../replica/history.ts";
import type { Replica } from "../replica/replica.ts";
import type { EmitEvent } from "../runtime/events.ts";
import type { FairSemaphore } from "../runtime/semaphore.ts";
import type { TrafficLog } from "../runtime/transport.ts";
import type { ConnectionContext } from "../sessions/client_connection.ts";
import type {
  ConnectionKind,
  DatagramService,
} from "../sessions/served_connection.ts";
import type { SessionReplica } from "../sessions/session.ts";
import type { GatewayAccess } from "./access.ts";
import type { Intake } from "./intake.ts";

/** What a server has recorded. */
export interface GatewayHistory {
  /** The server's name. */
  readonly server: string;
  readonly reader: HistoryReader;
  /**
   * The permits of reads. Queries for places have others: they must not wait for
   * a slow history.
   */
  readonly permits: FairSemaphore;
}

/** What gateways need from their server. */
export interface GatewayServices extends ConnectionContext {
  readonly replica:
    & SessionReplica
    & Pick<Replica, "findRecord" | "observe" | "select">;
  /** Undefined if it records nothing. */
  readonly history?: GatewayHistory | undefined;
  readonly emit: EmitEvent;
  readonly trafficLogFor: (connection: string) => TrafficLog;
  /** The next name of a kind of connections in the log. */
  readonly nextName: (prefix: string) => string;
}

/** What the gateways of one server share. */
export interface GatewayContext {
  readonly services: GatewayServices;
  readonly intake: Intake;
  readonly access: GatewayAccess;
  /**
   * The IDs of the addresses that may report by NMEA; undefined without
   * `--open-nmea`.
   */
  readonly nmeaSenders: NmeaSenders | undefined;
}

/** The clients of the addresses that `--open-nmea` lists. May change. */
export interface NmeaSenders {
  /** The client of an IP address; undefined if it is not listed. */
  get(address: string): ByteString | undefined;
}

/** What serves a kind of port. */
export interface DeviceKind extends ConnectionKind {
  /** Takes the datagrams of its UDP port, if it has one. */
  readonly datagrams?: DatagramService;
}
