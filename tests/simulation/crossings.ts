/**
 * Counts the lines that one simulated server sends on its links, and checks that
 * no report is sent without need.
 *
 * @module
 */
import {
  fingerprint,
  formatFingerprint,
} from "../../peers/store/fingerprint.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import type { TrafficLog } from "../../runtime/transport.ts";
import { trafficInText } from "../fakes/text_traffic.ts";

/** A broken rule. */
export interface Violation {
  readonly rule: string;
  readonly detail: string;
}

/** What `Crossings` needs. */
export interface CrossingsOptions {
  /** With catch-up, a report may cross a link twice. */
  readonly catchUp: boolean;
  readonly onViolation: (violation: Violation) => void;
}

/** The AT lines that have crossed a connection, by direction. */
interface CrossedLines {
  readonly sent: Set<ByteString>;
  readonly received: Set<ByteString>;
}

/** The lines that one server has sent on all its connections. */
export class Crossings {
  /** AT lines. */
  reports = 0;
  /** Report IDs in HAVE and WANT. */
  ids = 0;
  readonly #name: string;
  readonly #options: CrossingsOptions;
  /** The AT lines of each watched connection. */
  readonly #crossed = new Map<string, CrossedLines>();

  constructor(name: string, options: CrossingsOptions) {
    this.#name = name;
    this.#options = options;
  }

  /** The traffic log of one connection. */
  watch(connection: string): TrafficLog {
    const lines: CrossedLines = { sent: new Set(), received: new Set() };
    const { received, sent } = lines;
    const wants: ByteString[] = [];
    const isWatched = !this.#options.catchUp &&
      connection.split("/").length > 2;
    if (isWatched) this.#crossed.set(connection, lines);
    return trafficInText({
      received: (line) => {
        if (!isWatched) return;
        if (line.startsWith("AT ")) received.add(line);
        if (line.startsWith("WANT ")) wants.push(line);
      },
      sent: (line) => {
        this.#count(line);
        if (!isWatched || !line.startsWith("AT ")) return;
        const detail = `${this.#name} ${connection}: ${line}`;
        if (sent.has(line)) {
          const rule = "a report crossed a link twice in one direction";
          this.#options.onViolation({ rule, detail });
        }
        // A neighbour may request a report that it has, as it keeps only some
        // fingerprints of recent reports.
        if (received.has(line) && !wants.some((want) => isIn(want, line))) {
          const rule = "a report went back to the neighbour that had sent it";
          this.#options.onViolation({ rule, detail });
        }
        sent.add(line);
      },
    });
  }

  /**
   * To be called when a server whose reports expire has stored a report. It may
   * have stored the same report before, if that has expired, or dropped it for a
   * newer one that has expired. So the report may cross the links again, except
   * to the neighbour `from`.
   */
  storedAgain(line: ByteString, from: string | undefined): void {
    for (const [connection, { received, sent }] of this.#crossed) {
      sent.delete(line);
      if (!connection.endsWith(`/${from}`)) received.delete(line);
    }
  }

  #count(line: ByteString): void {
    if (line.startsWith("AT ")) this.reports += 1;
    const hasIds = line.startsWith("HAVE ") || line.startsWith("WANT ");
    if (hasIds) this.ids += line.split(" ").length - 1;
  }
}

function isIn(want: ByteString, line: ByteString): boolean {
  const digits = formatFingerprint(fingerprint(line));
  return want.split(" ").some((id) => id.endsWith(digits));
}
