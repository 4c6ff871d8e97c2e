/**
 * The statements of a server, by which it uses the database.
 *
 * @module
 */
import type { Statement } from "./connection.ts";

const insert = `INSERT INTO herd.reports (
  client, effective_seconds, effective_nanoseconds, heard_seconds,
  heard_nanoseconds, time_seconds, time_nanoseconds, latitude, longitude, server,
  line, attributes
)
SELECT * FROM unnest(
  $1::bytea[], $2::bigint[], $3::integer[], $4::bigint[], $5::integer[],
  $6::bigint[], $7::integer[], $8::double precision[], $9::double precision[],
  $10::text[], $11::bytea[], $12::bytea[]
)`;

/**
 * Inserts rows, none if one of them is there already. The values are arrays, one
 * for each column, which `RowEncoder` writes in this order.
 */
export const insertNewRows: Statement = { name: "insert_new", text: insert };

/** Inserts rows, except those that are there already. */
export const insertRows: Statement = {
  name: "insert",
  text: `${insert}
ON CONFLICT DO NOTHING`,
};

export const addDay: Statement = {
  name: "add_day",
  text: "SELECT herd.add_day($1::integer)",
};

export const dropDaysBefore: Statement = {
  name: "drop_days_before",
  text: "SELECT herd.drop_days_before($1::integer)",
};

export const forgetClient: Statement = {
  name: "forget",
  text: "SELECT herd.forget($1::bytea, $2::bigint, $3::integer)",
};

/** The versions of the schema: one row with the highest one, or with null. */
export const readVersion: Statement = {
  text: "SELECT max(version) FROM herd.migrations",
};

/** The columns of the order of `protocol/order.ts`, the most significant first. */
const order = [
  "effective_seconds",
  "effective_nanoseconds",
  "heard_seconds",
  "heard_nanoseconds",
  "time_seconds",
  "time_nanoseconds",
  "line",
  "attributes",
];

/**
 * Reads a client's reports from a time to a time, oldest or newest first, after
 * the report of a cursor if there is one. Values: the client, seconds and
 * nanoseconds of the two times, the limit, and the eight of the cursor's report.
 */
export function readReports(
  isNewestFirst: boolean,
  hasCursor: boolean,
): Statement {
  const direction = isNewestFirst ? " DESC" : "";
  const cursor = hasCursor
    ? `
  AND (${order.join(", ")}) ${isNewestFirst ? "<" : ">"}
    ($7::bigint, $8::integer, $9::bigint, $10::integer, $11::bigint,
     $12::integer, $13::bytea, $14::bytea)`
    : "";
  // The two comparisons of seconds alone select the partitions.
  return {
    name: `read_${isNewestFirst ? "newest" : "oldest"}_${
      hasCursor ? "after" : "first"
    }`,
    text: `SELECT line, attributes FROM herd.reports
WHERE client = $1::bytea
  AND effective_seconds >= $2::bigint
  AND (effective_seconds, effective_nanoseconds) >= ($2::bigint, $3::integer)
  AND effective_seconds <= $4::bigint
  AND (effective_seconds, effective_nanoseconds) <= ($4::bigint, $5::integer)${cursor}
ORDER BY ${order.map((column) => column + direction).join(", ")}
LIMIT $6::integer`,
  };
}
