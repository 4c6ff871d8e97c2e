/**
 * Converts the statistics to JSON data.
 *
 * @module
 */
import { verbs } from "../protocol/command.ts";
import type { Histogram } from "../runtime/histogram.ts";
import { type HerdStats, uptimeShare } from "./herd_stats.ts";
import { percentilesIn } from "./percentiles.ts";
import type { Counts } from "./server_stats.ts";

const object = (counts: Counts) => Object.fromEntries(counts);

const percentiles = (histogram: Histogram) => percentilesIn(histogram) ?? null;

/**
 * The statistics as plain data. Durations are whole microseconds, and times are
 * whole microseconds since 1970. Missing values are null.
 */
export function statsData(herd: HerdStats): unknown {
  const { firstUs, lastUs, links, servers } = herd;
  return {
    firstUs,
    lastUs,
    servers: servers.map(({ bytes, lines, stats }) => ({
      server: stats.server,
      firstUs: lines.records > 0 ? stats.firstUs : null,
      lastUs: lines.records > 0 ? stats.lastUs : null,
      bytes,
      runs: stats.runs,
      connections: stats.connections,
      records: lines.records,
      cutLines: lines.cut,
      damagedLines: lines.damaged,
      missing: stats.missing,
      fromClients: object(stats.fromClients),
      toClients: object(stats.toClients),
      fromPeers: object(stats.fromPeers),
      toPeers: object(stats.toPeers),
      events: object(stats.events),
      waits: Object.fromEntries(
        verbs.map((verb) => [verb, percentiles(stats.waits[verb])]),
      ),
      propagation: stats.propagation ?? null,
    })),
    links: links.map((link) => ({
      servers: link.servers,
      shareUp: uptimeShare(link, herd),
      losses: link.losses,
      up: link.up,
      reasons: Object.fromEntries(
        link.views.map(({ reasons, server }) => [server, object(reasons)]),
      ),
    })),
  };
}
