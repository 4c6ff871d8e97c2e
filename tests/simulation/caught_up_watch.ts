/**
 * Checks that a simulated server which says that it has caught up with a
 * neighbour knows all that this one knew when their link came up.
 *
 * @module
 */
import type { FloodRouter } from "../../peers/replication/flood_router.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { clientOf, isNewer } from "../../protocol/report.ts";
import type { Violation } from "./crossings.ts";

/** What to check, and what to do about it. */
export interface CaughtUpWatchOptions {
  readonly catchUp: boolean;
  readonly maxClients?: number;
  readonly clientTtlSeconds?: number;
  /** What a server knows that is alive. */
  readonly knowledgeOf: (name: string) => Iterable<ByteString>;
  readonly onViolation: (violation: Violation) => void;
}

/** Watches the links of one server. */
export class CaughtUpWatch {
  readonly #name: string;
  readonly #replica: FloodRouter;
  readonly #options: CaughtUpWatchOptions;
  /** What each neighbour knew when the link with it came up. */
  readonly #knowledge = new Map<string, readonly ByteString[]>();

  constructor(
    name: string,
    replica: FloodRouter,
    options: CaughtUpWatchOptions,
  ) {
    this.#name = name;
    this.#replica = replica;
    this.#options = options;
  }

  /** Something has happened on the link with a neighbour. */
  see(event: string, neighbour: string): void {
    const { catchUp, clientTtlSeconds, maxClients } = this.#options;
    const forgets = maxClients !== undefined || clientTtlSeconds !== undefined;
    if (!catchUp || forgets) return;
    if (event === "link up") {
      const known = [...this.#options.knowledgeOf(neighbour)];
      this.#knowledge.set(neighbour, known);
    }
    if (event === "caught up") this.#judge(neighbour);
  }

  #judge(neighbour: string): void {
    for (const line of this.#knowledge.get(neighbour)!) {
      const known = this.#replica.newest(clientOf(line));
      if (known !== undefined && !isNewer(line, known)) continue;
      this.#options.onViolation({
        rule: "a server says that it has caught up, and has not",
        detail: `${this.#name} with ${neighbour}: ${line}; known is ${known}`,
      });
    }
  }
}
