/**
 * Summaries of servers' states between the servers of a herd. A summary travels
 * in the optional message `+SUMMARY`: its server sends it to its neighbours, and
 * they forward it once.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import {
  maxSummaryBytes,
  type ReceivedSummary,
  type SummaryExchange,
} from "../../replica/summaries.ts";
import type { FloodRouter } from "./flood_router.ts";

const verb = "+SUMMARY ";

/** The text: printable ASCII. */
const textPattern = /^[\x20-\x7e]+$/;

/** A summary as the line that is sent, without its LF. */
export function formatSummaryLine(
  server: ByteString,
  text: ByteString,
): ByteString {
  return `${verb}${server} ${text}`;
}

/**
 * The inverse of `formatSummaryLine`; undefined if the line is no summary, is
 * too long, or is about a server for which `isServer` is false.
 */
export function readSummaryLine(
  line: ByteString,
  isServer: (name: ByteString) => boolean,
): { readonly server: ByteString; readonly text: ByteString } | undefined {
  if (!line.startsWith(verb)) return undefined;
  const end = line.indexOf(" ", verb.length);
  if (end < 0) return undefined;
  const [server, text] = [line.slice(verb.length, end), line.slice(end + 1)];
  return text.length <= maxSummaryBytes && textPattern.test(text) &&
      isServer(server)
    ? { server, text }
    : undefined;
}

/**
 * Where a line's part for the log ends: the text of a summary is not logged. It
 * would be most of the log of a herd that is idle.
 */
export function loggedEnd(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  for (let index = 0; index < verb.length; index++) {
    if (bytes[start + index] !== verb.charCodeAt(index)) return end;
  }
  const space = bytes.indexOf(0x20, start + verb.length);
  return space < 0 || space > end ? end : space;
}

/** What `SummaryFlood` needs. */
export interface SummaryFloodOptions {
  /** This server. */
  readonly self: ByteString;
  /** All servers of the herd. */
  readonly servers: readonly ByteString[];
  readonly router: FloodRouter;
  /** See `Clock.elapsedMs`. */
  readonly elapsedMs: () => number;
  /** Writes the outboxes to the links. */
  readonly flush: () => void;
}

/**
 * Sends this server's summary, forwards those of neighbours, and keeps the
 * newest of each server: at most `maxSummaryBytes` for each server of the herd.
 */
export class SummaryFlood implements SummaryExchange {
  readonly #options: SummaryFloodOptions;
  readonly #servers: ReadonlySet<ByteString>;
  readonly #received = new Map<ByteString, ReceivedSummary>();

  constructor(options: SummaryFloodOptions) {
    this.#options = options;
    this.#servers = new Set(options.servers);
    options.router.onOptional = (from, line) => this.#onOptional(from, line);
  }

  publish(text: ByteString): void {
    const { flush, router, self } = this.#options;
    router.sendSummary(self, formatSummaryLine(self, text));
    flush();
  }

  received(): readonly ReceivedSummary[] {
    return [...this.#received.values()];
  }

  /** Returns whether the line is a summary. */
  #onOptional(from: string, line: ByteString): boolean {
    const { elapsedMs, router, self } = this.#options;
    const summary = readSummaryLine(line, (name) => this.#servers.has(name));
    if (summary === undefined) return false;
    const { server, text } = summary;
    const isDirect = server === from;
    // A linked server sends its own summary.
    if (server === self || !isDirect && router.isLinked(server)) return true;
    this.#received.set(server, { server, text, receivedAtMs: elapsedMs() });
    if (isDirect) router.sendSummary(server, line, from);
    return true;
  }
}
