/**
 * What one client that is subscribed has yet to be sent: the newest reports of
 * its filters, page by page, and then what has changed, at most once a second
 * for each client.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { attributesOf, clientOf, lineOf } from "../../protocol/report.ts";
import type { Found, Page, Replica } from "../../replica/replica.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { PacketWriter } from "./codec/encode.ts";
import type { Level } from "./codec/packets.ts";
import { matchesFilter } from "./codec/topics.ts";
import {
  changeBytes,
  deliveryBytes,
  deliveryMs,
  maxChangesBytes,
  maxChangesBytesInAll,
  reportsPerPage,
} from "./limits.ts";
import { topicOf, topicViews } from "./topic_views.ts";

/** A filter of a subscriber, as far as it is about one view. */
export interface ViewFilter {
  /** The index of the view. */
  readonly view: number;
  /** The levels of the filter for those of the ID. */
  readonly levels: readonly ByteString[];
}

/** A subscription. */
export interface Subscription {
  readonly filter: ByteString;
  readonly noLocal: boolean;
  readonly views: readonly ViewFilter[];
}

/** A subscription and its subscriber. */
export interface Entry {
  readonly subscriber: Subscriber;
  readonly subscription: Subscription;
}

/** The part of a replica that subscriptions use. */
export type SubscribedReplica = Pick<
  Replica,
  "findRecord" | "observe" | "select"
>;

/** What all subscribers of a server share. */
export interface SubscriberPool {
  readonly replica: SubscribedReplica;
  readonly clock: Clock;
  /** Bytes of all changes that are noted for subscribers. */
  changesBytes: number;
  /** The subscriber's `onTick` is called in the next tick. */
  schedule(subscriber: Subscriber): void;
}

/** What a subscriber needs of its connection. */
export interface SubscriberHost {
  readonly level: Level;
  /** The largest packet that the client accepts, in bytes. */
  readonly maxPacketBytes: number;
  /** Whether the client has shown who it is. */
  readonly isIdentified: boolean;
  /** Whether it may see the reports of a client. */
  readonly maySee: (client: ByteString) => boolean;
  /** There is something to be sent. */
  readonly wake: () => void;
  /** A message was written. */
  readonly onMessage: (topic: ByteString, payload: ByteString) => void;
}

/** The newest reports of a filter that are being sent. */
interface Snapshot {
  readonly subscription: Subscription;
  /** The index of the view that is being read. */
  index: number;
  /** The page that comes next; undefined for the first one. */
  cursor: string | undefined;
}

/** A client that is subscribed. */
export class Subscriber {
  /** By filter. */
  readonly subscriptions = new Map<ByteString, Subscription>();
  /** Bytes of all filters. */
  filterBytes = 0;
  readonly #entries = new Map<ByteString, Entry>();
  readonly #all: SubscriberPool;
  readonly #host: SubscriberHost;
  #snapshots: Snapshot[] = [];
  /** Clients with a report that is to be sent; a bit for each view. */
  readonly #changed = new Map<ByteString, number>();
  /**
   * When a message about a client was sent, the oldest first, and the views in
   * which its report has changed since then.
   */
  readonly #sent = new Map<ByteString, { atMs: number; changed: number }>();
  /** Bytes of both. */
  #changesBytes = 0;
  /** Whether changes were dropped, so that all must be sent again. */
  #isBehind = false;

  constructor(all: SubscriberPool, host: SubscriberHost) {
    this.#all = all;
    this.#host = host;
  }

  get isIdentified(): boolean {
    return this.#host.isIdentified;
  }

  /** Whether there is anything to be sent now. */
  get hasMessages(): boolean {
    return this.#snapshots.length > 0 || this.#changed.size > 0 ||
      this.#isBehind;
  }

  add(subscription: Subscription, entry: Entry): void {
    this.subscriptions.set(subscription.filter, subscription);
    this.#entries.set(subscription.filter, entry);
    this.filterBytes += subscription.filter.length;
  }

  /** Removes a filter. Returns its entry in the trees. */
  remove(filter: ByteString): Entry {
    const entry = this.#entries.get(filter)!;
    this.#entries.delete(filter);
    this.subscriptions.delete(filter);
    this.filterBytes -= filter.length;
    this.#snapshots = this.#snapshots
      .filter(({ subscription }) => subscription.filter !== filter);
    return entry;
  }

  /** The newest reports of a filter are to be sent. */
  sendNewest(subscription: Subscription): void {
    this.#snapshots.push({ subscription, index: 0, cursor: undefined });
  }

  /** Drops what was noted, as the client is gone or all will be sent again. */
  forgetChanges(): void {
    this.#changed.clear();
    this.#sent.clear();
    this.#all.changesBytes -= this.#changesBytes;
    this.#changesBytes = 0;
  }

