/**
 * What clients are subscribed to: filters over the topics of `topic_views.ts`,
 * and who gets a new report.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { Report } from "../../protocol/report.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { RequestedFilter } from "./codec/packets.ts";
import type { ReasonName } from "./codec/reason_codes.ts";
import { isShortFilter } from "./codec/topics.ts";
import { FilterTree } from "./filter_tree.ts";
import {
  deliveryTickMs,
  maxFilterBytes,
  maxFilterBytesInAll,
  maxFilters,
} from "./limits.ts";
import {
  type Entry,
  type SubscribedReplica,
  Subscriber,
  type SubscriberHost,
  type SubscriberPool,
  type Subscription,
  type ViewFilter,
} from "./subscriber.ts";
import { type TopicView, topicViews } from "./topic_views.ts";

/** The filter for the IDs of one view; undefined if it matches none. */
function levelsIn(
  { prefix }: TopicView,
  levels: readonly ByteString[],
): readonly ByteString[] | undefined {
  for (const [index, level] of prefix.entries()) {
    if (levels[index] === "#") return ["#"];
    if (levels[index] !== "+" && levels[index] !== level) return undefined;
  }
  const rest = levels.slice(prefix.length);
  return rest.length === 0 ? undefined : rest;
}

/** The subscriptions of all clients of one server. */
export class Subscriptions implements SubscriberPool {
  readonly replica: SubscribedReplica;
  readonly clock: Clock;
  changesBytes = 0;
  /** The subscriber whose message is being taken; undefined for none. */
  publisher: Subscriber | undefined;
  readonly #trees = topicViews.map(() => new FilterTree<Entry>());
  /** Those that have something to do in the next tick. */
  readonly #busy = new Set<Subscriber>();
  #filterBytes = 0;
  #filters = 0;
  #cancelTick: (() => void) | undefined;
  #unobserve: (() => void) | undefined;

  constructor(replica: SubscribedReplica, clock: Clock) {
    this.replica = replica;
    this.clock = clock;
  }

  /** How many filters all clients have. */
  get filters(): number {
    return this.#filters;
  }

  /** A new subscriber without filters. */
  createSubscriber(host: SubscriberHost): Subscriber {
    return new Subscriber(this, host);
  }

  /** Adds a filter, or replaces its options. `success`, or why not. */
  add(subscriber: Subscriber, requested: RequestedFilter): ReasonName {
    const { filter, newest, noLocal } = requested;
    if (!isShortFilter(filter)) return "quota exceeded";
    const levels = filter.split("/");
    // It would list everything, for whoever can reach the port.
    const isEverything = /^[+#]/.test(filter);
    if (isEverything && !subscriber.isIdentified) return "not authorized";
    const views: ViewFilter[] = [];
    for (const [view, topicView] of topicViews.entries()) {
      const inView = levelsIn(topicView, levels);
      if (inView !== undefined) views.push({ view, levels: inView });
    }
    if (views.length === 0) return "topic filter invalid";
    const isNew = !subscriber.subscriptions.has(filter);
    if (isNew && !this.#hasRoomFor(subscriber, filter)) return "quota exceeded";
    this.remove(subscriber, filter);
    const subscription = { filter, noLocal, views };
    this.#addEntry(subscriber, subscription);
    const wantsNewest = newest === "always" || newest === "if new" && isNew;
    if (wantsNewest) subscriber.sendNewest(subscription);
    return "success";
  }

  /** Removes a filter; false if there was none. */
  remove(subscriber: Subscriber, filter: ByteString): boolean {
    const subscription = subscriber.subscriptions.get(filter);
    if (subscription === undefined) return false;
    const entry = subscriber.remove(filter);
    for (const { levels, view } of subscription.views) {
      this.#trees[view].remove(levels, entry);
    }
    this.#filterBytes -= filter.length;
    this.#filters -= 1;
    if (this.#filters === 0) {
      this.#unobserve?.();
      this.#unobserve = undefined;
    }
    return true;
  }

  /** Removes all of a subscriber that has gone. */
  removeAll(subscriber: Subscriber): void {
    for (const filter of [...subscriber.subscriptions.keys()]) {
      this.remove(subscriber, filter);
    }
    subscriber.forgetChanges();
    this.#busy.delete(subscriber);
  }

  schedule(subscriber: Subscriber): void {
    this.#busy.add(subscriber);
    this.#cancelTick ??= this.clock.after(deliveryTickMs, () => this.#tick());
  }

  #addEntry(subscriber: Subscriber, subscription: Subscription): void {
    const entry: Entry = { subscriber, subscription };
    subscriber.add(subscription, entry);
    for (const { levels, view } of subscription.views) {
      this.#trees[view].add(levels, entry);
    }
    this.#filterBytes += subscription.filter.length;
    this.#filters += 1;
    this.#unobserve ??= this.replica.observe((report) =>
      this.#onReport(report)
    );
  }

  #hasRoomFor(subscriber: Subscriber, { length }: ByteString): boolean {
    return subscriber.subscriptions.size < maxFilters &&
      subscriber.filterBytes + length <= maxFilterBytes &&
      this.#filterBytes + length <= maxFilterBytesInAll;
  }

  /** Notes a new report for each subscriber that has a filter for it. */
  #onReport(report: Report): void {
    const client = report.client;
    for (const [view, tree] of this.#trees.entries()) {
      if (tree.isEmpty) continue;
      const name = topicViews[view].nameOf(client);
      if (name === undefined) continue;
      tree.match(name.split("/"), ({ subscriber, subscription }) => {
        if (subscription.noLocal && subscriber === this.publisher) return;
        subscriber.onChange(client, view);
      });
    }
  }

  #tick(): void {
    this.#cancelTick = undefined;
    const nowMs = this.clock.elapsedMs();
    const busy = [...this.#busy];
    this.#busy.clear();
    for (const subscriber of busy) subscriber.onTick(nowMs);
  }
}
