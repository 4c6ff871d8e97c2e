/**
 * Takes the sightings of devices as reports. Each sighting becomes the IAMAT
 * that says the same, and from then on it is an AT line like every other. It is
 * logged as both.
 *
 * @module
 */
import { isAttributesField } from "../protocol/attributes.ts";
import {
  allocateBuffer,
  type ByteString,
  encodeInto,
} from "../protocol/bytes.ts";
import { IamatSpan } from "../protocol/iamat_span.ts";
import { Report } from "../protocol/report.ts";
import { formatTimestamp, type Timestamp } from "../protocol/time.ts";
import type {
  ClientRates,
  ConnectionRates,
  RatedUse,
} from "../identity/client_rates.ts";
import type { Identity } from "../identity/identity.ts";
import { redact } from "../identity/redact.ts";
import type { PutRefusal, Replica } from "../replica/replica.ts";
import { ReportSource } from "../replica/report_source.ts";
import { Settling } from "../replica/settling.ts";
import type { Clock } from "../runtime/clock.ts";
import type { LimitCounts, LimitName } from "../runtime/limit_counts.ts";
import { addressKey } from "../runtime/network.ts";
import type { RefusalCounts } from "../runtime/refusal_counts.ts";
import type { TrafficLog } from "../runtime/transport.ts";
import { type Turns, Workload } from "../runtime/turns.ts";
import type { ClientLimits } from "../sessions/limits.ts";
import type { SessionBackend } from "../sessions/session.ts";
import {
  maxExampleBytes,
  scannedExampleBytes,
  sightingsPerPiece,
} from "./limits.ts";
import { maxNamedReasons } from "./readers/limits.ts";
import type { Reading, Sighting } from "./readers/reading.ts";
import type { Reason } from "./readers/reasons.ts";
import { arrival } from "./readers/times.ts";

/** The gateways, as metrics name them. */
export type GatewayName = "http" | "websocket" | "mqtt" | "nmea";

/** A limit of this server that a sighting is beyond. */
type OperandLimit = "id-bytes" | "position-bytes" | "time-bytes";

/** Why a message or a point was not taken, or was changed, as metrics name it. */
export type IntakeReason =
  | Reason
  | OperandLimit
  | PutRefusal
  /** The sender may not report for this client. */
  | "not-permitted"
  /** The bytes are no request of HTTP. */
  | "not-http"
  /** No address of a file permits the sender to report by NMEA. */
  | "unlisted-address"
  /** A datagram is too long. */
  | "datagram-too-long";

/** What an intake needs from its server. */
export interface IntakeContext {
  readonly backend: Pick<SessionBackend, "reports" | "now">;
  readonly replica: Pick<Replica, "put" | "flush">;
  readonly limits: Pick<
    ClientLimits,
    "maxIdBytes" | "maxPositionBytes" | "maxTimeBytes"
  >;
  readonly counts: LimitCounts;
  readonly turns: Turns;
  readonly clock: Pick<Clock, "elapsedMs">;
  /** The rates of clients; undefined if they are not limited. */
  readonly rates?: ClientRates;
  /** Counts what an identity does not permit. */
  readonly refusals: Pick<RefusalCounts, "add">;
}

/** One connection of a gateway, as the source of reports. */
export class Sender {
  /** Answers wait for this until the replica has confirmed the reports. */
  readonly settling = new Settling();
  /** The work that is done for the connection. */
  readonly workload = new Workload();
  readonly gateway: GatewayName;
  readonly traffic: TrafficLog;
  /** How often it may report and query; undefined until that is asked. */
  rates: ConnectionRates | undefined;
  #ownSource: ReportSource;
  #identity: Identity | undefined;
  #source: ReportSource;

  /** @param source The source of reports that no identity is known of. */
  constructor(gateway: GatewayName, traffic: TrafficLog, source: ReportSource) {
    this.gateway = gateway;
    this.traffic = traffic;
    this.#ownSource = source;
    this.#source = source;
  }

  /** Who sends what follows. Undefined may report for every client. */
  get identity(): Identity | undefined {
    return this.#identity;
  }

  set identity(identity: Identity | undefined) {
    if (identity?.subject !== this.#identity?.subject) {
      this.rates = undefined;
      this.#source = identity === undefined
        ? this.#ownSource
        : new ReportSource(`identity ${identity.subject}`);
    }
    this.#identity = identity;
  }

