/**
 * Friends for phones with OwnTracks in HTTP mode: the answer to a location has
 * the newest reports of the clients that the phone's token may see, as far as
 * they have changed since the last answer to that phone.
 *
 * What has changed is noted for each phone: a subject and the ID that it reports
 * for. Connections do not matter, as most phones open one for each report.
 *
 * @module
 */
import type { Identity } from "../../identity/identity.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import {
  attributesOf,
  clientOf,
  lineOf,
  type Report,
} from "../../protocol/report.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { LimitCounts } from "../../runtime/limit_counts.ts";
import type { Turns, Workload } from "../../runtime/turns.ts";
import type { GatewayServices } from "../gateway_context.ts";
import { cardOf, locationOf } from "../report_forms.ts";
import { ownTracksName } from "../topic_names.ts";
import {
  friendBytes,
  friendsPerPage,
  friendsPerPiece,
  maxFriendsAnswerBytes,
  maxPhoneBytes,
  maxPhonesBytes,
  phoneBytes,
  phoneSilenceMs,
} from "./limits.ts";

/** What friends need of their server. */
export interface FriendsContext {
  readonly replica: Pick<
    GatewayServices["replica"],
    "findRecord" | "observe" | "select"
  >;
  readonly clock: Pick<Clock, "elapsedMs">;
  readonly counts: LimitCounts;
  readonly turns: Turns;
}

/** Where a list of all friends continues. */
interface Listing {
  /** The index of a pattern. */
  readonly index: number;
  /** The page of that pattern; undefined for the first one. */
  readonly cursor: string | undefined;
}

/** What one phone has yet to be sent. */
class Phone {
  readonly key: string;
  /** The ID that it reports for. */
  readonly client: ByteString;
  /** The patterns of the clients that it may see. */
  readonly sees: readonly ByteString[];
  /** Clients with a report that it has not been sent, the oldest first. */
  readonly changed = new Set<ByteString>();
  /** Where the list of all friends continues; undefined if it was sent. */
  listing: Listing | undefined = { index: 0, cursor: undefined };
  /** Whether changes were dropped since the list began. */
  isBehind = false;
  /** The time in the newest report of the phone. */
  time: ByteString | undefined;
  /** The clients in the answer to it. */
  lastSent: readonly ByteString[] = [];
  /** The memory that it takes, in bytes. */
  bytes: number;
  /** When it reported, by the clock's `elapsedMs`. */
  lastMs = 0;

  constructor(key: string, client: ByteString, sees: readonly ByteString[]) {
    this.key = key;
    this.client = client;
    this.sees = sees;
    const strings = [key, client, ...sees];
    this.bytes = phoneBytes +
      strings.reduce((sum, { length }) => sum + length, 0);
  }
}

/** An answer that is being written. */
class AnswerWriter {
  readonly sent: ByteString[] = [];
  #items: ByteString = "";

  /** Adds a friend. False if there is no room. */
  add(client: ByteString, item: ByteString): boolean {
    // Two brackets and a comma.
    if (this.#items.length + item.length + 3 > maxFriendsAnswerBytes) {
      return false;
    }
    this.#items += this.#items === "" ? item : `,${item}`;
    this.sent.push(client);
    return true;
  }

  get text(): ByteString {
    return `[${this.#items}]`;
  }
}

/** The friends of the phones of one server. */
export class Friends {
  readonly #context: FriendsContext;
  /** The one that has been silent longest is first. */
  readonly #phones = new Map<string, Phone>();
  /** The phones by the patterns of what they see. */
  readonly #watchers = new Map<ByteString, Set<Phone>>();
  /** How many patterns of each length end in a wildcard. */
  readonly #prefixes = new Map<number, number>();
  #bytes = 0;
  #unobserve: (() => void) | undefined;

  constructor(context: FriendsContext) {
    this.#context = context;
  }

  /** How many phones are remembered. */
  get phones(): number {
    return this.#phones.size;
  }

