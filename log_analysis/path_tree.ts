/**
 * A report's path as a tree: below each server those that it has sent the
 * report to.
 *
 * @module
 */
import {
  type Hop,
  type ReportPath,
  timeOfHop,
  type Told,
} from "./report_path.ts";

/** A server in the tree, or a report that came to one in vain. */
export interface Branch {
  readonly server: string;
  /** What brought the report; undefined where it came in, or nobody knows. */
  readonly hop: Hop | undefined;
  /** Set if nothing was sent but a HAVE. */
  readonly told?: Told;
  readonly branches: readonly Branch[];
}

/**
 * The tree below the server that has heard the report; and further ones, where
 * logs are missing that would tie them to it.
 */
export function treesOf(
  { arrivals, hops, report, told }: ReportPath,
): Branch[] {
  const bringing = new Map(
    arrivals.map(({ hop, server }) => [server, hop] as const),
  );
  const placed = new Set<string>();
  const branch = (server: string, hop: Hop | undefined): Branch => {
    placed.add(server);
    const below: [timeUs: number, make: () => Branch][] = [];
    for (const next of hops) {
      if (next.from !== server) continue;
      below.push([timeOfHop(next), () => {
        const isArrival = bringing.get(next.to) === next &&
          !placed.has(next.to);
        return isArrival
          ? branch(next.to, next)
          : { server: next.to, hop: next, branches: [] };
      }]);
    }
    for (const word of told) {
      if (word.from !== server) continue;
      const isSent = hops.some((next) =>
        next.from === server && next.to === word.to && next.route === "asked"
      );
      if (isSent) continue;
      const leaf = {
        server: word.to,
        hop: undefined,
        told: word,
        branches: [],
      };
      below.push([word.timeUs, () => leaf]);
    }
    below.sort(([a], [b]) => a - b);
    return { server, hop, branches: below.map(([, make]) => make()) };
  };
  const trees = [branch(report.server, undefined)];
  for (const { hop, server } of arrivals) {
    if (hop === undefined || placed.has(server)) continue;
    // Who sent it has it from somewhere, but no log says from where.
    const root = rootOf(hop, bringing, placed);
    trees.push(branch(root, bringing.get(root)));
  }
  // Nor how those have it who have sent it in vain.
  for (const { from } of [...hops, ...told]) {
    if (!placed.has(from)) trees.push(branch(from, bringing.get(from)));
  }
  return trees;
}

/** Up from a hop, as far as logs tell. */
function rootOf(
  hop: Hop,
  bringing: ReadonlyMap<string, Hop | undefined>,
  placed: ReadonlySet<string>,
): string {
  const seen = new Set<string>();
  let server = hop.from;
  while (!seen.has(server)) {
    seen.add(server);
    const earlier = bringing.get(server);
    if (earlier === undefined || placed.has(earlier.from)) break;
    server = earlier.from;
  }
  return server;
}
