/** What the administration port sends, as the page reads it. */

export interface HerdStatus {
  readonly version: number;
  readonly time: number;
  readonly self: string;
  readonly herd: {
    readonly servers: readonly HerdServer[];
    readonly links: readonly (readonly [string, string])[];
  };
  readonly servers: readonly ServerStatus[];
}

export interface HerdServer {
  readonly name: string;
  readonly host: string;
  readonly clientPort: number;
  readonly adminPort: number;
}

export interface ServerStatus {
  readonly name: string;
  readonly software: string;
  readonly startedAt: number;
  readonly isStopping: boolean;
  readonly notReady: string | null;
  readonly clients: number;
  readonly connections: { readonly open: number; readonly accepted: number };
  readonly lines: {
    readonly iamat: number;
    readonly whatsat: number;
    readonly invalid: number;
  };
  readonly reports: {
    readonly newer: number;
    readonly known: number;
    readonly forgotten: number;
  };
  readonly links: readonly LinkStatus[];
  readonly propagationSeconds: Distribution;
  readonly whatsatSeconds: Distribution;
  readonly places: {
    readonly provider: string;
    readonly requests: Readonly<Record<string, number>>;
  };
  readonly log: {
    readonly path: string;
    readonly lagBytes: number;
    readonly lostLines: number;
    readonly lostBytes: number;
    readonly fault: string | null;
  };
  readonly limitHits: Readonly<Record<string, number>>;
  readonly memoryBytes: number;
}

export interface LinkStatus {
  readonly neighbour: string;
  readonly isUp: boolean;
  readonly since: number;
  readonly isCaughtUp: boolean;
  readonly waitingReports: number;
  readonly losses: number;
  readonly lastFailure: string | null;
}

export interface Distribution {
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly (readonly [number, number])[];
}

/** ID, latitude, longitude, the server that heard it, the client's time. */
export type Position = readonly [string, number, number, string, number];

export interface Positions {
  readonly isSnapshot: boolean;
  readonly known: number;
  readonly heard: number;
  readonly positions: readonly Position[];
}

export interface LogEvent {
  readonly server: string;
  readonly time: number;
  readonly level: string;
  readonly connection: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface WorldMap {
  readonly width: number;
  readonly height: number;
  readonly sphere: string;
  readonly graticule: string;
  readonly land: string;
  readonly borders: string;
  readonly xPerDegree: readonly number[];
  readonly y: readonly number[];
}

/** A server as the page shows it. */
export interface ServerView {
  readonly name: string;
  /** Its place in the herd file, which gives it its colour. */
  readonly index: number;
  readonly state:
    | "ready"
    | "not ready"
    | "stopping"
    | "reachable"
    | "down"
    | "unseen";
  /** More about the state; empty if there is no more. */
  readonly note: string;
  /** undefined if it is not of the process that is asked. */
  readonly status: ServerStatus | undefined;
  readonly entry: HerdServer;
}

/** A link as the page shows it. */
export interface LinkView {
  readonly ends: readonly [string, string];
  readonly state: "up" | "behind" | "catching up" | "down" | "unseen";
  /** Reports that wait, at the end where more do. */
  readonly waiting: number;
  /** More about the state; empty if there is no more. */
  readonly note: string;
}
