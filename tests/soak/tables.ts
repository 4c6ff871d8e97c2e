/**
 * Compares the reports of all servers.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { isMissing } from "../../protocol/order.ts";
import { show } from "./answers.ts";

/** The newest AT line of each client at one server. */
export type Table = ReadonlyMap<ByteString, ByteString>;

/**
 * The faults of the servers' tables: two differ, or a line is older than
 * required. Empty if there is none.
 *
 * @param tables By the server's name.
 * @param required For each client, the oldest line that is accepted.
 */
export function compareTables(
  clients: readonly ByteString[],
  tables: ReadonlyMap<string, Table>,
  required: Table,
): string[] {
  const [[first, table], ...others] = tables;
  const problems: string[] = [];
  for (const client of clients) {
    const line = table.get(client);
    for (const [other, otherTable] of others) {
      const otherLine = otherTable.get(client);
      if (otherLine === line) continue;
      problems.push(
        `${first} has ${show(line ?? "nothing")}, ${other} ` +
          `${show(otherLine ?? "nothing")} of ${show(client)}`,
      );
    }
    const oldest = required.get(client);
    if (oldest === undefined) continue;
    if (line === undefined || isMissing(oldest, line)) {
      problems.push(
        `${first} has ${show(line ?? "nothing")}, but ${show(oldest)} was ` +
          "answered",
      );
    }
  }
  return problems;
}
