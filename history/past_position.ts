/**
 * A recorded position, with its parts.
 *
 * @module
 */
import { type Attributes, parseAttributes } from "../protocol/attributes.ts";
import type { ByteString } from "../protocol/bytes.ts";
import { effectiveAtOf } from "../protocol/order.ts";
import {
  attributesOf,
  fieldsOf,
  lineOf,
  positionOf,
} from "../protocol/report.ts";
import type { Timestamp } from "../protocol/time.ts";

/** One position of a client. */
export interface PastPosition {
  /** The AT line. */
  readonly line: ByteString;
  /** The server that heard it. */
  readonly server: ByteString;
  /** That server's clock minus the client's, in seconds. */
  readonly difference: ByteString;
  readonly client: ByteString;
  /** Degrees in the digits of the line, each with its sign. */
  readonly latitude: ByteString;
  readonly longitude: ByteString;
  /** POSIX seconds by the client's clock, in the digits of the line. */
  readonly time: ByteString;
  /** When it counts: the earlier of its time and when it was heard. */
  readonly effective: Timestamp;
  /** What the device said besides, as one field; empty if there is nothing. */
  readonly attributes: ByteString;
}

/** The parts of a valid record. */
export function readPastPosition(record: ByteString): PastPosition {
  const attributes = attributesOf(record);
  const line = lineOf(record);
  const [server, difference, client, , time] = fieldsOf(line);
  return {
    line,
    server,
    difference,
    client,
    ...positionOf(line),
    time,
    effective: effectiveAtOf(record),
    attributes,
  };
}

/** The attributes of a valid record by their keys. */
export function attributeMap({ attributes }: PastPosition): Attributes {
  return parseAttributes(attributes) ?? new Map();
}
