/**
 * Checks that a simulated server that emits `caught up` has all reports that its
 * neighbour had when their link came up.
 *
 * @module
 */
import type { FloodRouter } from "../../peers/replication/flood_router.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { isNewer } from "./report_order.ts";
import { clientOf } from "../../protocol/report.ts";
import type { Violation } from "./crossings.ts";

/** What `CaughtUpWatch` needs. */
export interface CaughtUpWatchOptions {
  readonly catchUp: boolean;
  /** The lines of a server. */
  readonly linesOf: (name: string) => Iterable<ByteString>;
  /** Whether a report may have expired before a server received it. */
  readonly mayBeLost: (line: ByteString) => boolean;
  readonly onViolation: (violation: Violation) => void;
}

/** Checks the links of one server. */
export class CaughtUpWatch {
  readonly #name: string;
  readonly #router: FloodRouter;
  readonly #options: CaughtUpWatchOptions;
  /** The lines of each neighbour when the link with it came up. */
  readonly #initialLines = new Map<string, readonly ByteString[]>();

  constructor(
    name: string,
    router: FloodRouter,
    options: CaughtUpWatchOptions,
  ) {
    this.#name = name;
    this.#router = router;
    this.#options = options;
  }

  /** To be called for each event of the server. */
  onEvent(event: string, neighbour: string): void {
    if (!this.#options.catchUp) return;
    if (event === "link up") {
      const lines = [...this.#options.linesOf(neighbour)];
      this.#initialLines.set(neighbour, lines);
    }
    if (event === "caught up") this.#check(neighbour);
  }

  #check(neighbour: string): void {
    for (const line of this.#initialLines.get(neighbour)!) {
      const stored = this.#router.newestRecord(clientOf(line));
      if (stored !== undefined && !isNewer(line, stored)) continue;
      if (this.#options.mayBeLost(line)) continue;
      this.#options.onViolation({
        rule: "a server emits caught up too early",
        detail: `${this.#name} with ${neighbour}: ${line}; it has ${stored}`,
      });
    }
  }
}
