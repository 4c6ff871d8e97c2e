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

/** What one server has sent on all its connections. */
export class Crossings {
  /** AT lines. */
  reports = 0;
  /** Reports that were announced, and asked for, by fingerprint. */
  marks = 0;
  readonly #name: string;
  readonly #options: CrossingsOptions;

  constructor(name: string, options: CrossingsOptions) {
    this.#name = name;
    this.#options = options;
  }

  /** Where one connection's traffic is told. */
  watch(connection: string): TrafficLog {
    const sent = new Set<ByteString>();
    const received = new Set<ByteString>();
    const wants: ByteString[] = [];
    const isWatched = !this.#options.catchUp &&
      connection.split("/").length > 2;
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
