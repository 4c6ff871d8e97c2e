/**
 * When links were up, according to the servers' logs.
 *
 * @module
 */

/** A period, in microseconds since 1970. */
export interface Interval {
  readonly fromUs: number;
  readonly toUs: number;
}

/** A link according to the log of one of its two servers. */
export interface LinkObservation {
  readonly server: string;
  readonly neighbour: string;
  /** When it was up, in order. */
  readonly up: readonly Interval[];
  /** Whether it was still up when the log ended. */
  readonly isOpen: boolean;
  /**
   * How often it went down for each reason; `killed` if the server ended
   * without logging one.
   */
  readonly reasons: ReadonlyMap<string, number>;
}

/** A link between two servers, according to the logs of both. */
export interface LinkTimes {
  /** The two servers, in the order of their names. */
  readonly servers: readonly [string, string];
  /** When it was up in both logs, or in the only log. */
  readonly up: readonly Interval[];
  /** How often it was lost. */
  readonly losses: number;
  readonly views: readonly LinkObservation[];
}

interface NeighbourLinkTimes {
  /** A link that is being replaced has two connections for a short time. */
  readonly connections: Set<string>;
  sinceUs: number;
  readonly up: Interval[];
  readonly reasons: Map<string, number>;
}

/** Collects the links of one server. */
export class LinkObserver {
  readonly #server: string;
  readonly #neighbours = new Map<string, NeighbourLinkTimes>();
  /** Connections whose beginning is known. */
  readonly #begun = new Set<string>();

  constructor(server: string) {
    this.#server = server;
  }

  /** Adds a neighbour, though there may have been no link to it. */
  addNeighbour(neighbour: string): void {
    this.#of(neighbour);
  }

  /**
   * A line was logged for a connection. If its beginning is not in the log, it
   * was open when the log began.
   */
  onTraffic(beginsUs: number, connection: string): void {
    if (this.#begun.has(connection)) return;
    const [, , neighbour] = connection.split("/");
    if (neighbour !== undefined) this.onUp(beginsUs, neighbour, connection);
    this.#begun.add(connection);
  }

  onUp(timeUs: number, neighbour: string, connection: string): void {
    this.#begun.add(connection);
    const link = this.#of(neighbour);
    if (link.connections.size === 0) link.sinceUs = timeUs;
    link.connections.add(connection);
  }

  onDown(
    timeUs: number,
    neighbour: string,
    connection: string,
    reason: string,
  ): void {
    this.#begun.add(connection);
    const link = this.#of(neighbour);
    // The connection was closed before `link-up`.
    if (!link.connections.delete(connection)) return;
    link.reasons.set(reason, (link.reasons.get(reason) ?? 0) + 1);
    if (link.connections.size === 0) this.#end(link, timeUs);
  }

  /**
   * Another run begins. Open links ended with the last record of the run
   * before.
   */
  onRestart(lastUs: number): void {
    this.#begun.clear();
    for (const link of this.#neighbours.values()) {
      if (link.connections.size === 0) continue;
      link.connections.clear();
      link.reasons.set("killed", (link.reasons.get("killed") ?? 0) + 1);
      this.#end(link, lastUs);
    }
  }

  /** The links until the log's last record. */
  views(lastUs: number): LinkObservation[] {
    return [...this.#neighbours].map(([neighbour, link]) => {
      const isOpen = link.connections.size > 0;
      const { reasons, sinceUs, up } = link;
      return {
        server: this.#server,
        neighbour,
        up: isOpen ? [...up, { fromUs: sinceUs, toUs: lastUs }] : up,
        isOpen,
        reasons,
      };
    });
  }

  #end({ sinceUs, up }: NeighbourLinkTimes, toUs: number): void {
    up.push({ fromUs: sinceUs, toUs: Math.max(sinceUs, toUs) });
  }

  #of(neighbour: string): NeighbourLinkTimes {
    let link = this.#neighbours.get(neighbour);
    if (link === undefined) {
      const connections = new Set<string>();
      link = { connections, sinceUs: 0, up: [], reasons: new Map() };
      this.#neighbours.set(neighbour, link);
    }
    return link;
  }
}

/** Joins the observations of all servers, in the order of their names. */
export function joinViews(views: readonly LinkObservation[]): LinkTimes[] {
  const pairOf = ({ neighbour, server }: LinkObservation) =>
    [server, neighbour].sort().join(" ");
  const pairs = [...Map.groupBy(views, pairOf)].sort(([a], [b]) =>
    a < b ? -1 : 1
  );
  return pairs.map(([pair, views]) => {
    const [first, second] = pair.split(" ");
    const up = views.map((view) => view.up).reduce(intersection);
    // The end of a log does not count as a loss.
    const ends = new Set(
      views.filter(({ isOpen }) => isOpen).map(({ up }) => up.at(-1)!.toUs),
    );
    const losses = up.filter(({ toUs }) => !ends.has(toUs)).length;
    return { servers: [first, second], up, losses, views };
  });
}

/** The intersection of two lists of intervals. */
function intersection(
  a: readonly Interval[],
  b: readonly Interval[],
): Interval[] {
  const both: Interval[] = [];
  let [at, bt] = [0, 0];
  while (at < a.length && bt < b.length) {
    const fromUs = Math.max(a[at].fromUs, b[bt].fromUs);
    const toUs = Math.min(a[at].toUs, b[bt].toUs);
    if (fromUs < toUs) both.push({ fromUs, toUs });
    if (a[at].toUs < b[bt].toUs) at += 1;
    else bt += 1;
  }
  return both;
}
