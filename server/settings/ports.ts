/**
 * The ports that a server opens, from the list of port kinds.
 *
 * @module
 */
import {
  type PortKind,
  portKinds,
  type PortName,
} from "../../peers/port_kinds.ts";
import type { ServerEntry } from "../../peers/topology.ts";
import { formatAddress, isLoopback, type Port } from "../../runtime/network.ts";
import type { Settings } from "./settings.ts";
import { areLinksEncrypted } from "./tls.ts";

/** The settings that ports depend on. */
type PortSettings = Pick<
  Settings,
  | "admin"
  | "gatewayHost"
  | "host"
  | "http"
  | "identity"
  | "mqtt"
  | "nmea"
  | "openClients"
  | "openNmea"
  | "tls"
>;

/**
 * What tells the programs apart that connect to a port. `nothing` is
 * for ports of this machine only, and `anybody` for ports that are open to all
 * because `--open-clients` says so.
 */
export type PortAccess =
  | "nothing"
  | "anybody"
  | "tokens"
  | "certificates"
  | "addresses"
  | "secrets";

/**
 * The address of a kind of port, whether all its traffic is encrypted, and what
 * tells the programs apart that connect to it.
 */
interface PortRule {
  readonly hostname: string;
  readonly isEncrypted: boolean;
  readonly access: PortAccess;
}

/** The rule for each kind of port; undefined if the server does not open it. */
const rules: Readonly<
  Record<
    PortName,
    (settings: PortSettings, self: ServerEntry) => PortRule | undefined
  >
> = {
  clients: (settings, self) =>
    clientRule(settings, self, settings.tls?.plainClients === false),
  peers: ({ tls }, self) => ({
    hostname: self.host,
    isEncrypted: areLinksEncrypted(tls),
    access: "secrets",
  }),
  admin: ({ admin, identity, tls }) =>
    admin && {
      hostname: admin.host,
      isEncrypted: tls !== undefined && !isLoopback(admin.host),
      access: identity?.tokens === undefined ? "nothing" : "tokens",
    },
  TLS: (settings, self) => settings.tls && clientRule(settings, self, true),
  HTTP: (settings, self) =>
    settings.http ? gatewayRule(settings, self) : undefined,
  MQTT: (settings, self) =>
    settings.mqtt ? gatewayRule(settings, self) : undefined,
  NMEA: (settings, self) =>
    settings.nmea ? nmeaRule(settings, self) : undefined,
};

/** The rule for a port on which clients send lines. */
function clientRule(
  { host, openClients, tls }: PortSettings,
  self: ServerEntry,
  isEncrypted: boolean,
): PortRule {
  const needsCertificate = isEncrypted && tls?.clientAuthority !== undefined;
  const otherwise = openClients ? "anybody" : "nothing";
  return {
    hostname: host ?? self.host,
    isEncrypted,
    access: needsCertificate ? "certificates" : otherwise,
  };
}

/** The rule for a port of a gateway, where tokens tell senders apart. */
function gatewayRule(
  { gatewayHost, host, identity, openClients, tls }: PortSettings,
  self: ServerEntry,
): PortRule {
  const otherwise = openClients ? "anybody" : "nothing";
  return {
    hostname: gatewayHost ?? host ?? self.host,
    isEncrypted: tls !== undefined,
    access: identity?.tokens === undefined ? otherwise : "tokens",
  };
}

/**
 * The rule for a port of NMEA. Devices that do not know TLS can use it with
 * `--plain-clients`, like clients.
 */
function nmeaRule(settings: PortSettings, self: ServerEntry): PortRule {
  const { gatewayHost, host, openNmea, tls } = settings;
  const isEncrypted = tls !== undefined && !tls.plainClients;
  const { access } = clientRule(settings, self, isEncrypted);
  const isListed = access === "nothing" && openNmea !== undefined;
  return {
    hostname: gatewayHost ?? host ?? self.host,
    isEncrypted,
    access: isListed ? "addresses" : access,
  };
}

/** A port that a server opens. */
export interface ServerPort extends Port {
  readonly kind: PortKind & { readonly name: PortName };
  readonly hostname: string;
  readonly port: number;
  readonly access: PortAccess;
}

/** The ports that a server opens, in the order of the kinds. */
export function portsOf(
  settings: PortSettings,
  self: ServerEntry,
): ServerPort[] {
  return portKinds.flatMap((kind) => {
    const rule = rules[kind.name](settings, self);
    if (rule === undefined) return [];
    const port = self[kind.field];
    const address = formatAddress(rule.hostname, port);
    return [{ kind, port, address, ...rule }];
  });
}

/** The ports of a server that its neighbours dial. */
export function linkPorts(
  settings: PortSettings,
  server: ServerEntry,
): ServerPort[] {
  return portsOf(settings, server)
    .filter(({ kind }) => kind.serves === "neighbours");
}

/** The ports that a server prints when it is ready, by their labels. */
export function labelledPorts(
  settings: PortSettings,
  self: ServerEntry,
): Map<string, ServerPort[]> {
  const labelled = new Map<string, ServerPort[]>();
  for (const port of portsOf(settings, self)) {
    const { label } = port.kind;
    if (label === undefined) continue;
    labelled.set(label, [...labelled.get(label) ?? [], port]);
  }
  return labelled;
}
