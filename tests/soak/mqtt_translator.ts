/**
 * Translates lines into packets of MQTT. A report is published with QoS 1 to
 * `herd/report/ID`, and a subscription to `herd/at/ID` then gives the newest AT
 * line. MQTT has no queries: a query of a client that the server must know is a
 * subscription, and all other lines are pings or messages that are no reports.
 *
 * @module
 */
import { type ByteString, textOfBytes } from "../../protocol/bytes.ts";
import { parsePosition } from "../../protocol/position.ts";
import { encodeId, nameInUtf8 } from "../../gateways/readers/ids.ts";
import { connect, packet, publish, uint16 } from "../gateways/mqtt/packets.ts";
import type { Translation, Translator } from "./translators.ts";

/** Types of packets that come. */
const connack = 2, published = 3, puback = 4, suback = 9, unsuback = 11;
const pingresp = 13;

const pingreq = packet(0xc0, "");

/** Longest ID, so that all filters of a connection fit into its limit. */
const maxIdBytes = 100;

/** Most subscriptions at once: a server has room for 64 of a client. */
const maxSubscriptions = 60;

/** A line whose answer is due. */
interface Due {
  /** The PUBACK or PINGRESP that it waits for; undefined if that has come. */
  waitsFor: number | "ping" | undefined;
  /** The client whose AT line it waits for; undefined if it waits for none. */
  readonly client: ByteString | undefined;
  /** The answer, once it is known. */
  answer: ByteString | undefined;
}

/** Translates for one connection. */
export class MqttTranslator implements Translator {
  readonly greeting = connect({ clientId: "" });
  readonly #due: Due[] = [];
  /** Clients that there are subscriptions for. */
  readonly #subscribed = new Set<ByteString>();
  #packetId = 0;
  #received: ByteString = "";

  static canReport(client: ByteString): boolean {
    return encodeId(client) === client && nameInUtf8(client) === client &&
      !/[+#]/.test(client) && client.length <= maxIdBytes;
  }

  get isWithinAnswer(): boolean {
    return this.#received !== "";
  }

  report(
    line: ByteString,
    client: ByteString,
    position: ByteString,
    time: ByteString,
  ): Translation {
    const { latitude, longitude } = parsePosition(position)!;
    const payload = `{"lat":"${latitude}","lon":"${longitude}","acc":5,` +
      `"time":"${time}"}`;
    const id = this.#nextId();
    const topic = `herd/report/${textOfBytes(client)}`;
    const bytes = publish(topic, payload, { id });
    const subscription = this.#subscribe(client);
    if (subscription === undefined) {
      const answer = `? ${line}\n`;
      this.#due.push({ waitsFor: id, client: undefined, answer });
      return { bytes, expectation: "echo" };
    }
    this.#due.push({ waitsFor: id, client, answer: undefined });
    return { bytes: bytes + subscription, expectation: "newest" };
  }

  query(
    line: ByteString,
    client: ByteString,
    _operands: unknown,
    isKnown: boolean,
  ): Translation {
    const subscription = isKnown ? this.#subscribe(client) : undefined;
    if (subscription === undefined) return this.#ping(line);
    this.#due.push({ waitsFor: undefined, client, answer: undefined });
    return { bytes: subscription, expectation: "newest" };
  }

  invalid(line: ByteString): Translation {
    const id = this.#nextId();
    const answer = `? ${line}\n`;
    this.#due.push({ waitsFor: id, client: undefined, answer });
    // What was not understood is acknowledged: MQTT 3.1.1 has no other answer.
    return {
      bytes: publish("herd/report/nobody", "no JSON", { id }),
      expectation: "echo",
    };
  }

  receive(bytes: ByteString): ByteString {
    this.#received += bytes;
    let wrong = "";
    for (let next; (next = this.#takePacket()) !== undefined;) {
      wrong += this.#onPacket(...next);
    }
    let answers = "";
    for (let [first] = this.#due; first !== undefined; [first] = this.#due) {
      const { answer, waitsFor } = first;
      if (waitsFor !== undefined || answer === undefined) break;
      this.#due.shift();
      answers += answer;
    }
    return answers + wrong;
  }

  #ping(line: ByteString): Translation {
    const answer = `? ${line}\n`;
    this.#due.push({ waitsFor: "ping", client: undefined, answer });
    return { bytes: pingreq, expectation: "echo" };
  }

  /**
   * Packets that subscribe to a client, and end the subscriptions to others that
   * nothing waits for. Undefined if there are too many.
   */
  #subscribe(client: ByteString): ByteString | undefined {
    const awaited = new Set(this.#due.map((due) => due.client));
    const ended = [...this.#subscribed].filter((other) => !awaited.has(other));
    const left = this.#subscribed.size - ended.length;
    if (left >= maxSubscriptions) return undefined;
    for (const other of ended) this.#subscribed.delete(other);
    this.#subscribed.add(client);
    const filters = ended.map((other) => textOf(`herd/at/${other}`)).join("");
    const unsubscribe = ended.length === 0
      ? ""
      : packet(0xa2, uint16(this.#nextId()) + filters);
    const filter = textOf(`herd/at/${client}`);
    return unsubscribe +
      packet(0x82, uint16(this.#nextId()) + filter + "\0");
  }

  #nextId(): number {
    this.#packetId = this.#packetId % 0xffff + 1;
    return this.#packetId;
  }

  /** Header and body of the next packet; undefined if it is not whole. */
  #takePacket(): [header: number, body: ByteString] | undefined {
    let length = 0;
    let at = 1;
    for (let factor = 1;; factor *= 128) {
      if (at >= this.#received.length) return undefined;
      const digit = this.#received.charCodeAt(at++);
      length += (digit & 127) * factor;
      if (digit < 128) break;
    }
    if (this.#received.length < at + length) return undefined;
    const header = this.#received.charCodeAt(0);
    const body = this.#received.slice(at, at + length);
    this.#received = this.#received.slice(at + length);
    return [header, body];
  }

  /** Returns a text for a packet that answers no line; otherwise nothing. */
  #onPacket(header: number, body: ByteString): ByteString {
    switch (header >> 4) {
      case connack:
        return body === "\0\0" ? "" : `CONNACK ${body.charCodeAt(1)}\n`;
      case suback:
        return body.endsWith("\x80") ? "SUBACK 0x80\n" : "";
      case unsuback:
        return "";
      case puback: {
        const id = body.charCodeAt(0) * 256 + body.charCodeAt(1);
        return this.#settle(id) ? "" : `PUBACK ${id}\n`;
      }
      case pingresp:
        return this.#settle("ping") ? "" : "PINGRESP\n";
      case published:
        // Changes may come at any time, and answer nothing.
        if ((header & 1) === 1) this.#onNewest(body);
        return "";
      default:
        return `packet ${header}\n`;
    }
  }

  #settle(waited: number | "ping"): boolean {
    const due = this.#due.find(({ waitsFor }) => waitsFor === waited);
    if (due !== undefined) due.waitsFor = undefined;
    return due !== undefined;
  }

  /** A retained message: the newest AT line after all that was acknowledged. */
  #onNewest(body: ByteString): void {
    const topicBytes = body.charCodeAt(0) * 256 + body.charCodeAt(1);
    const client = body.slice(2 + "herd/at/".length, 2 + topicBytes);
    const line = `${body.slice(2 + topicBytes)}\n`;
    for (const due of this.#due) {
      const isAnswered = due.client === client && due.waitsFor === undefined;
      if (isAnswered) due.answer ??= line;
    }
  }
}

/** Bytes with their length. */
function textOf(bytes: ByteString): ByteString {
  return uint16(bytes.length) + bytes;
}
