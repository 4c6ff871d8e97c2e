/**
 * Translators let the soak's clients speak to gateways. A client sends lines of
 * the client port and checks the answers to them. Its translator makes messages
 * of a gateway of these lines, and makes the answers of the client port of the
 * gateway's, so that the same rules hold for both.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { Random } from "../../runtime/random.ts";
import { HttpTranslator } from "./http_translator.ts";
import { MqttTranslator } from "./mqtt_translator.ts";
import { WebSocketTranslator } from "./web_socket_translator.ts";

/** How a client reaches a server. */
export type Via = "client port" | "http" | "owntracks" | "mqtt" | "websocket";

/** The gateways. */
export const gateways = ["http", "owntracks", "mqtt", "websocket"] as const;

/** What is expected of the answer to a translated line. */
export type Expectation =
  /** The answer of the client port, byte for byte. */
  | "exact"
  /** The client's AT line, at least as new as the report or a known one. */
  | "newest"
  /** Any answer, in the order of the lines. */
  | "echo";

/** A translated line. */
export interface Translation {
  readonly bytes: ByteString;
  readonly expectation: Expectation;
}

/** Translates for one connection. */
export interface Translator {
  /** Sent before everything else. */
  readonly greeting: ByteString;
  /** An IAMAT. */
  report(
    line: ByteString,
    client: ByteString,
    position: ByteString,
    time: ByteString,
  ): Translation;
  /** A WHATSAT. `isKnown` if the server must know the client. */
  query(
    line: ByteString,
    client: ByteString,
    operands: readonly [radiusKm: ByteString, bound: ByteString],
    isKnown: boolean,
  ): Translation;
  /** A line that is no command. */
  invalid(line: ByteString): Translation;
  /**
   * Takes received bytes. Returns the answers in them as the client port gives
   * them; to what is no answer at all, the bytes themselves.
   */
  receive(bytes: ByteString): ByteString;
  /** Whether a part of an answer was received. */
  readonly isWithinAnswer: boolean;
}

/** Sends the lines themselves. */
class LineTranslator implements Translator {
  readonly greeting = "";
  readonly isWithinAnswer = false;

  report(line: ByteString): Translation {
    return { bytes: `${line}\n`, expectation: "exact" };
  }

  query(line: ByteString): Translation {
    return { bytes: `${line}\n`, expectation: "exact" };
  }

  invalid(line: ByteString): Translation {
    return { bytes: `${line}\n`, expectation: "exact" };
  }

  receive(bytes: ByteString): ByteString {
    return bytes;
  }
}

/** The distance of the port to the client port. */
export const portOffsets: Readonly<Record<Via, number>> = {
  "client port": 0,
  http: 400,
  owntracks: 400,
  mqtt: 500,
  websocket: 400,
};

/** Whether a request waits until those before it are answered. */
export function isSerial(via: Via): boolean {
  return via === "http" || via === "owntracks";
}

/** A translator for a new connection. */
export function createTranslator(via: Via): Translator {
  switch (via) {
    case "client port":
      return new LineTranslator();
    case "mqtt":
      return new MqttTranslator();
    case "websocket":
      return new WebSocketTranslator();
    default:
      return new HttpTranslator(via);
  }
}

/** Whether clients with this ID can report in this way, and keep their ID. */
export function canReport(via: Via, client: ByteString): boolean {
  switch (via) {
    case "client port":
    case "websocket":
      return true;
    case "mqtt":
      return MqttTranslator.canReport(client);
    default:
      return HttpTranslator.canReport(client);
  }
}

/** The share of connections that go through gateways. */
const gatewayShare = 1 / 3;

/** Draws how a client reaches its server. */
export function drawVia(random: Random): Via {
  const isGateway = random.chance(gatewayShare);
  const gateway = random.pick(gateways);
  return isGateway ? gateway : "client port";
}
