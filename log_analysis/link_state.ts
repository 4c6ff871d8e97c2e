/**
 * What was said on one link, as far as it tells why a report crosses it.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { Direction } from "./record_reader.ts";

/**
 * Why a server sends a report to a neighbour: because it is news; because the
 * neighbour has asked for it after it was announced (HAVE, WANT); or because
 * the two have compared what they know, or their link was down.
 */
export type Route = "flood" | "asked" | "catch-up";

/** One direction in which reports go. What it takes to ask for one goes back. */
export class LaneState {
  readonly #upOrder: number;
  /** The servers whose reports are held back. */
  readonly #heldBack = new Set<string>();
  /** Reports that are not for the flood: they were known before, or held back. */
  readonly #notFlooded = new Set<ByteString>();
  /** Reports that have gone this way. */
  readonly #sent = new Set<ByteString>();
  /** Marks of reports that were announced, and that were asked for. */
  readonly announced = new Set<string>();
  readonly requested = new Set<string>();

  constructor(upOrder: number) {
    this.#upOrder = upOrder;
  }

  /** The neighbour asks to hold a server's reports back, or no longer to. */
  holdBack(server: string, isHeldBack: boolean): void {
    if (isHeldBack) this.#heldBack.add(server);
    else this.#heldBack.delete(server);
  }

  learn(line: ByteString, server: string): void {
    if (this.#heldBack.has(server)) this.#notFlooded.add(line);
  }

  /** A report goes this way: why? */
  routeOf(
    { mark, report: { line } }: {
      readonly mark: string;
      readonly report: { readonly line: ByteString };
    },
    knownOrder: number,
  ): Route {
    const isRepeated = this.#sent.has(line);
    this.#sent.add(line);
    if (this.requested.has(mark)) {
      return this.announced.has(mark) ? "asked" : "catch-up";
    }
    const isFlooded = !isRepeated && !this.#notFlooded.has(line) &&
      knownOrder > this.#upOrder;
    return isFlooded ? "flood" : "catch-up";
  }
}

/** Both directions of a link, as the server sees them whose log it is. */
export class LinkState {
  /** Reports that the server sends. */
  readonly out: LaneState;
  /** Reports that it receives. */
  readonly in: LaneState;

  /** @param upOrder The number of the record that says that the link is up. */
  constructor(upOrder: number) {
    this.out = new LaneState(upOrder);
    this.in = new LaneState(upOrder);
  }

  /** The lane that a message belongs to which goes the way of the reports. */
  along(direction: Direction): LaneState {
    return direction === "sent" ? this.out : this.in;
  }

  /** That of a message which goes against them: it is about what shall come. */
  against(direction: Direction): LaneState {
    return direction === "sent" ? this.in : this.out;
  }
}
