/**
 * Reason codes of MQTT 5, and the return codes of CONNACK before it.
 *
 * @module
 */

/** The reason codes that this server sends, by their names in the standard. */
export const reasonCodes = {
  "success": 0x00,
  "no subscription existed": 0x11,
  "unspecified error": 0x80,
  "malformed packet": 0x81,
  "protocol error": 0x82,
  "unsupported protocol version": 0x84,
  "client identifier not valid": 0x85,
  "bad user name or password": 0x86,
  "not authorized": 0x87,
  "server unavailable": 0x88,
  "server shutting down": 0x8b,
  "bad authentication method": 0x8c,
  "keep alive timeout": 0x8d,
  "session taken over": 0x8e,
  "topic filter invalid": 0x8f,
  "topic name invalid": 0x90,
  "packet identifier not found": 0x92,
  "receive maximum exceeded": 0x93,
  "topic alias invalid": 0x94,
  "packet too large": 0x95,
  "quota exceeded": 0x97,
  "payload format invalid": 0x99,
  "shared subscriptions not supported": 0x9e,
  "subscription identifiers not supported": 0xa1,
} as const;

/** A reason code, by its name. */
export type ReasonName = keyof typeof reasonCodes;

/** A violation of the protocol. It ends the connection. */
export class Violation {
  readonly reason: ReasonName;
  /** What was wrong, in a few words, for the log and the client. */
  readonly detail: string;

  constructor(reason: ReasonName, detail: string) {
    this.reason = reason;
    this.detail = detail;
  }
}

/**
 * The return code of CONNACK in MQTT 3.1 and 3.1.1 for a reason; undefined if
 * they have none. Then the connection is closed without a CONNACK.
 */
export function returnCodeOf(reason: ReasonName): number | undefined {
  switch (reason) {
    case "success":
      return 0;
    case "unsupported protocol version":
      return 1;
    case "client identifier not valid":
      return 2;
    case "server unavailable":
      return 3;
    case "bad user name or password":
      return 4;
    case "not authorized":
      return 5;
    default:
      return undefined;
  }
}
