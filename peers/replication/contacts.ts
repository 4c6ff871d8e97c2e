/**
 * Records how long this server has been without contact with each other server,
 * directly or through others. A deletion ends after some days. If two servers
 * have had no contact for longer, each can have missed a deletion of the other,
 * and will not receive it any more. Such servers are apart (`areApart`): they
 * exchange no reports that are older than a deletion lasts, because the other
 * server may have deleted them.
 *
 * Servers tell each other ages, by clocks that are never set, so that no time of
 * day has to be right. An empty table has nothing that could be deleted: a server
 * that has just started counts as apart from no server. When it gets the reports
 * of another one, it takes over how long that one was apart from each server.
 *
 * @module
 */
import { secondsPerDay } from "../../protocol/time.ts";
import type { RecordAges } from "../../replica/records.ts";
import { defaultForgetDays } from "../limits.ts";

/** What a server tells a neighbour, in whole seconds. */
export interface ContactAges {
  /** The time since its reports, or those that it took over, began. */
  readonly table: number;
  /** How long it has been apart from the neighbour. */
  readonly apart: number;
  /** How long it has been apart from other servers. */
  readonly others: ReadonlyMap<string, number>;
}

/** The contacts of one server. */
export class Contacts {
  readonly #now: () => number;
  readonly #forgetSeconds: number;
  /** When the table was empty, in seconds. */
  #tableSince: number;
  /** When the last contact with each server was, in seconds. */
  readonly #lastContacts = new Map<string, number>();

  /** @param now A clock that is never set, in seconds. */
  constructor(
    now: () => number,
    forgetSeconds = defaultForgetDays * secondsPerDay,
  ) {
    this.#now = now;
    this.#forgetSeconds = forgetSeconds;
    this.#tableSince = now();
  }

  /** How long the records of this server may have missed deletions. */
  get ages(): RecordAges {
    const now = this.#now();
    const contacts = [...this.#lastContacts.keys()]
      .map((name): [string, number] => [name, this.#ageOf(name, now)]);
    return { table: age(this.#tableSince, now), contacts: new Map(contacts) };
  }

  /** Takes over the ages of records that this server had before its start. */
  restore({ contacts, table }: RecordAges): void {
    const now = this.#now();
    this.#tableSince = now - table;
    for (const [name, seconds] of contacts) {
      this.#lastContacts.set(name, now - seconds);
    }
  }

  /** What is told to a neighbour. */
  agesFor(neighbour: string): ContactAges {
    const now = this.#now();
    const others = [...this.#lastContacts.keys()]
      .filter((name) => name !== neighbour)
      .map((name): [string, number] => [name, this.#ageOf(name, now)]);
    return {
      table: age(this.#tableSince, now),
      apart: this.#ageOf(neighbour, now),
      others: new Map(others),
    };
  }

  /**
   * Whether this server and a neighbour were apart for so long that either may
   * have missed deletions of the other, which have ended since.
   *
   * @param theirs What the neighbour has told.
   */
  areApart(neighbour: string, theirs: ContactAges): boolean {
    const now = this.#now();
    const isLong = (seconds: number) => seconds > this.#forgetSeconds;
    return isLong(theirs.table) && isLong(this.#ageOf(neighbour, now)) ||
      isLong(age(this.#tableSince, now)) && isLong(theirs.apart);
  }

  /**
   * To be called before this server takes reports from a neighbour from which it
   * was not apart. They were without contact for as long as the neighbour.
   */
  takeOver(neighbour: string, theirs: ContactAges): void {
    const now = this.#now();
    const contacts = this.#lastContacts;
    if (!contacts.has(neighbour)) contacts.set(neighbour, this.#tableSince);
    for (const [name, seconds] of theirs.others) {
      if (!contacts.has(name)) contacts.set(name, now - seconds);
    }
    this.#tableSince = Math.min(this.#tableSince, now - theirs.table);
  }

  /**
   * To be called when this server has caught up with that neighbour, and then
   * for all that the neighbour tells.
   */
  meet(neighbour: string, theirs: ContactAges): void {
    const now = this.#now();
    for (const [name, seconds] of theirs.others) {
      const known = this.#lastContacts.get(name) ?? -Infinity;
      this.#lastContacts.set(name, Math.max(now - seconds, known));
    }
    this.#lastContacts.set(neighbour, now);
  }

  #ageOf(name: string, now: number): number {
    return age(this.#lastContacts.get(name) ?? this.#tableSince, now);
  }
}

/** An age in whole seconds. */
function age(since: number, now: number): number {
  return Math.floor(now - since);
}
