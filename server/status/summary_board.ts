/**
 * Sends a server's summary to the others, and keeps theirs.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import {
  summaryEveryMs,
  type SummaryExchange,
} from "../../replica/summaries.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { ServerFacts } from "./fields.ts";
import {
  type AgedSummary,
  formatSummary,
  parseSummary,
  type ServerSummary,
} from "./summary.ts";

/** A text, and its parsed content. */
interface Parsed {
  readonly text: ByteString;
  readonly summary: ServerSummary | undefined;
}

export class SummaryBoard {
  readonly #exchange: SummaryExchange | undefined;
  readonly #clock: Clock;
  readonly #describe: () => ServerFacts;
  /** By server. The exchange limits their number. */
  readonly #parsed = new Map<ByteString, Parsed>();
  #cancel: (() => void) | undefined;

  /**
   * @param exchange Undefined if the server's replica carries no summaries.
   * @param describe The server's state now.
   */
  constructor(
    exchange: SummaryExchange | undefined,
    clock: Clock,
    describe: () => ServerFacts,
  ) {
    this.#exchange = exchange;
    this.#clock = clock;
    this.#describe = describe;
  }

  /** Begins to send summaries, the first one at once. */
  start(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    const publish = () => {
      exchange.publish(formatSummary(this.#describe()));
      this.#cancel = this.#clock.after(summaryEveryMs, publish);
    };
    publish();
  }

  /** Sends a last summary, which says that the server stops, and no more. */
  stop(): void {
    if (this.#cancel === undefined) return;
    this.#cancel();
    this.#cancel = undefined;
    this.#exchange?.publish(formatSummary(this.#describe()));
  }

  /** The newest summary of each other server. Invalid ones are ignored. */
  read(): readonly AgedSummary[] {
    const nowMs = this.#clock.elapsedMs();
    return (this.#exchange?.received() ?? [])
      .flatMap(({ receivedAtMs, server, text }) => {
        const summary = this.#parse(server, text);
        const ageSeconds = Math.max(0, nowMs - receivedAtMs) / 1000;
        return summary === undefined ? [] : [{ ...summary, ageSeconds }];
      });
  }

  #parse(server: ByteString, text: ByteString): ServerSummary | undefined {
    const last = this.#parsed.get(server);
    if (last?.text === text) return last.summary;
    const summary = parseSummary(server, text);
    this.#parsed.set(server, { text, summary });
    return summary;
  }
}
