/**
 * A context for sessions, with the default limits unless a test sets others.
 *
 * @module
 */
import { Turns } from "../../runtime/turns.ts";
import { BatchPool } from "../../protocol/batch.ts";
import { LimitCounts } from "../../runtime/limit_counts.ts";
import { RefusalCounts } from "../../runtime/refusal_counts.ts";
import { FairSemaphore } from "../../runtime/semaphore.ts";
import {
  type ClientLimits,
  defaultClientLimits,
} from "../../sessions/limits.ts";
import {
  createLineCounters,
  type SessionBackend,
  type SessionContext,
  type SessionReplica,
} from "../../sessions/session.ts";
import { ManualClock } from "../fakes/manual_clock.ts";

/** Creates a context for one session or several. */
export function sessionContext(
  backend: SessionBackend,
  replica: SessionReplica,
  chosen: Partial<ClientLimits> = {},
): SessionContext {
  const limits = { ...defaultClientLimits, ...chosen };
  return {
    backend,
    replica,
    limits,
    counts: new LimitCounts(new ManualClock(), () => {}),
    refusals: new RefusalCounts(),
    lines: createLineCounters(),
    permits: new FairSemaphore(limits.maxQueriesInTotal),
    turns: new Turns(new ManualClock()),
    replyPool: new BatchPool(4),
  };
}
