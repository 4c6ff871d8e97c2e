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
export type Way = "flood" | "asked" | "catch-up";

/** One direction in which reports go. What it takes to ask for one goes back. */
export class ReportLane {
  readonly #upOrder: number;
  /** The servers whose reports are held back. */
  readonly #heldBack = new Set<string>();
  /** Reports that are not for the flood: they were known before, or held back. */
  readonly #notFlooded = new Set<ByteString>();
  /** Reports that have gone this way. */
  readonly #gone = new Set<ByteString>();
  /** Marks of reports that were announced, and that were asked for. */
  readonly announced = new Set<string>();
  readonly wanted = new Set<string>();

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
  wayOf(
    { mark, report: { line } }: {
      readonly mark: string;
      readonly report: { readonly line: ByteString };
    },
    knownOrder: number,
  ): Way {
    const isRepeated = this.#gone.has(line);
    this.#gone.add(line);
    if (this.wanted.has(mark)) {
      return this.announced.has(mark) ? "asked" : "catch-up";
    }
    const isFlooded = !isRepeated && !this.#notFlooded.has(line) &&
      knownOrder > this.#upOrder;
    return isFlooded ? "flood" : "catch-up";
  }
}

/** Both directions of a link, as the server sees them whose log it is. */
export class LinkTalk {
  /** Reports that the server sends. */
  readonly out: ReportLane;
  /** Reports that it receives. */
  readonly in: ReportLane;

  /** @param upOrder The number of the record that says that the link is up. */
  constructor(upOrder: number) {
    this.out = new ReportLane(upOrder);
    this.in = new ReportLane(upOrder);
  }

  /** The lane that a message belongs to which goes the way of the reports. */
  along(direction: Direction): ReportLane {
    return direction === "sent" ? this.out : this.in;
  }

  /** That of a message which goes against them: it is about what shall come. */
  against(direction: Direction): ReportLane {
    return direction === "sent" ? this.in : this.out;
  }
}
