/**
 * Checks that no client is held back by a clock that was wrong. When the clocks
 * of all servers are right again, and what was heard a minute ahead is in the
 * past, the next report of each client has to reach all servers: whatever times
 * it has sent, and whatever the clocks of servers were.
 *
 * @module
 */
import { clientOf, timeOf } from "../../protocol/report.ts";
import { hasExpiry } from "./plan.ts";
import { epochSeconds } from "./virtual_process.ts";
import type { World } from "./world.ts";

/** Clients that are checked in one herd. */
const maxClients = 8;

/**
 * Time from healing, in milliseconds: until servers know that clocks were set
 * back, and until reports have become true that were heard within the limit of 60
 * s, or of twice that if half of the clocks were wrong.
 */
const truthMs = 160_000;

/** A report reaches all servers within this time, in milliseconds. */
const arrivalMs = 3_000;

/** Whether clocks of servers are wrong in a herd, beyond their skew. */
export function hasWrongClocks({ plan }: Pick<World, "plan">): boolean {
  return plan.clocks !== undefined && plan.clocks.length > 0;
}

/** Lets clients report once more, each by a clock that may be wrong. */
export async function checkPatience(world: World): Promise<void> {
  const { plan, servers, time, violations } = world;
  if (hasExpiry(plan) || !plan.catchUp) return;
  if (hasWrongClocks(world)) await time.run(plan.healAtMs + truthMs);
  const lines = new Map<string, string>();
  const names = [...servers.keys()];
  const sent = new Map<string, string>();
  for (const line of world.reports) {
    const client = clientOf(line);
    const latest = sent.get(client);
    if (latest === undefined || Number(timeOf(line)) > Number(latest)) {
      sent.set(client, timeOf(line));
    }
  }
  // Clients that were forgotten come first.
  const forgotten = new Set(world.deletions.clients);
  const chosen = [...sent]
    .sort(([one], [other]) =>
      Number(forgotten.has(other)) - Number(forgotten.has(one))
    )
    .slice(0, maxClients);
  for (const [index, [client, latest]] of chosen.entries()) {
    // Its clock is as it was: right or slow, or as far ahead as ever.
    const now = epochSeconds + time.elapsedMs / 1_000;
    const own = Number(latest) > now ? latest : `${now.toFixed(6)}`;
    const { line } = servers.get(names[index % names.length])!.report({
      verb: "IAMAT",
      client,
      position: "+1.25-2.5",
      time: own,
    });
    lines.set(client, line);
  }
  await time.run(time.elapsedMs + arrivalMs);
  for (const [client, line] of lines) {
    for (const { name, router } of servers.values()) {
      const newest = router.newestRecord(client);
      if (newest === line) continue;
      const rule = "a client is held back";
      violations.push({ rule, detail: `${name}: ${line}, but ${newest}` });
    }
  }
}
