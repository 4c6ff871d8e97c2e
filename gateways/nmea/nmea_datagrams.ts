/**
 * The datagrams of the NMEA gateway. Each holds whole sentences. Datagrams of a
 * sender are taken in the order in which they come, in turns with all other
 * work; what comes faster is dropped, as UDP permits.
 *
 * @module
 */
import type { IdentityEnd } from "../../identity/identity.ts";
import { type ByteString, decodeBytes } from "../../protocol/bytes.ts";
import type { Timestamp } from "../../protocol/time.ts";
import { ReplicaError } from "../../replica/settling.ts";
import { ReportSource } from "../../replica/report_source.ts";
import { secondsOf } from "../../runtime/clock.ts";
import {
  addressKey,
  formatAddress,
  maxDatagramBytes,
} from "../../runtime/network.ts";
import type { DatagramService } from "../../sessions/served_connection.ts";
import { AccessRefusal } from "../access.ts";
import type { GatewayContext } from "../gateway_context.ts";
import { maxNmeaLineBytes } from "../readers/limits.ts";
import {
  datagramOverheadBytes,
  datagramSenderMs,
  linesPerPiece,
  maxDatagramSenders,
  maxWaitingBytes,
  maxWaitingBytesInAll,
} from "./limits.ts";
import { identifyAddress } from "./nmea_access.ts";
import { NmeaFeed } from "./nmea_feed.ts";

/** A sender of datagrams, which the log shows like a connection. */
class DatagramSender {
  readonly key: string;
  readonly name: string;
  readonly feed: NmeaFeed;
  /** Datagrams that wait for their turn. */
  readonly waiting: ByteString[] = [];
  waitingBytes = 0;
  /** When the last one came, by the clock's `elapsedMs`. */
  lastMs = 0;
  /** Resolves when none waits any more. */
  processing: Promise<void> | undefined;

  constructor(key: string, name: string, feed: NmeaFeed) {
    this.key = key;
    this.name = name;
    this.feed = feed;
  }
}

/** What a datagram counts while it waits, in bytes. */
const sizeOf = (datagram: ByteString) =>
  datagram.length + datagramOverheadBytes;

/** All datagrams of one server. */
export class NmeaDatagrams implements DatagramService {
  readonly #context: GatewayContext;
  /** The one that has been silent longest is first. */
  readonly #senders = new Map<string, DatagramSender>();
  #waitingBytes = 0;
  #isStopping = false;
  #cancelExpiry: (() => void) | undefined;

  constructor(context: GatewayContext) {
    this.#context = context;
  }

  /** How many senders are remembered. */
  get senders(): number {
    return this.#senders.size;
  }

