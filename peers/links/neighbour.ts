/**
 * The state of one neighbour: its address, the link in use, and its counts.
 *
 * @module
 */
import type { Clock } from "../../runtime/clock.ts";
import type { ServerEntry } from "../topology.ts";
import type { Link } from "./link.ts";
import { LinkCounts } from "./link_counts.ts";

/** A run of a server with the neighbour's name, and where it is. */
export interface SeenIncarnation {
  readonly incarnation: string;
  readonly remote: string;
}

/** A neighbour, as the link manager sees it. */
export class Neighbour {
  readonly entry: ServerEntry;
  readonly counts: LinkCounts;
  /** The link in use. */
  link: Link | undefined;
  /** Whether a connection that was dialled to it is in its handshake. */
  isInHandshake = false;
  /** Called when the link in use has ended. */
  onUnlinked: (() => void) | undefined;
  /** Why the latest dial failed, so that the same reason is logged once. */
  lastFailure: string | undefined;

  /** The present incarnation and the one before it. */
  incarnations: readonly SeenIncarnation[] = [];
  /** When an incarnation came back after another one, in milliseconds. */
  alternationsMs: readonly number[] = [];
  /** When these were last logged, in milliseconds. */
  duplicateWarnedAtMs = -Infinity;
  horizonWarnedAtMs = -Infinity;
  deletionWarnedAtMs = -Infinity;

  constructor(entry: ServerEntry, clock: Clock) {
    this.entry = entry;
    this.counts = new LinkCounts(clock);
  }

  get name(): string {
    return this.entry.name;
  }

  get isUp(): boolean {
    return this.link !== undefined;
  }
}
