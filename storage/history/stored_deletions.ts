/**
 * The deletions that a replica has, for a history that may have missed some: its
 * server was stopped before a deletion was complete, or was restored from a
 * backup.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { deletedUntil, isDeletion } from "../../protocol/deletion.ts";
import type { Timestamp } from "../../protocol/time.ts";
import type { ReplicaRecords } from "../../replica/records.ts";
import { type Turns, Workload } from "../../runtime/turns.ts";
import { recordsPerTurnCheck } from "./limits.ts";

/** The deletions of a replica, found in turns of the event loop. */
export async function* storedDeletions(
  records: ReplicaRecords,
  turns: Turns,
): AsyncGenerator<readonly [ByteString, Timestamp]> {
  const workload = new Workload();
  const walk = records.walk();
  await turns.begin(workload);
  for (let count = 1;; count++) {
    const record = walk.next();
    if (record === undefined) break;
    if (record !== "expired" && isDeletion(record)) {
      const deletion = [record.client, deletedUntil(record)] as const;
      turns.end(workload);
      yield deletion;
      await turns.begin(workload);
    } else if (count % recordsPerTurnCheck === 0 && turns.end(workload)) {
      await turns.begin(workload);
    }
  }
  turns.end(workload);
}