  /** A client has a new report, which a filter for this view matches. */
  onChange(client: ByteString, view: number): void {
    if (this.#isBehind || !this.#host.maySee(client)) return;
    const bit = 1 << view;
    const sent = this.#sent.get(client);
    if (sent !== undefined) {
      sent.changed |= bit;
      return;
    }
    const changed = this.#changed.get(client);
    this.#changed.set(client, (changed ?? 0) | bit);
    if (changed === undefined) {
      this.#count(client, 1);
      if (this.#isFull) this.#fallBehind();
    }
    this.#all.schedule(this);
  }

  /** Lets changes be sent whose time has come. */
  onTick(nowMs: number): void {
    for (const [client, { atMs, changed }] of this.#sent) {
      if (nowMs - atMs < deliveryMs) break;
      this.#sent.delete(client);
      if (changed === 0) this.#count(client, -1);
      else this.#changed.set(client, changed);
    }
    if (this.#sent.size > 0) this.#all.schedule(this);
    if (this.hasMessages) this.#host.wake();
  }

  /**
   * Writes messages, as many as fit into one write.
   *
   * @returns A promise only if the replica does not answer at once.
   */
  write(output: PacketWriter): void | Promise<void> {
    const wait = this.#writeChanges(output);
    if (wait !== undefined) return wait;
    if (this.#snapshots.length === 0 && this.#isBehind) this.#startOver();
    const snapshot = this.#snapshots.at(0);
    if (snapshot === undefined || output.length >= deliveryBytes) return;
    return this.#writePage(snapshot, output);
  }

  #writeChanges(output: PacketWriter): Promise<void> | undefined {
    const nowMs = this.#all.clock.elapsedMs();
    for (const [client, changed] of this.#changed) {
      if (output.length >= deliveryBytes) return undefined;
      this.#changed.delete(client);
      this.#sent.set(client, { atMs: nowMs, changed: 0 });
      const found = this.#all.replica.findRecord(client);
      if (found instanceof Promise) {
        return found.then((record) =>
          this.#writeRecord(record, changed, output)
        );
      }
      this.#writeRecord(found, changed, output);
    }
    if (this.#sent.size > 0) this.#all.schedule(this);
    return undefined;
  }

  /** Writes the messages about a record in these views. */
  #writeRecord(
    record: ByteString | undefined,
    views: number,
    output: PacketWriter,
  ): void {
    // The client may have been deleted meanwhile.
    if (record === undefined) return;
    const line = lineOf(record);
    const attributes = attributesOf(record);
    const client = clientOf(line);
    for (let view = 0; 1 << view <= views; view++) {
      if ((views & 1 << view) === 0) continue;
      const topicView = topicViews[view];
      const name = topicView.nameOf(client);
      if (name === undefined) continue;
      this.#write(
        topicOf(topicView, name),
        topicView.payloadOf(line, attributes),
        false,
        output,
      );
    }
  }

  #write(
    topic: ByteString,
    payload: ByteString,
    isRetained: boolean,
    output: PacketWriter,
  ): void {
    const { level, maxPacketBytes, onMessage } = this.#host;
    // It must not be sent a larger one (MQTT-3.1.2-24); 8 is for the head.
    if (topic.length + payload.length + 8 > maxPacketBytes) return;
    output.publish(level, topic, payload, isRetained);
    onMessage(topic, payload);
  }

  /** Writes the next page of a snapshot. */
  #writePage(snapshot: Snapshot, output: PacketWriter): void | Promise<void> {
    const { replica } = this.#all;
    const { levels, view } = snapshot.subscription.views[snapshot.index];
    const pattern = patternOf(levels, view);
    const isExact = !pattern.includes("*");
    const page = isExact
      ? replica.findRecord(pattern)
      : replica.select(pattern, reportsPerPage, snapshot.cursor);
    const { filter } = snapshot.subscription;
    const take = (found: Found | Page) => {
      const { attributes, lines, next } = typeof found === "object"
        ? found
        : pageOf(found);
      for (const [index, line] of lines.entries()) {
        this.#writeNewest(line, attributes[index], filter, view, output);
      }
      this.#advance(snapshot, next);
    };
    return page instanceof Promise ? page.then(take) : take(page);
  }

  #writeNewest(
    line: ByteString,
    attributes: ByteString,
    filter: ByteString,
    view: number,
    output: PacketWriter,
  ): void {
    const client = clientOf(line);
    const topicView = topicViews[view];
    const name = topicView.nameOf(client);
    if (name === undefined) return;
    const topic = topicOf(topicView, name);
    if (!matchesFilter(filter, topic) || !this.#host.maySee(client)) return;
    const payload = topicView.payloadOf(line, attributes);
    this.#write(topic, payload, true, output);
  }

  #advance(snapshot: Snapshot, next: string | undefined): void {
    snapshot.cursor = next;
    if (next !== undefined) return;
    snapshot.index += 1;
    if (snapshot.index < snapshot.subscription.views.length) return;
    this.#snapshots = this.#snapshots.filter((other) => other !== snapshot);
  }

  get #isFull(): boolean {
    return this.#changesBytes > maxChangesBytes ||
      this.#all.changesBytes > maxChangesBytesInAll;
  }

  #count(client: ByteString, change: 1 | -1): void {
    const bytes = change * (client.length + changeBytes);
    this.#changesBytes += bytes;
    this.#all.changesBytes += bytes;
  }

  #fallBehind(): void {
    this.#isBehind = true;
    this.forgetChanges();
  }

  /** Sends the newest reports of all filters again. */
  #startOver(): void {
    this.#isBehind = false;
    for (const subscription of this.subscriptions.values()) {
      this.sendNewest(subscription);
    }
  }
}

/** One record, or none, as a page. */
function pageOf(record: Found): Page {
  return record === undefined
    ? { lines: [], attributes: [], next: undefined }
    : {
      lines: [lineOf(record)],
      attributes: [attributesOf(record)],
      next: undefined,
    };
}

/** A pattern for `Replica.select`: a client ID if it has no wildcard. */
function patternOf(levels: readonly ByteString[], view: number): ByteString {
  // The level above matches `#` too.
  const pattern = levels.join("/").replace(/\/#$/, "#").replace(/[+#]/g, "*");
  // In an ID, white space and the percent sign of a topic are encoded.
  return view === atView ? pattern : pattern.replace(/[%\x20]/g, "*");
}

/** The view whose topics have the bytes of the IDs. */
const atView = topicViews.findIndex(({ prefix }) => prefix[1] === "at");
