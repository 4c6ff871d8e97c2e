/**
 * The kinds of ports that a server can open. A new kind is an entry of
 * `portKinds` and a rule in `server/settings/ports.ts`, which says when a server
 * opens it.
 *
 * @module
 */

/** One kind of port. */
export interface PortKind {
  /** Its name, in messages and in the documentation. */
  readonly name: string;
  /** The field of the herd file, and of `ServerEntry`, that holds the port. */
  readonly field: string;
  /** Distance to the server's client port where the herd file names no port. */
  readonly offset: number;
  /** What connects to it, and for what. */
  readonly purpose: string;
  /**
   * What is spoken there: lines in plain text or by TLS, as the settings say
   * (`lines`); lines by TLS only (`TLS`); or `HTTP`.
   */
  readonly transport: "lines" | "TLS" | "HTTP";
  /**
   * How a server that is ready names the port. Kinds with the same label are
   * listed together, and a kind without one is not listed.
   */
  readonly label?: string;
  /** What connects to it: neighbours, and these subcommands of `herd`. */
  readonly dialledBy: readonly string[];
}

/** All kinds, by their offsets. */
export const portKinds = [
  {
    name: "clients",
    field: "clientPort",
    offset: 0,
    purpose: "clients: IAMAT and WHATSAT",
    transport: "lines",
    label: "clients",
    dialledBy: ["send", "client", "phones"],
  },
  {
    name: "peers",
    field: "peerPort",
    offset: 100,
    purpose: "links between servers",
    transport: "lines",
    label: "peers",
    dialledBy: ["neighbours"],
  },
  {
    name: "admin",
    field: "adminPort",
    offset: 200,
    purpose: "operators: dashboard, metrics, health",
    transport: "HTTP",
    dialledBy: ["status"],
  },
  {
    name: "TLS",
    field: "tlsPort",
    offset: 300,
    purpose: "clients that use TLS",
    transport: "TLS",
    label: "clients",
    dialledBy: [],
  },
] as const satisfies readonly PortKind[];

/** The name of a kind. */
export type PortName = (typeof portKinds)[number]["name"];

/** The ports of one server, by the kinds' fields: TCP ports, 1 to 65,535. */
export type ServerPorts = Readonly<
  Record<(typeof portKinds)[number]["field"], number>
>;
