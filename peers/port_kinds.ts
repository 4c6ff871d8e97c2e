/**
 * The kinds of ports that a server can open. A new kind needs an entry in
 * `portKinds` and a rule in `server/settings/ports.ts` for when a server opens
 * it.
 *
 * @module
 */

/** One kind of port. */
export interface PortKind {
  /** Its name in messages and in the documentation. */
  readonly name: string;
  /** The field for the port in the herd file and in `ServerEntry`. */
  readonly field: string;
  /** Added to the server's client port if the herd file names no port. */
  readonly offset: number;
  /** The programs that connect to it, and their purpose. */
  readonly purpose: string;
  /**
   * The protocol: lines in plain text or by TLS, depending on the settings
   * (`lines`); lines by TLS only (`TLS`); `HTTP`; `MQTT`; or `NMEA`.
   */
  readonly transport: "lines" | "TLS" | "HTTP" | "MQTT" | "NMEA";
  /** Whether the UDP port of the same number is opened too. */
  readonly hasDatagrams?: boolean;
  /**
   * The name of the port in the output of a server that is ready. Kinds with the
   * same label are listed together; a kind without a label is not listed.
   */
  readonly label?: string;
  /**
   * Who connects to it. All ports for clients lead to the same sessions; those
   * for devices lead to gateways.
   */
  readonly serves: "clients" | "devices" | "neighbours" | "operators";
  /** The subcommands of `herd` that connect to it. */
  readonly dialledBy: readonly string[];
}

/** All kinds, ordered by offset. */
export const portKinds = [
  {
    name: "clients",
    field: "clientPort",
    offset: 0,
    purpose: "clients: IAMAT and WHATSAT",
    transport: "lines",
    label: "clients",
    serves: "clients",
    dialledBy: ["send", "client", "phones"],
  },
  {
    name: "peers",
    field: "peerPort",
    offset: 100,
    purpose: "links between servers",
    transport: "lines",
    label: "peers",
    serves: "neighbours",
    dialledBy: [],
  },
  {
    name: "admin",
    field: "adminPort",
    offset: 200,
    purpose: "operators: dashboard, metrics, health",
    transport: "HTTP",
    serves: "operators",
    dialledBy: ["status", "forget", "where", "import"],
  },
  {
    name: "TLS",
    field: "tlsPort",
    offset: 300,
    purpose: "clients that use TLS",
    transport: "TLS",
    label: "clients",
    serves: "clients",
    dialledBy: [],
  },
  {
    name: "HTTP",
    field: "httpPort",
    offset: 400,
    purpose: "phones, trackers and programs: reports and queries by HTTP",
    transport: "HTTP",
    label: "http",
    serves: "devices",
    dialledBy: ["phones"],
  },
  {
    name: "MQTT",
    field: "mqttPort",
    offset: 500,
    purpose: "phones and devices: reports and subscriptions by MQTT",
    transport: "MQTT",
    label: "mqtt",
    serves: "devices",
    dialledBy: ["phones"],
  },
  {
    name: "NMEA",
    field: "nmeaPort",
    offset: 600,
    purpose: "devices that send sentences of NMEA 0183, by TCP or UDP",
    transport: "NMEA",
    hasDatagrams: true,
    label: "nmea",
    serves: "devices",
    dialledBy: [],
  },
] as const satisfies readonly PortKind[];

/** The name of a kind. */
export type PortName = (typeof portKinds)[number]["name"];

/** The TCP ports of one server, 1 to 65,535, by the field of their kind. */
export type ServerPorts = Readonly<
  Record<(typeof portKinds)[number]["field"], number>
>;
