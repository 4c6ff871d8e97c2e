/**
 * A report's path as a tree: the children of a server are those to which it
 * sent the report.
 *
 * @module
 */
import {
  type Announcement,
  type Hop,
  type ReportPath,
  timeOfHop,
} from "./report_path.ts";

/** A server in the tree, or a report that was not new to it. */
export interface Branch {
  readonly server: string;
  /**
   * The hop that delivered the report; undefined at a root or an announcement.
   */
  readonly hop: Hop | undefined;
  /** Set if only an announcement was sent. */
  readonly announcement?: Announcement;
  readonly branches: readonly Branch[];
}

/**
 * The tree of the server that received the report from its client, and separate
 * trees where missing logs leave no connection to it.
 */
export function treesOf(
  { announcements, arrivals, hops, report }: ReportPath,
): Branch[] {
  const delivering = new Map(
    arrivals.map(({ hop, server }) => [server, hop] as const),
  );
  const placed = new Set<string>();
  const branch = (server: string, hop: Hop | undefined): Branch => {
    placed.add(server);
    const children: [timeUs: number, make: () => Branch][] = [];
    for (const next of hops) {
      if (next.from !== server) continue;
      children.push([timeOfHop(next), () => {
        const isArrival = delivering.get(next.to) === next &&
          !placed.has(next.to);
        return isArrival
          ? branch(next.to, next)
          : { server: next.to, hop: next, branches: [] };
      }]);
    }
    for (const announcement of announcements) {
      if (announcement.from !== server) continue;
      const isSent = hops.some((next) =>
        next.from === server && next.to === announcement.to &&
        next.route === "asked"
      );
      if (isSent) continue;
      const leaf = {
        server: announcement.to,
        hop: undefined,
        announcement,
        branches: [],
      };
      children.push([announcement.timeUs, () => leaf]);
    }
    children.sort(([a], [b]) => a - b);
    return { server, hop, branches: children.map(([, make]) => make()) };
  };
  const trees = [branch(report.server, undefined)];
  for (const { hop, server } of arrivals) {
    if (hop === undefined || placed.has(server)) continue;
    // The sender must have received the report, but no log shows from where.
    const root = rootOf(hop, delivering, placed);
    trees.push(branch(root, delivering.get(root)));
  }
  // The same holds for servers whose reports or announcements were not new.
  for (const { from } of [...hops, ...announcements]) {
    if (!placed.has(from)) trees.push(branch(from, delivering.get(from)));
  }
  return trees;
}

/** The first server on the path to a hop, as far as the logs show. */
function rootOf(
  hop: Hop,
  delivering: ReadonlyMap<string, Hop | undefined>,
  placed: ReadonlySet<string>,
): string {
  const seen = new Set<string>();
  let server = hop.from;
  while (!seen.has(server)) {
    seen.add(server);
    const earlier = delivering.get(server);
    if (earlier === undefined || placed.has(earlier.from)) break;
    server = earlier.from;
  }
  return server;
}
