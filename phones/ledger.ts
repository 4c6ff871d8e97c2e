/**
 * What phones have said and servers have answered: what every answer is held
 * against.
 *
 * @module
 */
import { isNewer, timeOf } from "../protocol/report.ts";

/** A report that a phone has sent. */
export interface Sent {
  readonly position: string;
  /** The AT line that it was answered with, if it was. */
  line: string | undefined;
}

/**
 * So many reports of each phone are remembered. An answer that is older than
 * all of them is only checked for its form.
 */
const reportsRemembered = 64;

/** Reports and answers of one run. */
export class Ledger {
  /** By the phone's ID, and then by the time it gave. */
  readonly #sent = new Map<string, Map<string, Sent>>();
  /** By the phone's ID: the newest AT line that has come as an answer. */
  readonly #newest = new Map<string, string>();
  /** By server, and then by the phone's ID: the newest it was seen to have. */
  readonly #known = new Map<string, Map<string, string>>();

  /** A phone reports. */
  send(id: string, time: string, position: string): void {
    const sent = this.#sent.get(id) ?? new Map<string, Sent>();
    this.#sent.set(id, sent);
    sent.set(time, { position, line: undefined });
    if (sent.size > reportsRemembered) {
      const [oldest] = sent.keys();
      sent.delete(oldest);
    }
  }

  /** What a phone has sent with this time, if that is remembered. */
  sent(id: string, time: string): Sent | undefined {
    return this.#sent.get(id)?.get(time);
  }

  /** A server has answered a report, rightly. */
  answer(server: string, id: string, line: string): void {
    const sent = this.sent(id, timeOf(line));
    if (sent !== undefined) sent.line = line;
    keepNewer(this.#newest, id, line);
    this.see(server, id, line);
  }

  /** A server was seen to know of a report. */
  see(server: string, id: string, line: string): void {
    const known = this.#known.get(server) ?? new Map<string, string>();
    this.#known.set(server, known);
    keepNewer(known, id, line);
  }

  /** A server is lost: it may have been killed, with all that it knew. */
  forget(server: string): void {
    this.#known.delete(server);
  }

  /** The newest report of a phone that a server must know. */
  knownAt(server: string, id: string): string | undefined {
    return this.#known.get(server)?.get(id);
  }

  /** Each phone's newest report that was answered, by its ID. */
  get newest(): ReadonlyMap<string, string> {
    return this.#newest;
  }
}

function keepNewer(lines: Map<string, string>, id: string, line: string) {
  const known = lines.get(id);
  if (known === undefined || isNewer(line, known)) lines.set(id, line);
}