  receive(datagram: Uint8Array, address: string, port: number): void {
    if (this.#isStopping) return;
    const sender = this.#senderAt(address, port);
    if (sender === undefined) return;
    const { clock, counts } = this.#context.services;
    sender.lastMs = clock.elapsedMs();
    this.#senders.delete(sender.key);
    this.#senders.set(sender.key, sender);
    if (datagram.length > maxDatagramBytes) {
      counts.hit("datagram-bytes");
      this.#context.intake.count("datagram-too-long");
      return;
    }
    const text = decodeBytes(datagram, 0, datagram.length);
    const bytes = sizeOf(text);
    if (
      sender.waitingBytes + bytes > maxWaitingBytes ||
      this.#waitingBytes + bytes > maxWaitingBytesInAll
    ) {
      counts.hit("datagrams-waiting");
      return;
    }
    sender.waiting.push(text);
    sender.waitingBytes += bytes;
    this.#waitingBytes += bytes;
    sender.processing ??= this.#process(sender);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#cancelExpiry?.();
    const senders = [...this.#senders.values()];
    await Promise.all(senders.map(({ processing }) => processing));
    for (const sender of senders) this.#forget(sender, "stopping");
  }

  /** The sender at an address; undefined if it is refused. */
  #senderAt(address: string, port: number): DatagramSender | undefined {
    // A listed address is one sender, whatever its ports. On this machine each
    // port is a sender, as each can name another device.
    const key = this.#context.nmeaSenders === undefined
      ? formatAddress(address, port)
      : address;
    const known = this.#senders.get(key);
    // The list of addresses may have changed.
    const ended = known && this.#endOf(known);
    if (known !== undefined && ended === undefined) return known;
    if (known !== undefined) this.#endIdentity(known, ended!);
    const identity = identifyAddress(this.#context, address);
    if (identity instanceof AccessRefusal) return undefined;
    const { counts, emit, nextName, trafficLogFor } = this.#context.services;
    if (this.#senders.size >= maxDatagramSenders) {
      counts.hit("datagram-senders");
      const [silent] = this.#senders.values();
      this.#forget(silent, "idle longest");
    }
    const name = nextName("nmea");
    emit("debug", name, "connected", {
      remote: formatAddress(address, port),
      by: "UDP",
    });
    const source = new ReportSource(addressKey(address));
    const traffic = trafficLogFor(name);
    const feed = new NmeaFeed(this.#context, identity, traffic, source);
    const sender = new DatagramSender(key, name, feed);
    this.#senders.set(key, sender);
    this.#scheduleExpiry(datagramSenderMs);
    return sender;
  }

  /** Why the identity of a sender has ended; undefined if it has not. */
  #endOf({ feed }: DatagramSender): IdentityEnd | undefined {
    const { clock } = this.#context.services;
    return feed.sender.identity?.endAt(secondsOf(clock));
  }

  #endIdentity(sender: DatagramSender, detail: IdentityEnd): void {
    this.#context.services.refusals.add("identity-ended");
    this.#forget(sender, "identity ended", detail);
  }

  /** Takes a sender's datagrams until none waits. */
  async #process(sender: DatagramSender): Promise<void> {
    const { turns } = this.#context.services;
    const { feed, waiting } = sender;
    const { traffic, workload } = feed.sender;
    try {
      while (waiting.length > 0) {
        for (let room; (room = traffic.whenDrained()) !== undefined;) {
          await room;
        }
        await turns.begin(workload);
        this.#takePiece(sender);
        turns.end(workload);
        await feed.flush();
      }
    } catch (error) {
      if (!(error instanceof ReplicaError)) throw error;
      this.#forget(sender, "replica failed", error.message);
    }
    sender.processing = undefined;
  }

  /** Takes some datagrams, at least one if one waits. */
  #takePiece(sender: DatagramSender): void {
    const { intake, services: { backend } } = this.#context;
    const now = backend.now();
    let [count, bytes, lines] = [0, 0, 0];
    for (const datagram of sender.waiting) {
      if (lines >= linesPerPiece) break;
      count += 1;
      bytes += sizeOf(datagram);
      // Nothing tells the device to wait.
      if (intake.waitMs("report", sender.feed.sender) > 0) continue;
      for (const line of datagram.split("\n")) {
        lines += 1;
        this.#takeLine(sender, line, now);
      }
    }
    sender.waiting.splice(0, count);
    this.#release(sender, bytes);
  }

  #takeLine({ feed }: DatagramSender, line: ByteString, now: Timestamp): void {
    if (line.length <= maxNmeaLineBytes) return feed.take(line, now);
    const { intake, services: { counts } } = this.#context;
    counts.hit("line-bytes");
    intake.count("line-too-long");
  }

  #release(sender: DatagramSender, bytes: number): void {
    sender.waitingBytes -= bytes;
    this.#waitingBytes -= bytes;
  }

  /** Ends a sender; another datagram of it begins a new one. */
  #forget(sender: DatagramSender, reason: string, detail = ""): void {
    if (this.#senders.get(sender.key) !== sender) return;
    this.#senders.delete(sender.key);
    sender.waiting.length = 0;
    this.#release(sender, sender.waitingBytes);
    sender.feed.sender.settling.cancel();
    this.#context.services.emit("debug", sender.name, "closed", {
      reason,
      ...(detail === "" ? {} : { detail }),
    });
  }

  /** Forgets senders that have been silent for long, when they have been. */
  #scheduleExpiry(delayMs: number): void {
    const { clock } = this.#context.services;
    this.#cancelExpiry ??= clock.after(delayMs, () => {
      this.#cancelExpiry = undefined;
      const nowMs = clock.elapsedMs();
      for (const sender of this.#senders.values()) {
        const leftMs = sender.lastMs + datagramSenderMs - nowMs;
        if (leftMs > 0) return this.#scheduleExpiry(leftMs);
        this.#forget(sender, "idle");
      }
    });
  }
}
