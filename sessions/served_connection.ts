/**
 * The connections that a listener of clients serves, whatever they speak: lines
 * of the client port, or the protocols of gateways.
 *
 * @module
 */
import type { ReportSource } from "../replica/report_source.ts";
import type { TrafficLog, Transport } from "../runtime/transport.ts";
import type { ReceivedBytes } from "./received_bytes.ts";

/** Why a client's connection ended, as in the log. */
export type ConnectionEnd =
  /** The client ended its side, and all replies were written. */
  | "client closed"
  /** The connection failed, or the client closed it before the last reply. */
  | "connection lost"
  /** The client sent a line over the limit. */
  | "line too long"
  /** The first line was an HTTP request line: a web page may have sent it. */
  | "HTTP request"
  /** The client's certificate is not listed in the identities file. */
  | "certificate not listed"
  /** The client's identity has ended. */
  | "identity ended"
  /** All clients had too long unfinished lines, and this one a very long one. */
  | "unfinished line"
  /** The client read no replies for too long, or left too many unread. */
  | "slow consumer"
  /** The client sent nothing for too long. */
  | "idle"
  /** Another client needed room, and this one was idle longest. */
  | "idle longest"
  /** The client did not use TLS, or its handshake failed. */
  | "encryption failed"
  /** The replica could not confirm a report, or answer a query. */
  | "replica failed"
  /** The server is stopping. */
  | "stopping"
  /** A gateway: the answer was the last one by the rules of the protocol. */
  | "answered"
  /** A gateway: the client's bytes are not its protocol. */
  | "protocol error"
  /** A gateway: the client began a message and did not end it in time. */
  | "too slow"
  /** A gateway: the client's credentials are not valid, or not any more. */
  | "not authorized"
  /** MQTT: the client sent nothing for longer than it said it would. */
  | "keep-alive"
  /** MQTT: another connection has the same client ID. */
  | "taken over";

/** One connection, as its listener sees it. */
export interface ServedConnection {
  /** The client's address, if connections are limited by address. */
  readonly addressKey: string | undefined;
  /** Bytes of replies that have not been written to the client yet. */
  readonly replyBytes: number;
  /**
   * For how long nothing was received or sent, in milliseconds; 0 while a reply
   * is due. A connection that is idle for long ends where others need room.
   */
  readonly idleMs: number;
  /** The memory of a line or a message that has not ended yet, in bytes. */
  readonly unfinishedBytes: number;
  /** Details of the reason for the end, for the log; may be empty. */
  readonly detail: string;
  /** Serves the client. Resolves with the reason at its end; never rejects. */
  run(): Promise<ConnectionEnd>;
  /** Answers what was received, accepts no more, and ends soon. */
  stop(): void | Promise<void>;
  /** Is called every `heartbeatMs`. */
  onHeartbeat(): void;
  /** Ends the connection if its identity has ended. */
  checkIdentity?(): void;
  /** Ends the connection if it has a certificate. */
  endCertificate?(detail: string): void;
  /** Ends the connection at once. */
  abort(end: ConnectionEnd, detail: string): void;
}

/** An accepted connection, and what the listener gives it. */
export interface Opening {
  readonly transport: Transport;
  /** The other side's IP address. */
  readonly address: string;
  /** Its name in the log, such as `client/1`. */
  readonly name: string;
  readonly traffic: TrafficLog;
  /** The source that its reports are charged to. */
  readonly source: ReportSource;
  /** Counts the received bytes that all connections hold. */
  readonly receivedBytes: ReceivedBytes;
  /** The next name of a kind, if the connection goes on as another one. */
  readonly nextName: (prefix: string) => string;
}

/** A kind of connections of clients. */
export interface ConnectionKind {
  /** Begins the names of its connections in the log: `client`, `http`. */
  readonly prefix: string;
  create(opening: Opening): ServedConnection;
}

/** What takes the datagrams of a port. */
export interface DatagramService {
  /**
   * Takes a datagram, or drops it at once. Nothing is answered.
   *
   * @param datagram Is not kept.
   * @param address The sender's IP address.
   * @param port The sender's port.
   */
  receive(datagram: Uint8Array, address: string, port: number): void;
  /** Accepts no more. Resolves when what was received is taken. */
  stop(): Promise<void>;
}
