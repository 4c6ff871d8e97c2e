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
import { formatAddress, type Port } from "../../runtime/network.ts";
import type { Settings } from "./settings.ts";
import { areLinksEncrypted } from "./tls.ts";

/** The settings that ports depend on. */
type PortSettings = Pick<Settings, "admin" | "host" | "tls">;

/** The address of a kind of port, and whether all its traffic is encrypted. */
interface PortRule {
  readonly hostname: string;
  readonly isEncrypted: boolean;
}

/** The rule for each kind of port; undefined if the server does not open it. */
const rules: Readonly<
  Record<
    PortName,
    (settings: PortSettings, self: ServerEntry) => PortRule | undefined
  >
> = {
  clients: ({ host, tls }, self) => ({
    hostname: host ?? self.host,
    isEncrypted: tls !== undefined && !tls.plainClients,
  }),
  peers: ({ tls }, self) => ({
    hostname: self.host,
    isEncrypted: areLinksEncrypted(tls),
  }),
  admin: ({ admin }) => admin && { hostname: admin.host, isEncrypted: false },
  TLS: ({ host, tls }, self) =>
    tls && { hostname: host ?? self.host, isEncrypted: true },
};

/** A port that a server opens. */
export interface ServerPort extends Port {
  readonly kind: PortKind & { readonly name: PortName };
  readonly hostname: string;
  readonly port: number;
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
