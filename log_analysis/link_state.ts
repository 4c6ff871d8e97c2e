/**
 * Tracks the messages on a link, to find out why a report was sent on it.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { Direction } from "./record_reader.ts";

/**
 * Why a server sent a report to a neighbour. `flood`: the report was new.
 * `asked`: the neighbour requested it after an announcement (HAVE, WANT).
 * `catch-up`: the two compared their reports, or their link was down before.
 */
export type Route = "flood" | "asked" | "catch-up";

/**
 * The state of one direction of reports. The messages that request reports
 * travel in the opposite direction.
 */
export class DirectionState {
  readonly #upOrder: number;
  /** The servers whose reports are only announced, after a PRUNE. */
  readonly #pruned = new Set<string>();
  /** Reports that were only announced. */
  readonly #notFlooded = new Set<ByteString>();
  /** Reports that were sent in this direction. */
  readonly #sent = new Set<ByteString>();
  /** IDs of reports that were announced or requested. */
  readonly announced = new Set<string>();
  readonly requested = new Set<string>();

  constructor(upOrder: number) {
    this.#upOrder = upOrder;
  }

  /** The neighbour sent PRUNE or GRAFT for a server's reports. */
  setPruned(server: string, isPruned: boolean): void {
    if (isPruned) this.#pruned.add(server);
    else this.#pruned.delete(server);
  }

  onNewReport(line: ByteString, server: string): void {
    if (this.#pruned.has(server)) this.#notFlooded.add(line);
  }

  /**
   * Records a report that was sent in this direction. Returns why it was sent.
   */
  routeOf(
    { id, report: { line } }: {
      readonly id: string;
      readonly report: { readonly line: ByteString };
    },
    knownOrder: number,
  ): Route {
    const isRepeated = this.#sent.has(line);
    this.#sent.add(line);
    if (this.requested.has(id)) {
      return this.announced.has(id) ? "asked" : "catch-up";
    }
    const isFlooded = !isRepeated && !this.#notFlooded.has(line) &&
      knownOrder > this.#upOrder;
    return isFlooded ? "flood" : "catch-up";
  }
}

/**
 * Both directions of a link, from the view of the server that wrote the log.
 */
export class LinkState {
  /** Reports that the server sends. */
  readonly out: DirectionState;
  /** Reports that it receives. */
  readonly in: DirectionState;

  /** @param upOrder The number of the `link-up` record. */
  constructor(upOrder: number) {
    this.out = new DirectionState(upOrder);
    this.in = new DirectionState(upOrder);
  }

  /**
   * The state for a message that travels in the same direction as its reports,
   * such as HAVE.
   */
  along(direction: Direction): DirectionState {
    return direction === "sent" ? this.out : this.in;
  }

  /**
   * The state for a message that travels in the opposite direction to its
   * reports, such as WANT.
   */
  against(direction: Direction): DirectionState {
    return direction === "sent" ? this.in : this.out;
  }
}
