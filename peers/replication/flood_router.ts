/**
 * What one server knows of the herd's clients, and the decision that makes a
 * flood end: a report goes on only where it was news. No I/O, no clock.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { Report } from "../../protocol/report.ts";
import type { ReportSource } from "../../replica/report_source.ts";
import { expiredOnArrivalForAlarm, sweptReports } from "../limits.ts";
import { root } from "../store/digest_tree.ts";
import type { HashKey } from "../store/half_sip_hash.ts";
import {
  type NotStored,
  ReportStore,
  type StoreLimits,
  type StorePage,
} from "../store/report_store.ts";
import type { StoreResult } from "../store/report_table.ts";
import { RecentFingerprints } from "./lazy_announcements.ts";
import type { Message } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import { PeerReplication } from "./peer_replication.ts";

/** What came of a report. */
export type Acceptance =
  /** It is the newest about its client, stored and on its way. */
  | "newer"
  /** Nothing changed. */
  | NotStored;

/** How many reports were stored, or not, and why. */
export type AcceptanceCounts = Readonly<Record<Acceptance, number>>;

/** How a herd is kept. */
export interface FloodRouterOptions {
  readonly limits: StoreLimits;
  /** Whether neighbours compare what they know. */
  readonly catchUp: boolean;
  /** How many late reports are known by fingerprint; a power of two. */
  readonly recentReports?: number;
  /** Most bytes of a write to a neighbour; undefined for the usual limit. */
  readonly writeBytes?: number;
  /** Random, so that nobody can choose IDs that crowd the table. */
  readonly hashKey?: HashKey;
}

