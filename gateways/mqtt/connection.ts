/**
 * One MQTT client's connection: packets for the session, and messages for what
 * the client is subscribed to.
 *
 * @module
 */
import {
  type ByteString,
  encodeBytes,
  encodeScratch,
  textOfBytes,
} from "../../protocol/bytes.ts";
import { redactTokens } from "../../runtime/redact_tokens.ts";
import { heartbeatMs } from "../../sessions/limits.ts";
import type {
  ConnectionEnd,
  Opening,
} from "../../sessions/served_connection.ts";
import { AccessRefusal } from "../access.ts";
import { DuplexConnection } from "../duplex_connection.ts";
import type { Outcome } from "../intake.ts";
import { inTurns } from "../in_turns.ts";
import { scannedExampleBytes } from "../limits.ts";
import { maxStepBytes } from "../readers/limits.ts";
import type { ReaderContext, Reading } from "../readers/reading.ts";
import type { Reason } from "../readers/reasons.ts";
import { recognizeTopic, recognizeTopicInSteps } from "../readers/recognize.ts";
import { arrival } from "../readers/times.ts";
import type { PacketWriter } from "./codec/encode.ts";
import { PacketFramer } from "./codec/framer.ts";
import type { ConnectPacket, RequestedFilter, Will } from "./codec/packets.ts";
import type { ReasonName } from "./codec/reason_codes.ts";
import {
  connectMs,
  keepAliveFactor,
  maxConnectBytes,
  maxPacketBytes,
  maxWillBytes,
} from "./limits.ts";
import type { MqttContext } from "./mqtt_context.ts";
import {
  MqttSession,
  type PublishResult,
  type SessionEnd,
  type SessionHost,
} from "./session.ts";
import type { Subscriber } from "./subscriber.ts";

/** What a client of MQTT 5 is told at the end; other ends are told nothing. */
const goodbyes: Readonly<Partial<Record<ConnectionEnd, ReasonName>>> = {
  "stopping": "server shutting down",
  "keep-alive": "keep alive timeout",
  "taken over": "session taken over",
  "not authorized": "not authorized",
  "identity ended": "not authorized",
};

const nothing = () => 0;

