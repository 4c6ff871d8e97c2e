/**
 * Whether all servers know the same.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { isNewer } from "../../protocol/report.ts";
import { show } from "./answers.ts";

/** The newest AT line of each client, as one server tells it. */
export type Table = ReadonlyMap<ByteString, ByteString>;

/**
 * What is wrong with the servers' tables: where two differ, and where what they
 * agree on is older than it may be. Empty if nothing is.
 *
 * @param tables By the server's name.
 * @param demanded Of each client, the oldest line that will do.
 */
export function compareTables(
  clients: readonly ByteString[],
  tables: ReadonlyMap<string, Table>,
  demanded: Table,
): string[] {
  const [[first, table], ...others] = tables;
  const problems: string[] = [];
  for (const client of clients) {
    const line = table.get(client);
    for (const [other, otherTable] of others) {
      const otherLine = otherTable.get(client);
      if (otherLine === line) continue;
      problems.push(
        `${first} knows ${show(line ?? "nothing")}, ${other} ` +
          `${show(otherLine ?? "nothing")} of ${show(client)}`,
      );
    }
    const wanted = demanded.get(client);
    if (wanted === undefined) continue;
    if (line === undefined || isNewer(wanted, line)) {
      problems.push(
        `${first} knows ${show(line ?? "nothing")}, where ` +
          `${show(wanted)} was answered`,
      );
    }
  }
  return problems;
}
