/**
 * Reads the packets of clients.
 *
 * @module
 */
import type { ByteString } from "../../../protocol/bytes.ts";
import { maxFilters } from "../limits.ts";
import { PacketReader } from "./packet_reader.ts";
import {
  type AcknowledgePacket,
  type ClientPacket,
  type ConnectPacket,
  type DisconnectPacket,
  type Level,
  packetTypes,
  type PublishPacket,
  type Qos,
  type RequestedFilter,
  type SubscribePacket,
  type UnsubscribePacket,
  type Will,
} from "./packets.ts";
import {
  noProperties,
  type Properties,
  propertyIds,
  type PropertyPlace,
  readProperties,
} from "./properties.ts";
import { Violation } from "./reason_codes.ts";
import { isTopicName } from "./topics.ts";

// All packets are read with this object.
const reader = new PacketReader();

/** The packet that `read` makes of the fields, unless they are wrong. */
function finish<Packet>(packet: Packet): Packet | Violation {
  if (reader.violation === undefined && reader.left > 0) {
    reader.refuse("malformed packet", "a packet has bytes after its end");
  }
  return reader.violation ?? packet;
}

function properties(level: Level, place: PropertyPlace): Properties {
  return level === 5 ? readProperties(reader, place) : noProperties;
}

/** Reads a CONNECT, which must be the first packet. */
export function decodeConnect(
  header: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): ConnectPacket | Violation {
  if (header >> 4 !== packetTypes.connect) {
    return new Violation("protocol error", "the first packet is no CONNECT");
  }
  if ((header & 0x0f) !== 0) return reservedFlags("CONNECT");
  reader.reset(bytes, start, end);
  const level = readLevel();
  if (level instanceof Violation) return level;
  const flags = reader.byte();
  if ((flags & 0x01) !== 0) return reservedFlags("CONNECT");
  const keepAlive = reader.uint16();
  const found = properties(level, "connect");
  const clientId = reader.text();
  const will = (flags & 0x04) === 0 ? undefined : readWill(level);
  checkWillFlags(flags);
  const hasUserName = (flags & 0x80) !== 0;
  const hasPassword = (flags & 0x40) !== 0;
  if (hasPassword && !hasUserName && level < 5) {
    reader.refuse("malformed packet", "a password comes without a user name");
  }
  const userName = hasUserName ? reader.text() : undefined;
  const password = hasPassword ? reader.binary() : undefined;
  return finish({
    type: "connect",
    level,
    clientId,
    isClean: (flags & 0x02) !== 0,
    keepAlive,
    will,
    userName,
    password,
    sessionExpiry: found.numberOf(propertyIds.sessionExpiry) ?? 0,
    maxPacketBytes: found.numberOf(propertyIds.maximumPacketSize) ?? Infinity,
    wantsReasons: found.numberOf(propertyIds.requestProblemInformation) !== 0,
    method: found.textOf(propertyIds.authenticationMethod),
  });
}

/** The level of a CONNECT, by its name and number. */
function readLevel(): Level | Violation {
  const name = reader.text();
  const number = reader.byte();
  if (reader.violation !== undefined) return reader.violation;
  // The highest bit marks a bridge between brokers, in no standard.
  const level = number & 0x7f;
  if (name === "MQIsdp" && level === 3) return 3;
  if (name === "MQTT" && (level === 4 || level === 5)) return level;
  const isMqtt = name === "MQIsdp" || name === "MQTT";
  return isMqtt
    ? new Violation("unsupported protocol version", `protocol level ${number}`)
    : new Violation("protocol error", "the protocol is not MQTT");
}

function readWill(level: Level): Will {
  properties(level, "will");
  const topic = reader.text();
  const payload = reader.binary();
  if (!isTopicName(topic)) {
    reader.refuse("topic name invalid", "the will has no valid topic");
  }
  return { topic, payload };
}

function checkWillFlags(flags: number): void {
  const hasWill = (flags & 0x04) !== 0;
  const qos = flags >> 3 & 0x03;
  if (qos === 3) reader.refuse("malformed packet", "the will has QoS 3");
  if (!hasWill && (flags & 0x38) !== 0) {
    reader.refuse("malformed packet", "will flags are set without a will");
  }
}

function reservedFlags(packet: string): Violation {
  return new Violation(
    "malformed packet",
    `the reserved flags of a ${packet} are wrong`,
  );
}

/**
 * Reads a packet after CONNECT.
 */
export function decodePacket(
  header: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  level: Level,
): ClientPacket | Violation {
  reader.reset(bytes, start, end);
  const flags = header & 0x0f;
  switch (header >> 4) {
    case packetTypes.publish:
      return readPublish(flags, level);
    case packetTypes.puback:
      return readAcknowledge("puback", flags, level);
    case packetTypes.pubrec:
      return readAcknowledge("pubrec", flags, level);
    case packetTypes.pubrel:
      return readAcknowledge("pubrel", flags, level);
    case packetTypes.pubcomp:
      return readAcknowledge("pubcomp", flags, level);
    case packetTypes.subscribe:
      return readSubscribe(flags, level);
    case packetTypes.unsubscribe:
      return readUnsubscribe(flags, level);
    case packetTypes.pingreq:
      if (flags !== 0) return reservedFlags("PINGREQ");
      return finish({ type: "pingreq" });
    case packetTypes.disconnect:
      return readDisconnect(flags, level);
    case packetTypes.connect:
      return new Violation("protocol error", "a second CONNECT");
    case packetTypes.auth:
      return new Violation("protocol error", "an AUTH without a method");
    default:
      return new Violation("protocol error", "a packet that only servers send");
  }
}

