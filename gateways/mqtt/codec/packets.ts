/**
 * The packets of MQTT that a client sends, as the decoder gives them.
 *
 * @module
 */
import type { ByteString } from "../../../protocol/bytes.ts";

/** The protocol level: 3 is MQTT 3.1, 4 is 3.1.1, 5 is 5. */
export type Level = 3 | 4 | 5;

/** Quality of service: how often a message may arrive. */
export type Qos = 0 | 1 | 2;

/** The types of packets, as in their first four bits. */
export const packetTypes = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
  auth: 15,
} as const;

/** A message that the server publishes when the client has vanished. */
export interface Will {
  readonly topic: ByteString;
  readonly payload: ByteString;
}

/** The first packet of a client. */
export interface ConnectPacket {
  readonly type: "connect";
  readonly level: Level;
  readonly clientId: ByteString;
  /** Whether the client asks for a new session. */
  readonly isClean: boolean;
  /** Seconds; 0 for no limit. */
  readonly keepAlive: number;
  readonly will: Will | undefined;
  readonly userName: ByteString | undefined;
  readonly password: ByteString | undefined;
  /** The property of MQTT 5, in seconds: for how long a session is kept. */
  readonly sessionExpiry: number;
  /** The largest packet that the client accepts, in bytes; or `Infinity`. */
  readonly maxPacketBytes: number;
  /** Whether packets may say in words what was wrong. */
  readonly wantsReasons: boolean;
  /** The authentication method of MQTT 5, which this server does not have. */
  readonly method: ByteString | undefined;
}

/** A message. */
export interface PublishPacket {
  readonly type: "publish";
  readonly qos: Qos;
  readonly isDuplicate: boolean;
  readonly topic: ByteString;
  /** 0 with QoS 0. */
  readonly packetId: number;
  readonly payload: ByteString;
}

/** What a client acknowledges. Only PUBREL matters here. */
export interface AcknowledgePacket {
  readonly type: "puback" | "pubrec" | "pubrel" | "pubcomp";
  readonly packetId: number;
}

/** One filter of a SUBSCRIBE, with its options. */
export interface RequestedFilter {
  readonly filter: ByteString;
  readonly qos: Qos;
  /** Whether the client does not want what it has published itself. */
  readonly noLocal: boolean;
  /** When the newest messages are sent: always, for a new filter, or never. */
  readonly newest: "always" | "if new" | "never";
}

/** A request for messages. */
export interface SubscribePacket {
  readonly type: "subscribe";
  readonly packetId: number;
  readonly filters: readonly RequestedFilter[];
}

/** The end of such requests. */
export interface UnsubscribePacket {
  readonly type: "unsubscribe";
  readonly packetId: number;
  readonly filters: readonly ByteString[];
}

/** A sign of life. */
export interface PingPacket {
  readonly type: "pingreq";
}

/** The client ends the session. */
export interface DisconnectPacket {
  readonly type: "disconnect";
  /** Whether the will is to be published all the same. */
  readonly wantsWill: boolean;
}

/** A packet that follows CONNECT. */
export type ClientPacket =
  | PublishPacket
  | AcknowledgePacket
  | SubscribePacket
  | UnsubscribePacket
  | PingPacket
  | DisconnectPacket;