  /**
   * The address that sends what follows, where a proxy passes on requests of
   * several: its key counts for reports without an identity.
   */
  set address(address: string) {
    const key = addressKey(address);
    if (key === this.#ownSource.key) return;
    this.#ownSource = new ReportSource(key);
    if (this.#identity === undefined) this.#source = this.#ownSource;
  }

  /** The source that its reports are charged to. */
  get source(): ReportSource {
    return this.#source;
  }
}

/** A sighting that was not taken. */
export interface RefusedSighting {
  /** Its index among the sightings of its reading. */
  readonly sighting: number;
  readonly reason: IntakeReason;
}

/** What became of the sightings of a reading. */
export class Outcome {
  /** How many reports were put into the replica. */
  taken = 0;
  /** How many the sender may not report. */
  notPermitted = 0;
  /** How many are beyond a limit of this server. */
  overLimit = 0;
  /** The first ones that were not taken. */
  refused: RefusedSighting[] | undefined;
}

/** The newest message that was not taken. */
export interface Example {
  readonly reason: IntakeReason;
  readonly gateway: GatewayName;
  /** POSIX seconds. */
  readonly time: number;
  /** Its first bytes as text, without credentials. */
  readonly text: string;
}

const limitOfUse: Readonly<Record<RatedUse, LimitName>> = {
  report: "reports-per-second",
  query: "queries-per-second",
};

// The sighting being taken. All gateways reuse these objects.
const iamat = new IamatSpan();
const report = new Report();
const verb = "IAMAT ";
let line = allocateBuffer(2 * 1024);
let reply = allocateBuffer(2 * 1024);

/** Takes the reports of all gateways of one server. */
export class Intake {
  readonly #context: IntakeContext;
  readonly #taken = new Map<GatewayName, number>();
  readonly #reasons = new Map<IntakeReason, number>();
  #example: Example | undefined;

  constructor(context: IntakeContext) {
    this.#context = context;
  }

  /** How many reports each gateway has taken. */
  get taken(): ReadonlyMap<GatewayName, number> {
    return this.#taken;
  }

  /** How often each reason applied to a message or to a point of one. */
  get reasons(): ReadonlyMap<IntakeReason, number> {
    return this.#reasons;
  }

  /** The newest message that was not taken; undefined if all were. */
  get example(): Example | undefined {
    return this.#example;
  }

  /**
   * Puts the sightings of a reading into the replica, and counts its reasons.
   * Must be called in the sender's turn. Afterwards call `flush`, and answer
   * when `sender.settling` is settled.
   *
   * @param now When the message arrived.
   * @returns A promise only if the reading is long.
   */
  take(
    reading: Reading,
    sender: Sender,
    now: Timestamp,
  ): Outcome | Promise<Outcome> {
    const { ignored, refusal, sightings } = reading;
    if (refusal !== undefined) this.count(refusal);
    for (const { reason } of ignored) this.count(reason);
    const outcome = new Outcome();
    sender.traffic.stampTime(now);
    if (sightings.length <= sightingsPerPiece) {
      this.#takePart(sightings, 0, sightings.length, sender, now, outcome);
      return outcome;
    }
    return this.#takeLong(sightings, sender, now, outcome);
  }

  /**
   * How long the sender has to wait before it may report or query, in
   * milliseconds; 0 if not at all. A wait is counted.
   */
  waitMs(use: RatedUse, sender: Sender): number {
    const { counts, rates } = this.#context;
    if (rates === undefined) return 0;
    const nowMs = this.#context.clock.elapsedMs();
    sender.rates ??= rates.ofConnection(sender.identity, nowMs);
    const waitMs = sender.rates.waitMs(use, nowMs);
    if (waitMs > 0) counts.hit(limitOfUse[use]);
    return waitMs;
  }

  /** Counts what the sender has done, of which it may do so much a second. */
  countUse(use: RatedUse, sender: Sender, times = 1): void {
    const { rates } = this.#context;
    if (rates === undefined) return;
    const nowMs = this.#context.clock.elapsedMs();
    sender.rates ??= rates.ofConnection(sender.identity, nowMs);
    for (let count = 0; count < times; count++) sender.rates.use(use, nowMs);
  }

  /** Writes reports to the neighbours, as a connection does after each chunk. */
  flush(sender: Sender): void {
    this.#context.replica.flush(sender.settling);
  }

  /** Counts a reason for which a message or a point was not taken. */
  count(reason: IntakeReason): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
  }

  /**
   * Keeps a message that was not taken as the newest example.
   *
   * @param message Its bytes, or only the first of them.
   * @param credentials What the sender gave to prove who it is.
   */
  keepExample(
    reason: IntakeReason,
    gateway: GatewayName,
    message: Uint8Array,
    credentials: readonly ByteString[] = [],
  ): void {
    const { nanoseconds, seconds } = this.#context.backend.now();
    const scanned = message.subarray(0, scannedExampleBytes);
    const text = redact(new TextDecoder().decode(scanned), credentials);
    this.#example = {
      reason,
      gateway,
      time: seconds + nanoseconds / 1e9,
      text: cutToBytes(text, maxExampleBytes),
    };
  }