  /** The memory that all phones take, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The answer to a location that was taken. Must be called in the workload's
   * turn, and ends in one.
   *
   * @param client The ID that the phone reports for.
   * @param time The time in the report; undefined if it has none. If it is that
   * of the last report, the phone has not had its answer, and is sent the same
   * friends again.
   */
  async answer(
    identity: Identity,
    client: ByteString,
    time: ByteString | undefined,
    workload: Workload,
  ): Promise<ByteString> {
    if (identity.sees.length === 0) return "[]";
    this.#forgetSilent();
    const phone = this.#phoneOf(identity, client);
    const { lastSent } = phone;
    phone.lastSent = [];
    this.#count(phone, -bytesOf(lastSent));
    if (time !== undefined && phone.time === time) {
      for (const friend of lastSent) this.#note(phone, friend);
    }
    phone.time = time;
    const answer = new AnswerWriter();
    await this.#write(phone, identity, answer, workload);
    phone.lastSent = answer.sent;
    this.#count(phone, bytesOf(answer.sent));
    this.#makeRoom(phone);
    return answer.text;
  }

  /** Writes as many friends as there is room for. */
  async #write(
    phone: Phone,
    identity: Identity,
    answer: AnswerWriter,
    workload: Workload,
  ): Promise<void> {
    const { replica, turns } = this.#context;
    for (let count = 1;; count++) {
      const [friend] = phone.changed;
      if (friend !== undefined) {
        // It may change again while its report is looked up.
        phone.changed.delete(friend);
        this.#count(phone, -sizeOf(friend));
        const found = replica.findRecord(friend);
        const record = found instanceof Promise ? await found : found;
        // It may have been deleted.
        const isShown = record !== undefined && identity.maySee(friend);
        if (isShown && !answer.add(friend, itemOf(record))) {
          return this.#note(phone, friend);
        }
      } else if (phone.listing !== undefined) {
        await this.#readPage(phone, phone.listing);
      } else return;
      if (count % friendsPerPiece > 0 || !turns.end(workload)) continue;
      await turns.begin(workload);
    }
  }

  /** Notes the clients of the next page. */
  async #readPage(phone: Phone, listing: Listing): Promise<void> {
    const { replica } = this.#context;
    const { cursor, index } = listing;
    const pattern = phone.sees[index];
    let next: string | undefined;
    if (isPrefix(pattern)) {
      const page = await replica.select(pattern, friendsPerPage, cursor);
      for (const line of page.lines) this.#note(phone, clientOf(line));
      next = page.next;
    } else this.#note(phone, pattern);
    // Another request of the phone may have read the page too.
    if (phone.listing !== listing) return;
    if (next !== undefined) {
      phone.listing = { index, cursor: next };
    } else if (index + 1 < phone.sees.length) {
      phone.listing = { index: index + 1, cursor: undefined };
    } else {
      phone.listing = phone.isBehind ? firstPage : undefined;
      phone.isBehind = false;
    }
  }

  /** The phone that reports, which is remembered from now on. */
  #phoneOf({ sees, subject }: Identity, client: ByteString): Phone {
    const key = `${subject} ${client}`;
    const known = this.#phones.get(key);
    // Another token of the same subject may see others.
    const isSame = known !== undefined && known.sees.length === sees.length &&
      known.sees.every((pattern, index) => pattern === sees[index]);
    if (known !== undefined && !isSame) this.#forget(known);
    const phone = isSame ? known : new Phone(key, client, sees);
    phone.lastMs = this.#context.clock.elapsedMs();
    this.#phones.delete(key);
    this.#phones.set(key, phone);
    if (isSame) return phone;
    this.#bytes += phone.bytes;
    for (const pattern of new Set(sees)) this.#watch(phone, pattern);
    this.#makeRoom(phone);
    this.#unobserve ??= this.#context.replica.observe((report) =>
      this.#onReport(report)
    );
    return phone;
  }

  #watch(phone: Phone, pattern: ByteString): void {
    const watchers = this.#watchers.get(pattern);
    if (watchers !== undefined) {
      watchers.add(phone);
      return;
    }
    this.#watchers.set(pattern, new Set([phone]));
    if (isPrefix(pattern)) this.#countPrefix(pattern, 1);
  }

  #unwatch(phone: Phone, pattern: ByteString): void {
    const watchers = this.#watchers.get(pattern);
    if (!watchers?.delete(phone) || watchers.size > 0) return;
    this.#watchers.delete(pattern);
    if (isPrefix(pattern)) this.#countPrefix(pattern, -1);
  }

  #countPrefix({ length }: ByteString, change: 1 | -1): void {
    const count = (this.#prefixes.get(length) ?? 0) + change;
    if (count === 0) this.#prefixes.delete(length);
    else this.#prefixes.set(length, count);
  }

  /** Notes a new report for each phone that may see it. */
  #onReport(report: Report): void {
    const { client } = report;
    this.#noteFor(client, client);
    if (this.#prefixes.size === 0) return;
    let slash = client.indexOf("/");
    for (; slash >= 0; slash = client.indexOf("/", slash + 1)) {
      // `prefix/*` is one byte longer than `prefix/`.
      if (!this.#prefixes.has(slash + 2)) continue;
      this.#noteFor(`${client.slice(0, slash + 1)}*`, client);
    }
  }

  #noteFor(pattern: ByteString, client: ByteString): void {
    const watchers = this.#watchers.get(pattern);
    if (watchers === undefined) return;
    for (const phone of watchers) {
      this.#note(phone, client);
      if (phone.bytes > maxPhoneBytes) this.#fallBehind(phone);
    }
  }

  /** A client has a report that a phone has not been sent. */
  #note(phone: Phone, client: ByteString): void {
    if (client === phone.client || phone.changed.has(client)) return;
    phone.changed.add(client);
    this.#count(phone, sizeOf(client));
  }

  /** Drops the changes of a phone: it will be sent all its friends. */
  #fallBehind(phone: Phone): void {
    this.#context.counts.hit("friends-bytes-per-phone");
    this.#count(phone, -bytesOf(phone.changed));
    phone.changed.clear();
    if (phone.listing === undefined) phone.listing = firstPage;
    else phone.isBehind = true;
  }

  /** Forgets phones that have been silent for long. */
  #forgetSilent(): void {
    const nowMs = this.#context.clock.elapsedMs();
    for (const phone of this.#phones.values()) {
      if (nowMs - phone.lastMs < phoneSilenceMs) return;
      this.#forget(phone);
    }
  }

  /** Forgets other phones while all take too much memory. */
  #makeRoom(reporting: Phone): void {
    for (const phone of this.#phones.values()) {
      if (this.#bytes <= maxPhonesBytes || phone === reporting) return;
      this.#context.counts.hit("friends-bytes");
      this.#forget(phone);
    }
  }

  /** Forgets a phone. At its next report it is sent all its friends. */
  #forget(phone: Phone): void {
    this.#phones.delete(phone.key);
    this.#bytes -= phone.bytes;
    for (const pattern of phone.sees) this.#unwatch(phone, pattern);
    if (this.#phones.size > 0) return;
    this.#unobserve?.();
    this.#unobserve = undefined;
  }

  #count(phone: Phone, bytes: number): void {
    phone.bytes += bytes;
    if (this.#phones.get(phone.key) === phone) this.#bytes += bytes;
  }
}

/** Where a list of all friends begins. */
const firstPage: Listing = { index: 0, cursor: undefined };

/** A friend in the answer: a card, which has the name, and the location. */
function itemOf(record: ByteString): ByteString {
  const line = lineOf(record);
  const attributes = attributesOf(record);
  const client = clientOf(line);
  const name = ownTracksName(client);
  const topic = name === undefined ? undefined : `owntracks/${name}`;
  return `${cardOf(client, attributes)},${locationOf(line, attributes, topic)}`;
}

const isPrefix = (pattern: ByteString) => pattern.endsWith("*");

/** What a noted client takes in memory, in bytes. */
const sizeOf = (client: ByteString) => client.length + friendBytes;

function bytesOf(clients: Iterable<ByteString>): number {
  let bytes = 0;
  for (const client of clients) bytes += sizeOf(client);
  return bytes;
}