/** One server's memory, and its talk with the linked neighbours. */
export class FloodRouter {
  readonly #catchUp: boolean;
  readonly #writeBytes: number | undefined;
  readonly #store: ReportStore;
  readonly #recent: RecentFingerprints;
  readonly #peers = new Map<string, PeerReplication>();
  /** By server, the neighbour that was the first to send its last report. */
  readonly #sources = new Map<ByteString, string>();
  readonly #counts: Record<Acceptance, number> = {
    newer: 0,
    known: 0,
    forgotten: 0,
    share: 0,
  };
  /** Reports of this server's clients in a row that have expired on arrival. */
  #expiredOnArrival = 0;
  /**
   * Shown each report that is news, in a buffer that is used again: on the fast
   * path, so it has to return at once.
   */
  onNews: ((report: Report) => void) | undefined;

  constructor(options: FloodRouterOptions) {
    this.#catchUp = options.catchUp;
    this.#writeBytes = options.writeBytes;
    const onExpired = (client: ByteString, fingerprint: number) => {
      for (const { outbox } of this.#peers.values()) {
        outbox.dropClient(client, fingerprint);
      }
    };
    this.#store = new ReportStore(options.limits, onExpired, options.hashKey);
    this.#recent = new RecentFingerprints(options.recentReports);
  }

  /**
   * Takes a report of a client of this server. If it is newer than the stored
   * one, it is stored and sent to every linked neighbour.
   *
   * @param source The connection that it came from; undefined for none.
   */
  acceptOwn(report: Report, source?: ReportSource): Acceptance {
    const acceptance = this.#count(
      report,
      this.#accept(report, undefined, source),
    );
    if (acceptance === "forgotten") this.#expiredOnArrival += 1;
    else if (acceptance === "newer") this.#expiredOnArrival = 0;
    return acceptance;
  }

  /**
   * Takes a report that came over a link. If it is newer than the stored one,
   * it is stored and sent to every linked neighbour but the one it came from.
   *
   * @param from The neighbour; undefined if it is not linked any more.
   */
  accept(report: Report, from?: string): Acceptance {
    const sender = from === undefined ? undefined : this.#peers.get(from);
    return this.#count(report, this.#accept(report, sender, undefined));
  }

  /**
   * Whether the reports of this server's clients expire on arrival, so that it
   * answers them and stores nothing: the horizon is ahead of the clock, or the
   * table is full of reports that were received by clocks ahead of it.
   */
  get storesNothing(): boolean {
    return this.#expiredOnArrival >= expiredOnArrivalForAlarm;
  }

  #count(report: Report, acceptance: Acceptance): Acceptance {
    this.#counts[acceptance] += 1;
    if (acceptance === "newer") this.onNews?.(report);
    return acceptance;
  }

  #accept(
    report: Report,
    sender: PeerReplication | undefined,
    source: ReportSource | undefined,
  ): Acceptance {
    sender?.outbox.cancelOlder(report);
    const horizon = this.#store.raisedHorizon;
    const stored = this.#store.put(report, source);
    if (this.#store.raisedHorizon !== horizon) this.#sendHorizon();
    if (stored === "known") {
      if (sender !== undefined) this.#onDuplicate(report, sender);
      return stored;
    }
    if (typeof stored === "string") return stored;
    this.#flood(report, stored, sender);
    return "newer";
  }

  /** Takes a message of a linked neighbour other than a report or HORIZON. */
  receive(from: string, message: Message): void {
    if (message.verb === "HORIZON") this.raiseHorizon(from, message.seconds);
    else this.#peers.get(from)?.onMessage(message);
  }

  /**
   * Takes a neighbour's horizon, in POSIX seconds.
   *
   * @returns "waits" if it is ahead of this server's clock: then it is applied
   * when the clock reaches it.
   */
  raiseHorizon(from: string, seconds: number): "raised" | "known" | "waits" {
    const result = this.#store.raiseHorizon(seconds);
    if (result === "raised") this.#sendHorizon(from);
    return result;
  }

  /** The newest AT line about a client; undefined for one never heard of. */
  newest(client: ByteString): ByteString | undefined {
    return this.#store.get(client);
  }

  /** Whether a report was heard too long ago to be remembered. */
  isExpired(line: ByteString): boolean {
    return this.#store.isExpired(line);
  }

  /**
   * The horizon, in POSIX seconds, as far as room for clients made it move;
   * undefined if there always was room.
   */
  get raisedHorizon(): number | undefined {
    return this.#store.raisedHorizon;
  }

  /** The newest AT lines about clients that a test picks, in pages. */
  select(
    matches: (client: ByteString) => boolean,
    limit: number,
    cursor?: string,
  ): StorePage {
    return this.#store.select(matches, limit, cursor);
  }

  /**
   * Forgets a client if it was heard at or before a time, in POSIX seconds.
   * Neighbours are not told: one that has the report sends it again at the next
   * comparison of digests.
   */
  forget(client: ByteString, heardUntil: number): void {
    this.#store.forget(client, heardUntil);
  }

  /** All newest AT lines; may be walked while reports come in. */
  lines(): IterableIterator<ByteString> {
    return this.#store.linesBelow(root);
  }

  /** What came of the reports so far. */
  get counts(): AcceptanceCounts {
    return { ...this.#counts };
  }

  /** How many lines of news wait for a neighbour. */
  waitingFor(neighbour: string): number {
    return this.#peers.get(neighbour)?.outbox.waiting ?? 0;
  }

  /** How many clients take up memory at this server. */
  get clients(): number {
    return this.#store.size;
  }

  /** What neighbours compare: digests and counts, by node. */
  get digests(): ReportStore["digests"] {
    return this.#store.digests;
  }

  /** A neighbour is linked: from now on it is told what is news. */
  link(neighbour: string): Outbox {
    let peer = this.#peers.get(neighbour);
    if (peer === undefined) {
      peer = new PeerReplication(neighbour, {
        store: this.#store,
        recent: this.#recent,
        catchUp: this.#catchUp,
        writeBytes: this.#writeBytes,
      });
      this.#peers.set(neighbour, peer);
    }
    peer.reset();
    const horizon = this.#store.raisedHorizon;
    if (horizon !== undefined) peer.outbox.sendHorizon(horizon);
    return peer.outbox;
  }

  /** A neighbour is gone: nothing waits for it. */
  unlink(neighbour: string): void {
    this.#peers.delete(neighbour);
  }

  /**
   * Whether all has come over that a neighbour knew when it was linked: for
   * each report that it had then, this one is known, or a newer one, or it is
   * forgotten. Without catch-up, and with a neighbour that has none, there is
   * nothing to wait for. False if it is not linked.
   */
  hasCaughtUpWith(neighbour: string): boolean {
    return this.#peers.get(neighbour)?.hasCaughtUp ?? false;
  }

  /** Begins to compare with a linked neighbour what both know. */
  compare(neighbour: string): void {
    this.#peers.get(neighbour)?.compare();
  }

  /** Another second has passed on the link with a neighbour. */
  onHeartbeat(neighbour: string): void {
    this.#peers.get(neighbour)?.onHeartbeat();
  }

  /** Whether there is something for `runMaintenance` to do. */
  get needsMaintenance(): boolean {
    if (this.#store.needsSweep || this.#store.hasWaitingHorizon) return true;
    for (const { outbox } of this.#peers.values()) {
      if (outbox.announcements.size > 0) return true;
    }
    return false;
  }

  /**
   * What has to be done now and then: announces what was held back, and frees
   * what is forgotten. To be followed by a flush of the outboxes.
   */
  runMaintenance(): void {
    for (const { outbox } of this.#peers.values()) {
      outbox.announcements.age();
    }
    if (this.#store.raiseWaitingHorizons()) this.#sendHorizon();
    if (this.#store.needsSweep) this.#store.sweep(sweptReports);
  }

  #flood(
    report: Report,
    stored: StoreResult,
    sender: PeerReplication | undefined,
  ): void {
    if (this.#peers.size === 0) return;
    this.#recent.add(stored.fingerprint);
    for (const peer of this.#peers.values()) {
      if (peer === sender) peer.onNewer(stored);
      else peer.forward(report, stored);
    }
    const { server } = report;
    if (sender?.acceptEager(server)) {
      this.#sources.set(server, sender.neighbour);
    }
  }

  /**
   * A neighbour has sent what others had sent before. It need not send that
   * server's reports any more, so long as the others do. A server's own reports
   * always come straight from it.
   */
  #onDuplicate(report: Report, sender: PeerReplication): void {
    sender.onDuplicate(report);
    const { line, server } = report;
    if (this.#store.get(report.client) !== line) return;
    const source = this.#sources.get(server);
    const { neighbour } = sender;
    if (source === undefined) return;
    if (source === neighbour || server === neighbour) return;
    if (this.#peers.has(source)) sender.prune(server);
  }

  #sendHorizon(from?: string): void {
    const horizon = this.#store.raisedHorizon!;
    for (const [neighbour, { outbox }] of this.#peers) {
      if (neighbour !== from) outbox.sendHorizon(horizon);
    }
  }
}
