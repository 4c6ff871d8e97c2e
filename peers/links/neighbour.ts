/**
 * One neighbour: where it is, the link with it that is in use, and what is
 * counted about it.
 *
 * @module
 */
import type { ServerEntry } from "../topology.ts";
import type { Link } from "./link.ts";
import { LinkCounts } from "./link_counts.ts";

/** A neighbour, as the keeper of all links knows it. */
export class Neighbour {
  readonly entry: ServerEntry;
  readonly counts: LinkCounts;
  /** The link in use. */
  link: Link | undefined;
  /** Whether we are shaking hands on a connection that we have dialled. */
  isInHandshake = false;
  /** Called when there is no link in use any more. */
  onUnlinked: (() => void) | undefined;
  /** The last reason why it could not be dialled, so as to log it once. */
  lastFailure: string | undefined;

  /** @param now POSIX seconds. */
  constructor(entry: ServerEntry, now: number) {
    this.entry = entry;
    this.counts = new LinkCounts(now);
  }

  get name(): string {
    return this.entry.name;
  }

  get isUp(): boolean {
    return this.link !== undefined;
  }
}
