/**
 * Records reports and answers, against which later answers are checked.
 *
 * @module
 */
import { isNewer } from "../protocol/order.ts";
import { timeOf } from "../protocol/report.ts";

/** A report that a phone sent. */
export interface SentReport {
  /** The server that it was sent to. */
  readonly server: string;
  readonly position: string;
  /** Its AT line in the first answer, if there was one. */
  line: string | undefined;
}

/**
 * Reports remembered for each phone. Of an older AT line, only the syntax is
 * checked.
 */
const maxReports = 64;

/** The reports and answers of one run. */
export class Expectations {
  /** By the phone's ID and the report's time. */
  readonly #sent = new Map<string, Map<string, SentReport>>();
  /** The newest AT line in an answer to a report, by the phone's ID. */
  readonly #newest = new Map<string, string>();
  /**
   * The newest AT line that a server is known to have, by server and phone ID.
   */
  readonly #known = new Map<string, Map<string, string>>();

  /** Records a report. The times of a phone must increase. */
  recordSent(server: string, id: string, time: string, position: string): void {
    const sent = this.#sent.get(id) ?? new Map<string, SentReport>();
    this.#sent.set(id, sent);
    sent.set(time, { server, position, line: undefined });
    if (sent.size > maxReports) {
      const [oldest] = sent.keys();
      sent.delete(oldest);
    }
  }

  /** The report of a phone with this time, if it is remembered. */
  findSent(id: string, time: string): SentReport | undefined {
    return this.#sent.get(id)?.get(time);
  }

  /**
   * Whether a report may have been sent although it is not remembered: it is
   * older than all that are, so it was forgotten or sent in an earlier run.
   */
  mayHaveSent(id: string, time: string): boolean {
    const [oldest] = this.#sent.get(id)?.keys() ?? [];
    return oldest === undefined || Number(time) < Number(oldest);
  }

  /** Records a correct answer to a report. */
  recordAnswer(server: string, id: string, line: string): void {
    keepNewer(this.#newest, id, line);
    this.recordSeen(server, id, line);
  }

  /**
   * Records that a server has a report, given a correct AT line. Ignored if the
   * report is not remembered, as the line cannot be verified then.
   */
  recordSeen(server: string, id: string, line: string): void {
    const sent = this.findSent(id, timeOf(line));
    if (sent === undefined) return;
    sent.line ??= line;
    const known = this.#known.get(server) ?? new Map<string, string>();
    this.#known.set(server, known);
    keepNewer(known, id, line);
  }

  /** Forgets what a server has, because it may have been killed and lost it. */
  forgetServer(server: string): void {
    this.#known.delete(server);
  }

  /** The newest report of a phone that a server must have. */
  newestAt(server: string, id: string): string | undefined {
    return this.#known.get(server)?.get(id);
  }

  /** Each phone's newest answered report, by the phone's ID. */
  get newest(): ReadonlyMap<string, string> {
    return this.#newest;
  }
}

function keepNewer(lines: Map<string, string>, id: string, line: string) {
  const known = lines.get(id);
  if (known === undefined || isNewer(line, known)) lines.set(id, line);
}
