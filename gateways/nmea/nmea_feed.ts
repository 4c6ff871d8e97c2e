/**
 * The sentences of one sender, by TCP or UDP, on their way to the replica.
 *
 * @module
 */
import type { Identity } from "../../identity/identity.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { encodeBytes } from "../../protocol/bytes.ts";
import type { Timestamp } from "../../protocol/time.ts";
import type { ReportSource } from "../../replica/report_source.ts";
import type { TrafficLog } from "../../runtime/transport.ts";
import type { GatewayContext } from "../gateway_context.ts";
import { type IntakeReason, type Outcome, Sender } from "../intake.ts";
import { AddressIdentity } from "./address_identity.ts";
import { encodeId } from "../readers/ids.ts";
import { NmeaReader } from "../readers/nmea.ts";

/** Reasons that every device gives all the time: none is worth an example. */
const usual: ReadonlySet<IntakeReason> = new Set([
  "no-date",
  "no-fix",
  "other-sentence",
]);

/**
 * The client that a sender reports for if it names none: the listed one, or the
 * name in a certificate, without its kind such as `CN:`.
 */
function ownIdOf(identity: Identity): ByteString {
  const { subject } = identity;
  return identity instanceof AddressIdentity
    ? subject
    : encodeId(subject.slice(subject.indexOf(":") + 1));
}

/** The sentences of one sender. */
export class NmeaFeed {
  readonly sender: Sender;
  readonly #intake: GatewayContext["intake"];
  readonly #reader: NmeaReader;

  /** @param identity Undefined may report for every client. */
  constructor(
    { intake }: Pick<GatewayContext, "intake">,
    identity: Identity | undefined,
    traffic: TrafficLog,
    source: ReportSource,
  ) {
    this.#intake = intake;
    this.#reader = new NmeaReader(identity && ownIdOf(identity));
    this.sender = new Sender("nmea", traffic, source);
    this.sender.identity = identity;
  }

  /** Takes a line. Must be called in the sender's turn. */
  take(line: ByteString, now: Timestamp): void {
    const reading = this.#reader.readLine(line, now);
    const reason = reading.refusal ?? reading.ignored.at(0)?.reason;
    if (reason !== undefined) this.#keepExample(reason, line);
    // A line has one sighting at most, which is taken at once.
    const { notPermitted } = this.#intake.take(
      reading,
      this.sender,
      now,
    ) as Outcome;
    if (notPermitted > 0) this.#keepExample("not-permitted", line);
  }

  /** Writes what was taken to the neighbours; undefined if nothing waits. */
  flush(): Promise<void> | undefined {
    this.#intake.flush(this.sender);
    return this.sender.settling.settled();
  }

  #keepExample(reason: IntakeReason, line: ByteString): void {
    if (usual.has(reason)) return;
    this.#intake.keepExample(reason, "nmea", encodeBytes(line));
  }
}
