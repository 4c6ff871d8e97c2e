/**
 * Properties of packets in MQTT 5.
 *
 * @module
 */
import type { ByteString } from "../../../protocol/bytes.ts";
import { maxProperties } from "../limits.ts";
import type { PacketReader } from "./packet_reader.ts";

/** Where properties are. */
export type PropertyPlace =
  | "connect"
  | "will"
  | "publish"
  | "acknowledge"
  | "subscribe"
  | "unsubscribe"
  | "disconnect";

type PropertyType =
  | "byte"
  | "uint16"
  | "uint32"
  | "variable"
  | "text"
  | "binary"
  | "pair";

interface PropertyRule {
  readonly type: PropertyType;
  readonly places: readonly PropertyPlace[];
}

/** The identifiers that this server looks at. */
export const propertyIds = {
  sessionExpiry: 0x11,
  assignedClientId: 0x12,
  authenticationMethod: 0x15,
  requestProblemInformation: 0x17,
  subscriptionIdentifier: 0x0b,
  reasonString: 0x1f,
  receiveMaximum: 0x21,
  topicAliasMaximum: 0x22,
  topicAlias: 0x23,
  maximumPacketSize: 0x27,
  subscriptionIdentifiersAvailable: 0x29,
  sharedSubscriptionsAvailable: 0x2a,
} as const;

/** All properties that a client may send (MQTT 5, table 2-4). */
const rules: ReadonlyMap<number, PropertyRule> = new Map([
  [0x01, { type: "byte", places: ["publish", "will"] }],
  [0x02, { type: "uint32", places: ["publish", "will"] }],
  [0x03, { type: "text", places: ["publish", "will"] }],
  [0x08, { type: "text", places: ["publish", "will"] }],
  [0x09, { type: "binary", places: ["publish", "will"] }],
  [0x0b, { type: "variable", places: ["publish", "subscribe"] }],
  [0x11, { type: "uint32", places: ["connect", "disconnect"] }],
  [0x15, { type: "text", places: ["connect"] }],
  [0x16, { type: "binary", places: ["connect"] }],
  [0x17, { type: "byte", places: ["connect"] }],
  [0x18, { type: "uint32", places: ["will"] }],
  [0x19, { type: "byte", places: ["connect"] }],
  [0x1f, { type: "text", places: ["acknowledge", "disconnect"] }],
  [0x21, { type: "uint16", places: ["connect"] }],
  [0x22, { type: "uint16", places: ["connect"] }],
  [0x23, { type: "uint16", places: ["publish"] }],
  [0x26, {
    type: "pair",
    places: [
      "connect",
      "will",
      "publish",
      "acknowledge",
      "subscribe",
      "unsubscribe",
      "disconnect",
    ],
  }],
  [0x27, { type: "uint32", places: ["connect"] }],
]);

const userProperty = 0x26;

/** Properties that are 0 or 1. */
const flags: ReadonlySet<number> = new Set([0x01, 0x17, 0x19]);

/** Properties that must not be 0. */
const positive: ReadonlySet<number> = new Set([0x0b, 0x21, 0x27]);

/** The properties of a packet, without those that are of no use here. */
export class Properties {
  readonly #numbers = new Map<number, number>();
  readonly #texts = new Map<number, ByteString>();

  /** The number of a property; undefined if it is not there. */
  numberOf(id: number): number | undefined {
    return this.#numbers.get(id);
  }

  /** The text of a property; undefined if it is not there. */
  textOf(id: number): ByteString | undefined {
    return this.#texts.get(id);
  }

  /** Whether the packet has the property. */
  has(id: number): boolean {
    return this.#numbers.has(id) || this.#texts.has(id);
  }

  setNumber(id: number, value: number): void {
    this.#numbers.set(id, value);
  }

  setText(id: number, value: ByteString): void {
    this.#texts.set(id, value);
  }
}

/** Those of a packet that has none. */
export const noProperties: Properties = new Properties();

/** Reads the properties of a packet, with their length before them. */
export function readProperties(
  reader: PacketReader,
  place: PropertyPlace,
): Properties {
  const length = reader.variableInteger();
  if (length === 0) return noProperties;
  if (length > reader.left) {
    reader.refuse("malformed packet", "the properties end after the packet");
    return noProperties;
  }
  const end = reader.left - length;
  const properties = new Properties();
  for (let count = 0; reader.left > end; count++) {
    if (count === maxProperties) {
      const detail = `a packet has more than ${maxProperties} properties`;
      reader.refuse("quota exceeded", detail);
      return noProperties;
    }
    readProperty(reader, place, properties);
  }
  if (reader.left < end && reader.violation === undefined) {
    reader.refuse("malformed packet", "a property ends after the properties");
  }
  return properties;
}

function readProperty(
  reader: PacketReader,
  place: PropertyPlace,
  properties: Properties,
): void {
  const id = reader.variableInteger();
  const rule = rules.get(id);
  if (rule === undefined) {
    return reader.refuse("malformed packet", `there is no property ${id}`);
  }
  if (!rule.places.includes(place)) {
    const detail = `property ${id} is not allowed here`;
    return reader.refuse("protocol error", detail);
  }
  if (id !== userProperty && properties.has(id)) {
    return reader.refuse("protocol error", `property ${id} is given twice`);
  }
  switch (rule.type) {
    case "text":
      return properties.setText(id, reader.text());
    case "binary":
      // It is not used, but may not be given twice.
      reader.binary();
      return properties.setText(id, "");
    case "pair":
      reader.text();
      reader.text();
      return;
    default: {
      const value = readNumber(reader, rule.type);
      if (flags.has(id) && value > 1 || positive.has(id) && value === 0) {
        const detail = `property ${id} cannot be ${value}`;
        return reader.refuse("protocol error", detail);
      }
      return properties.setNumber(id, value);
    }
  }
}

function readNumber(
  reader: PacketReader,
  type: "byte" | "uint16" | "uint32" | "variable",
): number {
  switch (type) {
    case "byte":
      return reader.byte();
    case "uint16":
      return reader.uint16();
    case "uint32":
      return reader.uint32();
    case "variable":
      return reader.variableInteger();
  }
}
