/**
 * Checks that reports go round a link that has died silently, long before its
 * servers give it up. Until then nothing else repairs the flood: neighbours that
 * hold reports back have to announce them, and these have to be requested.
 *
 * @module
 */
import { Random } from "../../runtime/random.ts";
import { hasExpiry, isConnected, type Plan, type ServerPair } from "./plan.ts";
import type { World } from "./world.ts";

/**
 * Each report has to arrive within this time, in milliseconds: shorter than any
 * silence timeout that is drawn. An announcement takes 100 ms.
 */
const detourMs = 2_500;

/** With longer delays, in milliseconds, reports may take longer than that. */
const maxDelayMs = 10;

/** Swallows a link of a circle, and lets a client report to each server. */
export async function checkDetour(world: World): Promise<void> {
  const { network, plan, servers, time, violations } = world;
  const links = linksInCircles(plan);
  const isSlow = Math.max(...plan.delayMs) > maxDelayMs;
  if (links.length === 0 || isSlow || hasExpiry(plan)) return;
  const link = new Random(plan.seed).pick(links);
  network.swallow(link);
  const lines = new Map([...servers.values()].map((server) => {
    const client = `client-of-${server.name}`;
    const { record: line } = server.report({
      verb: "IAMAT",
      client,
      position: "+34-118",
      time: "0",
    });
    return [client, line];
  }));
  await time.run(time.elapsedMs + detourMs);
  for (const [client, line] of lines) {
    for (const { name, router } of servers.values()) {
      if (router.newestRecord(client) === line) continue;
      violations.push({
        rule: "a report does not go round a dead link",
        detail: `${name}, with ${link.join(" and ")} disconnected: ${line}`,
      });
    }
  }
}

/** The links without which the herd remains connected. */
function linksInCircles({ links, servers }: Plan): ServerPair[] {
  return links.filter((link) =>
    isConnected(servers, links.filter((other) => other !== link))
  );
}
