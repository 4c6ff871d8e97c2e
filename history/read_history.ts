/**
 * Positions of the past for programs: the typed form of what servers have
 * recorded.
 *
 * @module
 */
import { readAt } from "../client/operands.ts";
import type { At } from "../client/types.ts";
import { textOfBytes } from "../protocol/bytes.ts";
import { formatTimestamp } from "../protocol/time.ts";
import type { HistoryReader } from "../replica/history.ts";
import { readWrittenTime, utc } from "../protocol/written_time.ts";
import { attributeMap, readPastPosition } from "./past_position.ts";
import { HistoryError, readHistories } from "./ports.ts";

/** A time: a date, POSIX seconds, or text such as `2 hours ago`, in UTC. */
export type PastTime = Date | number | string;

/** Which positions to read. */
export interface PastPositionsQuery {
  /**
   * The servers: URLs of administration ports, such as `http://127.0.0.1:8200`,
   * or servers of this program. Each has recorded the reports that it heard
   * itself.
   */
  readonly servers: readonly (string | RecordingServer)[];
  /** The client's ID. */
  readonly client: string;
  /** For the last position at or before this time, without `from` and `to`. */
  readonly at?: PastTime;
  /** For all positions from this time on. Default: the oldest. */
  readonly from?: PastTime;
  /** For all positions until this time. Default: the newest. */
  readonly to?: PastTime;
  /** A token with the role viewer, if the servers have tokens. */
  readonly token?: string;
  /**
   * Called with the URL or the name of each server that does not answer, and
   * why. By default the function throws a `HistoryError`.
   */
  readonly onSilent?: (server: string, reason: string) => void;
}

/** A server that runs inside this program. */
export interface RecordingServer {
  /** The server's name. */
  readonly name: string;
  /** Its recorded history; undefined if it records none. */
  readonly history: { readonly reader: HistoryReader } | undefined;
}

/** A position that a server has recorded. */
export interface PastReport extends At {
  /** Degrees to the north, rounded to a double. */
  readonly latitude: number;
  /** Degrees to the east, rounded to a double. */
  readonly longitude: number;
  /**
   * When the position counts, in POSIX seconds: the client's time, or the time
   * at which its server heard it, if that is earlier.
   */
  readonly effective: string;
  /** What the device said besides, such as `accuracy`. */
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * Reads what several servers have recorded about a client, the oldest first. A
 * report that several servers have recorded is given once.
 *
 * @throws {RangeError} If an option is wrong. The message names it.
 * @throws {HistoryError} If a server does not answer, without `onSilent`.
 */
export async function* readHistory(
  options: PastPositionsQuery,
): AsyncGenerator<PastReport> {
  const { client, onSilent = throwSilent, servers, token } = options;
  const [at, from, to] = (["at", "from", "to"] as const)
    .map((name) => digitsOf(name, options[name]));
  if (at !== undefined && (from ?? to) !== undefined) {
    throw new RangeError("at: expected at, or from and to");
  }
  const headers: Record<string, string> = token === undefined
    ? {}
    : { authorization: `Bearer ${token}` };
  const records = readHistories(
    servers.map((server) =>
      typeof server === "string"
        ? {
          title: server,
          fetch: (path: string, init: RequestInit) =>
            fetch(new URL(path, server), { ...init, headers }),
        }
        : { title: server.name, reader: server.history?.reader ?? noHistory }
    ),
    // As the log writes an ID.
    { id: client.replaceAll("\\", "\\\\"), at, from, to },
    ({ title }, reason) => onSilent(title, reason),
  );
  for await (const record of records) {
    const position = readPastPosition(record);
    const { effective, latitude, line, longitude } = position;
    yield {
      ...readAt(line),
      latitude: Number(latitude),
      longitude: Number(longitude),
      effective: formatTimestamp(effective),
      attributes: Object.fromEntries(
        [...attributeMap(position)].map((
          [key, value],
        ) => [key, textOfBytes(value)]),
      ),
    };
  }
}

const noHistory: HistoryReader = {
  read: () => Promise.reject(new Error("the server records no history")),
};

function throwSilent(server: string, reason: string): never {
  throw new HistoryError(`${server} has not answered: ${reason}`);
}

function digitsOf(
  name: string,
  time: PastTime | undefined,
): string | undefined {
  if (time === undefined) return undefined;
  const nowMs = Date.now();
  const now = {
    seconds: Math.floor(nowMs / 1000),
    nanoseconds: nowMs % 1000 * 1_000_000,
  };
  const text = time instanceof Date
    ? (time.getTime() / 1000).toFixed(3)
    : typeof time === "number"
    ? time.toFixed(9)
    : time;
  const written = readWrittenTime(text, { now, zone: utc });
  if ("digits" in written) return written.digits;
  throw new RangeError(`${name}: ${written.fault}`);
}
