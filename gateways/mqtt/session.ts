/**
 * The protocol with one MQTT client, without a socket. A session receives
 * packets and writes the answers. Reports and subscriptions are passed on to its
 * host.
 *
 * All sessions are clean ones: nothing is kept of a client that has gone. A
 * client that asks for a kept session is told that there is none.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { decodeConnect, decodePacket } from "./codec/decode.ts";
import type { PacketWriter } from "./codec/encode.ts";
import type {
  ClientPacket,
  ConnectPacket,
  Level,
  PublishPacket,
  RequestedFilter,
  SubscribePacket,
  UnsubscribePacket,
  Will,
} from "./codec/packets.ts";
import { type ReasonName, Violation } from "./codec/reason_codes.ts";
import { isSharedFilter, isTopicFilter } from "./codec/topics.ts";
import { maxClientIdBytes, maxPacketBytes, maxUnreleased } from "./limits.ts";

/** What became of a message. */
export type PublishResult =
  /** It was taken, or is of no use and answered as if it had been. */
  | "taken"
  /** It is no message that the server knows. */
  | "unknown format"
  /** Nobody may publish to the topic. */
  | "other topic"
  /** This client may not report for that ID. */
  | "not permitted";

/** What a session needs of its connection and its server. */
export interface SessionHost {
  /** The answers, which may be sent when the replica has confirmed the reports. */
  readonly output: PacketWriter;
  /** Admits a client, or says why not. Sets the identity of what follows. */
  admit(connect: ConnectPacket): ReasonName;
  /** A client ID that no other client has. */
  makeClientId(): ByteString;
  /** Takes a message. Returns a promise only if it has many reports. */
  publish(
    topic: ByteString,
    payload: ByteString,
  ): PublishResult | Promise<PublishResult>;
  /** Keeps a will, if it can be of any use. */
  keepWill(will: Will): void;
  /** Adds or replaces a subscription; `success`, or why not. */
  subscribe(requested: RequestedFilter): ReasonName;
  /** Removes a subscription; false if there was none. */
  unsubscribe(filter: ByteString): boolean;
}

/** Why the client or the session has ended the connection. */
export interface SessionEnd {
  readonly reason: "client closed" | "not authorized" | "protocol error";
  /** Details for the log; may be empty. */
  readonly detail: string;
  /** Whether the will is to be published. */
  readonly wantsWill: boolean;
}

/** The part of a client's CONNECT that matters later. */
export interface Connected {
  readonly level: Level;
  readonly clientId: ByteString;
  /** The time within which the client sends something, in seconds; 0 for none. */
  readonly keepAlive: number;
  /** The largest packet that the client accepts, in bytes; or `Infinity`. */
  readonly maxPacketBytes: number;
}

/** The reason codes of what became of a message, in MQTT 5. */
const publishReasons: Readonly<Record<PublishResult, ReasonName>> = {
  "taken": "success",
  "unknown format": "payload format invalid",
  "other topic": "topic name invalid",
  "not permitted": "not authorized",
};

/** The session of one client. */
export class MqttSession {
  readonly #host: SessionHost;
  #connected: Connected | undefined;
  /** Messages with QoS 2 that were acknowledged and not released. */
  #unreleased: Set<number> | undefined;

  constructor(host: SessionHost) {
    this.#host = host;
  }

  /** The client's CONNECT; undefined before it was accepted. */
  get connected(): Connected | undefined {
    return this.#connected;
  }

  /**
   * Receives one packet and writes the answers to the host's output.
   *
   * @returns Why the connection ends now; undefined if it goes on. A promise if
   * the packet takes long: the next packet has to wait for it.
   */
  receive(
    header: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): SessionEnd | undefined | Promise<undefined> {
    const connected = this.#connected;
    if (connected === undefined) {
      const packet = decodeConnect(header, bytes, start, end);
      return packet instanceof Violation
        ? this.#refuseConnect(packet)
        : this.#connect(packet);
    }
    const packet = decodePacket(header, bytes, start, end, connected.level);
    return packet instanceof Violation
      ? this.violate(packet)
      : this.#receive(packet, connected.level);
  }

  /** Ends the connection because of a violation of the protocol. */
  violate({ detail, reason }: Violation): SessionEnd {
    if (this.#connected?.level === 5) {
      this.#host.output.disconnect(reason, detail);
    }
    return { reason: "protocol error", detail, wantsWill: true };
  }