function readPublish(
  flags: number,
  level: Level,
): PublishPacket | Violation {
  const qos = flags >> 1 & 0x03;
  if (qos === 3) {
    return new Violation("malformed packet", "a message has QoS 3");
  }
  const topic = reader.text();
  const packetId = qos === 0 ? 0 : reader.packetId();
  if (level === 5) {
    const found = readProperties(reader, "publish");
    if (found.has(propertyIds.topicAlias)) {
      reader.refuse("topic alias invalid", "topic aliases are not accepted");
    }
    if (found.has(propertyIds.subscriptionIdentifier)) {
      reader.refuse(
        "protocol error",
        "a client must not send a subscription identifier",
      );
    }
  }
  if (!isTopicName(topic)) {
    reader.refuse("topic name invalid", "a topic is empty or has a wildcard");
  }
  const payload = reader.rest();
  if (reader.violation !== undefined) return reader.violation;
  return {
    type: "publish",
    qos: qos as Qos,
    isDuplicate: (flags & 0x08) !== 0,
    topic,
    packetId,
    payload,
  };
}

function readAcknowledge(
  type: AcknowledgePacket["type"],
  flags: number,
  level: Level,
): AcknowledgePacket | Violation {
  // Only PUBREL has a flag, and MQTT 3.1 may set others.
  if (flags !== (type === "pubrel" ? 2 : 0) && level > 3) {
    return reservedFlags(type.toUpperCase());
  }
  const packetId = reader.packetId();
  if (level === 5 && reader.left > 0) reader.byte();
  if (level === 5 && reader.left > 0) readProperties(reader, "acknowledge");
  return finish({ type, packetId });
}

function readSubscribe(
  flags: number,
  level: Level,
): SubscribePacket | Violation {
  if (flags !== 2 && level > 3) return reservedFlags("SUBSCRIBE");
  const packetId = reader.packetId();
  const found = properties(level, "subscribe");
  if (found.has(propertyIds.subscriptionIdentifier)) {
    reader.refuse(
      "subscription identifiers not supported",
      "subscription identifiers are not accepted",
    );
  }
  const filters: RequestedFilter[] = [];
  do {
    const filter = reader.text();
    const options = reader.byte();
    filters.push({ filter, ...readOptions(options, level) });
  } while (goesOn(filters.length));
  return finish({ type: "subscribe", packetId, filters });
}

function readOptions(
  options: number,
  level: Level,
): Omit<RequestedFilter, "filter"> {
  const qos = options & 0x03;
  if (qos === 3) reader.refuse("malformed packet", "a filter has QoS 3");
  const retainHandling = options >> 4 & 0x03;
  const reserved = level === 5 ? options & 0xc0 : options & 0xfc;
  if (reserved !== 0 && level > 3) {
    reader.refuse("malformed packet", "reserved options of a filter are set");
  }
  if (level < 5) return { qos: qos as Qos, noLocal: false, newest: "always" };
  if (retainHandling === 3) {
    reader.refuse("protocol error", "a filter has retain handling 3");
  }
  const newest = (["always", "if new", "never"] as const)[retainHandling];
  return { qos: qos as Qos, noLocal: (options & 0x04) !== 0, newest };
}

function readUnsubscribe(
  flags: number,
  level: Level,
): UnsubscribePacket | Violation {
  if (flags !== 2 && level > 3) return reservedFlags("UNSUBSCRIBE");
  const packetId = reader.packetId();
  properties(level, "unsubscribe");
  const filters: ByteString[] = [];
  do filters.push(reader.text()); while (goesOn(filters.length));
  return finish({ type: "unsubscribe", packetId, filters });
}

/** Whether a packet has another filter after so many. */
function goesOn(filters: number): boolean {
  if (reader.left === 0 || filters < maxFilters) return reader.left > 0;
  const detail = `a packet has more than ${maxFilters} filters`;
  reader.refuse("quota exceeded", detail);
  return false;
}

function readDisconnect(
  flags: number,
  level: Level,
): DisconnectPacket | Violation {
  if (flags !== 0 && level > 3) return reservedFlags("DISCONNECT");
  const reason = level === 5 && reader.left > 0 ? reader.byte() : 0;
  if (level === 5 && reader.left > 0) {
    const found = readProperties(reader, "disconnect");
    if ((found.numberOf(propertyIds.sessionExpiry) ?? 0) > 0) {
      reader.refuse(
        "protocol error",
        "the session expires with the connection",
      );
    }
  }
  return finish({ type: "disconnect", wantsWill: reason !== 0 });
}
