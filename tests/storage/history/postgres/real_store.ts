/**
 * Stores in a real database, and what tests ask them.
 *
 * @module
 */
import { makeReport } from "../../../../protocol/report.ts";
import type { Timestamp } from "../../../../protocol/time.ts";
import { SystemClock } from "../../../../runtime/clock.ts";
import { LimitCounts } from "../../../../runtime/limit_counts.ts";
import { Turns } from "../../../../runtime/turns.ts";
import type { ConnectionSettings } from "../../../../storage/history/postgres/connection.ts";
import { openPostgresStore } from "../../../../storage/history/postgres/open.ts";
import type { PostgresStore } from "../../../../storage/history/postgres/postgres_store.ts";
import type { RecordBatch } from "../../../../storage/history/record_batch.ts";
import type { PostgresServer } from "./postgres_server.ts";

/** The present day, counted from 1970-01-01 in UTC. */
export const today = Math.floor(Date.now() / 86_400_000);

/** A time of today that has passed. */
export const now: Timestamp = {
  seconds: Math.floor(Date.now() / 1000),
  nanoseconds: 123_456_789,
};

/** A record about a client that was sent and heard at these times. */
export function recordOf(
  client: string,
  time: string | number = now.seconds,
  { attributes = "", heard = now, position = "+34.068930-118.445127" } = {},
): string {
  const iamat = {
    verb: "IAMAT",
    client,
    position,
    time: String(time),
  } as const;
  return makeReport("Hill", heard, iamat, attributes).record;
}

export const place = "postgres://campus@127.0.0.1/herd";

/** What a history needs. */
export function optionsFor(
  server: PostgresServer,
  options: Partial<ConnectionSettings> & { spoolFolder?: string } = {},
) {
  const clock = new SystemClock();
  const { spoolFolder, ...settings } = options;
  return {
    connection: server.settings(settings),
    place,
    spoolFolder,
    maxSpoolBytes: undefined,
    server: "Hill",
    clock,
    turns: new Turns(clock),
    counts: new LimitCounts(clock, () => {}),
    emit: () => {},
  };
}

/** Opens a store as a server does. */
export function open(
  ...parameters: Parameters<typeof optionsFor>
): Promise<PostgresStore> {
  return openPostgresStore(optionsFor(...parameters));
}

/** Appends a batch. Resolves when it is in the database, and not in the spool. */
export async function append(
  store: PostgresStore,
  batch: RecordBatch,
): Promise<void> {
  await store.append(batch);
  await until(() => store.state.waitingRecords === 0);
}

/** All records of a client, page by page. */
export async function readAll(
  store: PostgresStore,
  client: string,
  query: { isNewestFirst?: boolean; limit?: number } = {},
): Promise<string[]> {
  const records: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.read({ client, limit: 1_000, cursor, ...query });
    records.push(...page.records);
    cursor = page.next;
  } while (cursor !== undefined);
  return records;
}

/** How many rows a client has. */
export async function countOf(
  server: PostgresServer,
  client: string,
): Promise<number> {
  const hex = [...client].map((byte) =>
    byte.charCodeAt(0).toString(16).padStart(2, "0")
  ).join("");
  const [[count]] = await server.query(
    `SELECT count(*) FROM herd.reports WHERE client = '\\x${hex}'`,
  );
  return Number(count);
}

/** Waits until a condition holds, for as long as the test may take. */
export async function until(
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  while (!await condition()) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** How many partitions there are. */
export async function partitions(server: PostgresServer): Promise<number> {
  const [[count]] = await server.query(
    "SELECT count(*) FROM pg_inherits WHERE inhparent = 'herd.reports'::regclass",
  );
  return Number(count);
}

/** A folder that is removed at the end of a block. */
export async function temporaryFolder() {
  const path = await Deno.makeTempDir({ prefix: "herd-spool-" });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