  #receive(
    packet: ClientPacket,
    level: Level,
  ): SessionEnd | undefined | Promise<undefined> {
    switch (packet.type) {
      case "publish":
        return this.#publish(packet, level);
      case "pubrel": {
        const isKnown = this.#unreleased?.delete(packet.packetId) ?? false;
        const reason = isKnown ? "success" : "packet identifier not found";
        this.#host.output.acknowledge(
          "pubcomp",
          level,
          packet.packetId,
          reason,
        );
        return undefined;
      }
      case "subscribe":
        return this.#subscribe(packet, level);
      case "unsubscribe":
        return this.#unsubscribe(packet, level);
      case "pingreq":
        this.#host.output.pingresp();
        return undefined;
      case "disconnect":
        return {
          reason: "client closed",
          detail: "",
          wantsWill: packet.wantsWill,
        };
      default:
        // The server's messages have QoS 0: there is nothing to acknowledge.
        return undefined;
    }
  }

  #refuseConnect(violation: Violation): SessionEnd {
    // The client's own version is not known: this form is the oldest.
    this.#host.output.connack(4, violation.reason);
    return {
      reason: "protocol error",
      detail: violation.detail,
      wantsWill: false,
    };
  }

  #connect(
    connect: ConnectPacket,
  ): SessionEnd | undefined {
    const { keepAlive, level, sessionExpiry } = connect;
    const reason = this.#faultOf(connect) ?? this.#host.admit(connect);
    if (reason !== "success") {
      this.#host.output.connack(level, reason);
      const isOfToken = reason === "not authorized" ||
        reason === "bad user name or password";
      return {
        reason: isOfToken ? "not authorized" : "protocol error",
        detail: reason,
        wantsWill: false,
      };
    }
    const isUnnamed = connect.clientId === "";
    const clientId = isUnnamed ? this.#host.makeClientId() : connect.clientId;
    this.#connected = {
      level,
      clientId,
      keepAlive,
      maxPacketBytes: connect.maxPacketBytes,
    };
    if (connect.will !== undefined) this.#host.keepWill(connect.will);
    this.#host.output.connack(level, "success", {
      sessionExpiry: sessionExpiry > 0 ? 0 : undefined,
      assignedClientId: isUnnamed ? clientId : undefined,
      receiveMaximum: maxUnreleased,
      maximumPacketSize: maxPacketBytes,
      subscriptionIdentifiersAvailable: 0,
      sharedSubscriptionsAvailable: 0,
    });
    return undefined;
  }

  /** Why a CONNECT is not accepted, whoever sends it. */
  #faultOf(
    { clientId, isClean, level, method }: ConnectPacket,
  ): ReasonName | undefined {
    // A client without an ID of its own cannot find a kept session again.
    const needsId = level === 3 || level === 4 && !isClean;
    if (clientId === "" && needsId || clientId.length > maxClientIdBytes) {
      return "client identifier not valid";
    }
    return method === undefined ? undefined : "bad authentication method";
  }

  #publish(
    packet: PublishPacket,
    level: Level,
  ): SessionEnd | undefined | Promise<undefined> {
    const { packetId, payload, qos, topic } = packet;
    if (qos === 2) {
      // Sent again because its PUBREC was not received: taken once.
      if (this.#unreleased?.has(packetId)) {
        this.#host.output.acknowledge("pubrec", level, packetId);
        return undefined;
      }
      if ((this.#unreleased?.size ?? 0) >= maxUnreleased) {
        const detail =
          `more than ${maxUnreleased} messages with QoS 2 are not released`;
        return this.violate(
          new Violation("receive maximum exceeded", detail),
        );
      }
    }
    const result = this.#host.publish(topic, payload);
    if (typeof result === "string") {
      this.#acknowledge(packet, level, result);
      return undefined;
    }
    return result.then((later) => {
      this.#acknowledge(packet, level, later);
      return undefined;
    });
  }

  /**
   * Acknowledges a message. Before MQTT 5 there is no way to refuse one: a
   * client whose connection is closed would send it again for ever.
   */
  #acknowledge(
    { packetId, qos }: PublishPacket,
    level: Level,
    result: PublishResult,
  ): void {
    if (qos === 0) return;
    const reason = publishReasons[result];
    if (qos === 1) {
      return this.#host.output.acknowledge("puback", level, packetId, reason);
    }
    this.#host.output.acknowledge("pubrec", level, packetId, reason);
    // A refused message is not released (MQTT 5, 4.3.3).
    if (level < 5 || reason === "success") {
      (this.#unreleased ??= new Set()).add(packetId);
    }
  }

  #subscribe(
    { filters, packetId }: SubscribePacket,
    level: Level,
  ): undefined {
    const results = filters.map((requested) => {
      const { filter, qos } = requested;
      const reason = !isTopicFilter(filter)
        ? "topic filter invalid"
        : isSharedFilter(filter)
        ? "shared subscriptions not supported"
        : this.#host.subscribe(requested);
      return reason === "success" ? qos : reason;
    });
    this.#host.output.suback(level, packetId, results);
  }

  #unsubscribe(
    { filters, packetId }: UnsubscribePacket,
    level: Level,
  ): undefined {
    const results = filters.map((filter) =>
      this.#host.unsubscribe(filter)
        ? "success" as const
        : "no subscription existed" as const
    );
    this.#host.output.unsuback(level, packetId, results);
  }
}
