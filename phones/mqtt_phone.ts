/**
 * A phone's connection to the MQTT gateway of a server. It publishes reports
 * with QoS 1. MQTT has no queries: those go to the HTTP gateway, as does one for
 * each report that was acknowledged.
 *
 * @module
 */
import {
  type At,
  DisconnectedError,
  type NearbyAnswer,
  type NearbyQuery,
  type PositionReport,
} from "../client/types.ts";
import {
  allocateBuffer,
  type ByteString,
  decodeBytes,
} from "../protocol/bytes.ts";
import {
  closeQuietly,
  type Transport,
  writeAll,
} from "../runtime/transport.ts";
import { type HttpPhone, partsOf } from "./http_phone.ts";
import type { Connection } from "./servers.ts";

/** Packet types of MQTT 3.1.1, with the flags of those that are sent. */
const connect = 0x10, connack = 0x20, publish = 0x32, puback = 0x40;

/** A clean session without a keep-alive time, and a client ID of the server's. */
const connectPacket = packet(connect, "\0\x04MQTT\x04\x02\0\0\0\0");

/** CONNACK and PUBACK, the only packets that come, have this many bytes. */
const answerBytes = 4;

/** A connection. IDs are ASCII, and times digits. */
export class MqttPhone implements Connection {
  readonly #transport: Transport;
  readonly #queries: HttpPhone;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  readonly #reading: Promise<void>;
  #writing: Promise<void>;
  /** Resolves when the report before is answered: the next one waits for it. */
  #reported: Promise<unknown> = Promise.resolve();
  #packetId = 0;
  #received: ByteString = "";
  #end: DisconnectedError | undefined;

  /** @param queries A connection to the HTTP gateway of the same server. */
  constructor(transport: Transport, queries: HttpPhone) {
    this.#transport = transport;
    this.#queries = queries;
    this.#reading = this.#read();
    this.#writing = this.#write(connectPacket);
  }

  report(report: PositionReport): Promise<At> {
    const answer = this.#reported.then(() => this.#report(report));
    this.#reported = answer.catch(() => {});
    return answer;
  }

  async nearby(query: NearbyQuery): Promise<NearbyAnswer> {
    return await this.#query(this.#queries.nearby(query));
  }

  async close(): Promise<void> {
    await this.#reported;
    await this.#queries.close();
    try {
      await this.#writing;
      await this.#transport.closeWrite();
    } catch {
      // The connection has ended.
    }
    await this.#reading;
    closeQuietly(this.#transport);
  }

  abort(): void {
    this.#disconnect(undefined);
    closeQuietly(this.#transport);
  }

  async #report(report: PositionReport): Promise<At> {
    const { client, latitude, longitude, time } = partsOf(report);
    if (this.#end !== undefined) throw this.#end;
    this.#packetId = this.#packetId % 0xffff + 1;
    const acknowledged = Promise.withResolvers<void>();
    this.#waiting.set(this.#packetId, acknowledged);
    const topic = `herd/report/${client}`;
    const payload = `{"lat":${latitude},"lon":${longitude},"time":${time}}`;
    this.#writing = this.#writing.then(() =>
      this.#write(packet(
        publish,
        uint16(topic.length) + topic + uint16(this.#packetId) + payload,
      ))
    );
    await acknowledged.promise;
    return await this.#query(this.#queries.position(client));
  }

  /** Waits for an answer. Ends the connection if the one for queries ends. */
  async #query<Answer>(answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof DisconnectedError) this.abort();
      throw error;
    }
  }

  async #write(bytes: ByteString): Promise<void> {
    try {
      await writeAll(this.#transport, bytes);
    } catch (cause) {
      this.#disconnect(cause);
    }
  }

  async #read(): Promise<void> {
    const buffer = allocateBuffer(1024);
    try {
      let count;
      while ((count = await this.#transport.read(buffer)) !== null) {
        this.#received += decodeBytes(buffer, 0, count);
        while (this.#received.length >= answerBytes) this.#takeAnswer();
      }
      this.#disconnect(undefined);
    } catch (cause) {
      this.#disconnect(cause);
    }
    closeQuietly(this.#transport);
  }

  #takeAnswer(): void {
    const [type, length, high, low] = Array.from(
      this.#received.slice(0, answerBytes),
      (byte) => byte.charCodeAt(0),
    );
    this.#received = this.#received.slice(answerBytes);
    if (type === connack && length === 2 && low === 0) return;
    const packetId = high * 256 + low;
    const acknowledged = this.#waiting.get(packetId);
    if (type !== puback || length !== 2 || acknowledged === undefined) {
      throw new Error(`neither CONNACK nor PUBACK: type ${type}, ${packetId}`);
    }
    this.#waiting.delete(packetId);
    acknowledged.resolve();
  }

  /** A phone that has lost one of its connections ends the other one. */
  #disconnect(cause: unknown): void {
    const message = "the connection ended before the answer came";
    this.#end ??= new DisconnectedError(message, { cause });
    for (const { reject } of this.#waiting.values()) reject(this.#end);
    this.#waiting.clear();
    this.#queries.abort();
  }
}

/** A packet of at most 16,383 bytes. */
function packet(type: number, rest: ByteString): ByteString {
  const { length } = rest;
  const lengthBytes = length < 0x80
    ? String.fromCharCode(length)
    : String.fromCharCode(length & 0x7f | 0x80, length >> 7);
  return String.fromCharCode(type) + lengthBytes + rest;
}

function uint16(value: number): ByteString {
  return String.fromCharCode(value >> 8, value & 0xff);
}