/** One connection of an MQTT client. */
export class MqttConnection extends DuplexConnection<PacketWriter>
  implements SessionHost {
  readonly #mqtt: MqttContext;
  readonly #transportBytes: () => number;
  readonly #session: MqttSession;
  readonly #framer = new PacketFramer(maxConnectBytes);
  #subscriber: Subscriber | undefined;
  /** What is published if the client vanishes. */
  #will: Will | undefined;
  #wantsWill = true;
  /** Heartbeats without a CONNECT. */
  #unconnectedHeartbeats = 0;

  /** @param transportBytes What the transport itself holds, in bytes. */
  constructor(
    opening: Opening,
    mqtt: MqttContext,
    transportBytes: () => number = nothing,
  ) {
    super(opening, mqtt, "mqtt", mqtt.outputs);
    this.#mqtt = mqtt;
    this.#transportBytes = transportBytes;
    this.#session = new MqttSession(this);
  }

  override get unfinishedBytes(): number {
    return this.partBytes + this.#transportBytes();
  }

  /** Ends, as another connection has the client ID. */
  takeOver(): void {
    this.leave("taken over", "");
  }

  // For the session:

  override get output(): PacketWriter {
    return super.output;
  }

  admit({ clientId, level, password }: ConnectPacket): ReasonName {
    const { access, clients, services } = this.#mqtt;
    const identity = access.identify(password, this.opening.address);
    if (identity instanceof AccessRefusal) {
      return identity.status === 401
        ? "bad user name or password"
        : "not authorized";
    }
    this.sender.identity = identity;
    this.#framer.maxPacketBytes = maxPacketBytes;
    const subject = identity?.subject ?? "";
    // A client cannot end those of other identities by their IDs.
    if (clientId !== "") clients.add(this, `${subject} ${clientId}`);
    services.emit("debug", this.opening.name, "mqtt connected", {
      level,
      client: redactTokens(textOfBytes(clientId)),
      ...(subject === "" ? {} : { identity: textOfBytes(subject) }),
    });
    return "success";
  }

  makeClientId(): ByteString {
    return this.opening.name.replace("/", "-");
  }

  publish(
    topic: ByteString,
    payload: ByteString,
  ): PublishResult | Promise<PublishResult> {
    const context = this.#readerContext;
    if (payload.length <= maxStepBytes) {
      const reading = recognizeTopic(topic, payload)(context);
      return this.#take(reading, topic, payload);
    }
    const { services: { turns } } = this.#mqtt;
    const { workload } = this.sender;
    return inTurns(recognizeTopicInSteps(topic, payload), turns, workload)
      .then((reader) => inTurns(reader(context), turns, workload))
      .then((reading) => this.#take(reading, topic, payload));
  }

  #take(
    reading: Reading,
    topic: ByteString,
    payload: ByteString,
  ): PublishResult | Promise<PublishResult> {
    const { intake, subscriptions } = this.#mqtt;
    if (reading.sightings.length === 0) this.#logReceived(topic, payload);
    const reason = reasonOf(reading);
    if (reason !== undefined) {
      const start = payload.slice(0, scannedExampleBytes);
      intake.keepExample(reason, "mqtt", encodeBytes(start));
    }
    subscriptions.publisher = this.#subscriber;
    const outcome = intake.take(reading, this.sender, this.now);
    subscriptions.publisher = undefined;
    return outcome instanceof Promise
      ? outcome.then((later) => resultOf(reading, later))
      : resultOf(reading, outcome);
  }

  keepWill(will: Will): void {
    const { payload, topic } = will;
    if (payload.length > maxWillBytes) return;
    const reading = recognizeTopic(topic, payload)(this.#readerContext);
    const reason = reasonOf(reading);
    if (reason !== undefined) this.#mqtt.intake.count(reason);
    // Most wills only say that the phone has gone. A position without a time of
    // its own would be that of the moment at which the phone vanished.
    const [sighting] = reading.sightings;
    if (sighting === undefined || sighting.time === arrival) return;
    this.#will = will;
  }

  subscribe(requested: RequestedFilter): ReasonName {
    this.#subscriber ??= this.#createSubscriber();
    return this.#mqtt.subscriptions.add(this.#subscriber, requested);
  }

  unsubscribe(filter: ByteString): boolean {
    if (this.#subscriber === undefined) return false;
    return this.#mqtt.subscriptions.remove(this.#subscriber, filter);
  }

  // For the connection:

  protected override get partBytes(): number {
    return this.#framer.unfinishedBytes;
  }

  protected override push(chunk: Uint8Array, count: number): void {
    this.#framer.push(chunk, count);
  }

  protected override processNext(): boolean | Promise<unknown> {
    const framer = this.#framer;
    if (!framer.next()) {
      if (framer.violation !== undefined) {
        this.#finish(this.#session.violate(framer.violation));
      }
      return false;
    }
    const { bytes, end, header, start } = framer;
    const result = this.#session.receive(header, bytes, start, end);
    if (result instanceof Promise) return result;
    if (result !== undefined) this.#finish(result);
    return true;
  }

  protected override get hasMore(): boolean {
    return !this.isEnding && (this.#subscriber?.hasMessages ?? false);
  }

  protected override addMore(output: PacketWriter): void | Promise<void> {
    return this.#subscriber?.write(output);
  }

  protected override sayGoodbye(
    output: PacketWriter,
    end: ConnectionEnd,
  ): void {
    const reason = goodbyes[end];
    if (reason === undefined || this.#session.connected?.level !== 5) return;
    output.disconnect(reason);
  }

  protected override checkSilence(): void {
    const { connected } = this.#session;
    if (connected === undefined) {
      // The CONNECT may have arrived, and wait for its turn.
      if (!this.isIdle) return;
      this.#unconnectedHeartbeats += 1;
      if (this.#unconnectedHeartbeats * heartbeatMs < connectMs) return;
      this.abort("too slow", `no CONNECT within ${connectMs} ms`);
      return;
    }
    const { keepAlive } = connected;
    const mostMs = keepAlive * 1000 * keepAliveFactor;
    if (keepAlive === 0 || !this.isIdle || this.quietMs <= mostMs) return;
    this.leave("keep-alive", `nothing received for 1.5 times ${keepAlive} s`);
  }

  protected override release(): void {
    const { clients, intake, subscriptions } = this.#mqtt;
    if (this.#subscriber !== undefined) {
      subscriptions.removeAll(this.#subscriber);
    }
    clients.remove(this);
    if (this.#will === undefined || !this.#wantsWill) return;
    const { payload, topic } = this.#will;
    this.now = this.#mqtt.services.backend.now();
    this.publish(topic, payload);
    intake.flush(this.sender);
  }

  #createSubscriber(): Subscriber {
    const { identity } = this.sender;
    const { level, maxPacketBytes: most } = this.#session.connected!;
    return this.#mqtt.subscriptions.createSubscriber({
      level,
      maxPacketBytes: most,
      isIdentified: identity !== undefined,
      maySee: (client) => identity === undefined || identity.maySee(client),
      wake: () => this.writeInBackground(),
      onMessage: (topic, payload) => this.#logSent(topic, payload),
    });
  }

  #finish({ detail, reason, wantsWill }: SessionEnd): void {
    this.endWith(reason, detail);
    this.#wantsWill = wantsWill;
  }

  get #readerContext(): ReaderContext {
    return { now: this.now, ownId: this.sender.identity?.subject };
  }

  /** Logs a message that has no report. One with reports is logged as those. */
  #logReceived(topic: ByteString, payload: ByteString): void {
    const text = `PUBLISH ${redactTokens(topic)} ${payload.length}`;
    this.sender.traffic.received(encodeScratch(text), 0, text.length);
  }

  #logSent(topic: ByteString, payload: ByteString): void {
    const text = `PUBLISH ${topic} ${payload}`;
    this.sender.traffic.sent(encodeScratch(text), 0, text.length);
  }
}

/** Why a message, or a part of it, was not taken; undefined if it was. */
function reasonOf({ ignored, refusal }: Reading): Reason | undefined {
  return refusal ?? ignored.at(0)?.reason;
}

function resultOf(reading: Reading, outcome: Outcome): PublishResult {
  if (reading.refusal !== undefined) return "unknown format";
  if (outcome.taken === 0 && outcome.notPermitted > 0) return "not permitted";
  return reasonOf(reading) === "other-topic" ? "other topic" : "taken";
}
