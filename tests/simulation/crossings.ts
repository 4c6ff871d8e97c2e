/**
 * Counts what crosses the links of one simulated server, and checks that no
 * report crosses where it need not.
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

/** Something that must never happen, and did. */
export interface Violation {
  readonly rule: string;
  readonly detail: string;
}

/** What to do about it, and whether servers repair what differs. */
export interface CrossingsOptions {
  /** With catch-up a report may cross a second time. */
  readonly catchUp: boolean;
  readonly onViolation: (violation: Violation) => void;
}

/** The AT lines that have crossed a connection, by direction. */
interface CrossedLines {
  readonly sent: Set<ByteString>;
  readonly received: Set<ByteString>;
}

/** What one server has sent on all its connections. */
export class Crossings {
  /** AT lines. */
  reports = 0;
  /** Reports that were announced, and asked for, by fingerprint. */
  marks = 0;
  readonly #name: string;
  readonly #options: CrossingsOptions;
  /** The AT lines of each watched connection. */
  readonly #crossed = new Map<string, CrossedLines>();

  constructor(name: string, options: CrossingsOptions) {
    this.#name = name;
    this.#options = options;
  }

  /** Where one connection's traffic is told. */
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
        // A neighbour may ask for what it has: it has a short memory.
        if (received.has(line) && !wants.some((want) => isIn(want, line))) {
          const rule = "a report went back to the neighbour that had sent it";
          this.#options.onViolation({ rule, detail });
        }
        sent.add(line);
      },
    });
  }

  /**
   * A server that forgets clients has stored a report. It may have dropped the
   * same report before, for one that it has forgotten since, or have forgotten
   * the report itself. So the report may cross the links again, but not to the
   * neighbour that has sent it now.
   */
  storedAgain(line: ByteString, from: string | undefined): void {
    for (const [connection, { received, sent }] of this.#crossed) {
      sent.delete(line);
      if (!connection.endsWith(`/${from}`)) received.delete(line);
    }
  }

  #count(line: ByteString): void {
    if (line.startsWith("AT ")) this.reports += 1;
    const isMarks = line.startsWith("HAVE ") || line.startsWith("WANT ");
    if (isMarks) this.marks += line.split(" ").length - 1;
  }
}

function isIn(want: ByteString, line: ByteString): boolean {
  const digits = formatFingerprint(fingerprint(line));
  return want.split(" ").some((mark) => mark.endsWith(digits));
}