  /** Takes many sightings in several turns. */
  async #takeLong(
    sightings: readonly Sighting[],
    sender: Sender,
    now: Timestamp,
    outcome: Outcome,
  ): Promise<Outcome> {
    const { turns } = this.#context;
    const { traffic, workload } = sender;
    for (let from = 0; from < sightings.length; from += sightingsPerPiece) {
      const to = Math.min(from + sightingsPerPiece, sightings.length);
      this.#takePart(sightings, from, to, sender, now, outcome);
      const isOver = turns.end(workload);
      const drained = traffic.whenDrained();
      if (to === sightings.length || !isOver && drained === undefined) continue;
      this.flush(sender);
      if (drained !== undefined) await drained;
      await turns.begin(workload);
      // The lines of a message share the time of its arrival.
      traffic.stampTime(now);
    }
    return outcome;
  }

  #takePart(
    sightings: readonly Sighting[],
    from: number,
    to: number,
    sender: Sender,
    now: Timestamp,
    outcome: Outcome,
  ): void {
    let taken = 0;
    for (let index = from; index < to; index++) {
      const sighting = sightings[index];
      const reason = this.#takeOne(sighting, sender, now);
      if (reason === undefined) {
        taken += 1;
        if (sighting.note !== undefined) this.count(sighting.note);
        continue;
      }
      this.count(reason);
      const refused = outcome.refused ??= [];
      if (refused.length < maxNamedReasons) {
        refused.push({ sighting: index, reason });
      }
      if (reason === "not-permitted") {
        this.#context.refusals.add("report");
        outcome.notPermitted += 1;
      } else outcome.overLimit += 1;
    }
    if (taken === 0) return;
    this.countUse("report", sender, taken);
    outcome.taken += taken;
    const { gateway } = sender;
    this.#taken.set(gateway, (this.#taken.get(gateway) ?? 0) + taken);
  }

  /** Takes one sighting, or returns why it is not taken. */
  #takeOne(
    sighting: Sighting,
    sender: Sender,
    now: Timestamp,
  ): IntakeReason | undefined {
    const { counts, limits } = this.#context;
    const { client, latitude, longitude } = sighting;
    const { identity, traffic } = sender;
    if (identity !== undefined && !identity.mayReport(client)) {
      return "not-permitted";
    }
    const time = sighting.time === arrival
      ? formatTimestamp(now)
      : sighting.time;
    const positionBytes = latitude.length + longitude.length;
    const limit = client.length > limits.maxIdBytes
      ? "id-bytes"
      : positionBytes > limits.maxPositionBytes
      ? "position-bytes"
      : time.length > limits.maxTimeBytes
      ? "time-bytes"
      : undefined;
    if (limit !== undefined) {
      counts.hit(limit);
      return limit;
    }
    const text = `${verb}${client} ${latitude}${longitude} ${time}`;
    if (text.length > line.length) line = allocateBuffer(2 * text.length);
    encodeInto(text, line);
    if (!iamat.read(line, 0, text.length)) {
      throw new TypeError(`a reader gave no report: ${text}`);
    }
    const refusal = this.#put(sighting, sender, now);
    if (refusal !== undefined) {
      counts.hit(refusal);
      return refusal;
    }
    traffic.received(line, 0, text.length);
    traffic.sent(reply, report.start, report.end);
    return undefined;
  }

  /** Puts the report in `iamat` into the replica, with its attributes. */
  #put(
    sighting: Sighting,
    { settling, source }: Sender,
    now: Timestamp,
  ): PutRefusal | undefined {
    const { backend: { reports }, replica } = this.#context;
    const { attributes } = sighting;
    const bytes = reports.maxBytes(iamat, attributes);
    if (bytes > reply.length) reply = allocateBuffer(2 * bytes);
    reports.write(now, iamat, reply, 0, report, attributes);
    const { end, recordEnd } = report;
    if (recordEnd > end && !isAttributesField(reply, end + 1, recordEnd)) {
      throw new TypeError(`a reader gave no attributes: ${attributes}`);
    }
    return replica.put(report, settling, source);
  }
}

/** The text, cut to at most this many bytes of UTF-8. */
function cutToBytes(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= maxBytes) return text;
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}
