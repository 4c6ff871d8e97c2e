/**
 * The interface of a format of positions. A format writes one position at a time,
 * so that the memory does not grow with their number. Texts are bytes: UTF-8,
 * except that an AT line has the bytes of its client.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { PastPosition } from "../past_position.ts";

/** What a format needs besides the positions. */
export interface FormatContext {
  /** The client's ID. */
  readonly client: ByteString;
  /** Whole POSIX seconds as a date and a time for people. */
  readonly formatDateTime: (seconds: number) => string;
  /** The name of the zone of these times. */
  readonly zoneName: string;
}

/** How positions are printed: the text before, of each, and after. */
export interface PositionFormat {
  readonly start: ByteString;
  /** @param isFirst Whether no position was written before. */
  readonly position: (position: PastPosition, isFirst: boolean) => ByteString;
  readonly end: ByteString;
}

/** Makes a format for the positions of one client. */
export type CreateFormat = (context: FormatContext) => PositionFormat;
