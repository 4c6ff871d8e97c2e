/**
 * What servers need before they start: permissions, and a secret if other
 * machines can reach them. Every permission that a server uses is in
 * `requiredPermissions` or `optionalPermissions`.
 *
 * @module
 */
import { findServer } from "../../peers/topology.ts";
import { isLoopback } from "../../runtime/network.ts";
import type { PermissionNeed } from "../../runtime/permissions.ts";
import { SetupError } from "../../runtime/setup_error.ts";
import { databasePermission } from "./database.ts";
import { linkPorts, portsOf, type ServerPort } from "./ports.ts";
import type { Settings } from "./settings.ts";

/** The permissions that these servers need, and no others. */
export function requiredPermissions(
  settings: Settings,
  names: readonly string[],
): PermissionNeed[] {
  const { database, maxTableBytes, places, sources, topology } = settings;
  const servers = names.map((name) => findServer(topology, name)!);
  const ports = servers.flatMap((self) => portsOf(settings, self));
  const kinds = Map.groupBy(ports, ({ kind }) => kind.name);
  const dialled = servers
    .flatMap(({ name }) => topology.neighbours.get(name)!)
    .flatMap((neighbour) => linkPorts(settings, neighbour));
  const addresses = [...[...kinds.values()].flat(), ...dialled]
    .map(({ address }) => address);
  return [
    ...[...addresses, ...places.hosts].map((host): PermissionNeed => ({
      name: "net",
      host,
    })),
    ...database === undefined ? [] : [databasePermission(database)],
    ...sources.filter(({ name }) => name === "write"),
    ...sources.filter(({ name }) => name !== "write"),
    ...(maxTableBytes === "auto"
      ? [{ name: "sys", kind: "systemMemoryInfo" } as const]
      : []),
  ];
}

/** Permissions that these servers use if they are granted. */
export function optionalPermissions(
  settings: Settings,
  names: readonly string[],
): PermissionNeed[] {
  const { places, placesBudget } = settings;
  if (placesBudget === undefined || places.hosts.length === 0) return [];
  return names.map((name) => ({
    name: "read",
    path: budgetPath(settings, name),
  }));
}

/** The file in which a server counts its requests to a places service. */
export function budgetPath({ logDirectory }: Settings, name: string): string {
  return `${logDirectory}/${name}.places-budget`;
}

/**
 * Refuses a herd on several machines without a secret. Any peer that reaches a
 * peer port could act as a neighbour then.
 *
 * @throws {SetupError} Naming a server on another machine.
 */
export function refuseWithoutSecret(
  settings: Settings,
  names: readonly string[],
): void {
  const { secrets, secretsHelp, topology } = settings;
  if (secrets.length > 0) return;
  const outside = names
    .flatMap((name) => [
      findServer(topology, name)!,
      ...topology.neighbours.get(name)!,
    ])
    .find((server) =>
      linkPorts(settings, server).some(({ hostname }) => !isLoopback(hostname))
    );
  if (outside === undefined) return;
  throw new SetupError(
    `${outside.name} is at ${outside.host}, outside this machine, and there ` +
      `is no secret: give all servers the same ${secretsHelp}, or keep ` +
      "the herd on 127.0.0.1",
  );
}

/**
 * Refuses a history of files that have no folder.
 *
 * @throws {SetupError} Naming what is missing.
 */
export function refuseHistoryWithoutFolder(
  { dataDirectory, history }: Settings,
): void {
  if (typeof history !== "number" || dataDirectory !== undefined) return;
  throw new SetupError(
    `--history ${history} needs --data-dir FOLDER: each server keeps its ` +
      "history in FOLDER/NAME/history",
  );
}

/**
 * Refuses a port that does not identify its clients if other machines can reach
 * it. Refuses an administration port that other machines can reach without
 * encryption.
 *
 * @throws {SetupError} Naming the port, and what to add.
 */
export function refuseOpenPorts(
  settings: Settings,
  names: readonly string[],
): void {
  for (const name of names) {
    const self = findServer(settings.topology, name)!;
    const fault = portsOf(settings, self)
      .filter(({ hostname }) => !isLoopback(hostname))
      .map((port) => faultOfPort(port, settings))
      .find((fault) => fault !== undefined);
    if (fault !== undefined) throw new SetupError(`${name}: ${fault}`);
  }
}

/** What a port lacks that leaves this machine; undefined if nothing. */
function faultOfPort(
  { access, address, isEncrypted, kind }: ServerPort,
  { tls }: Settings,
): string | undefined {
  if (kind.serves === "operators") {
    const missing = [
      ...access === "nothing" ? ["--token-key-file"] : [],
      ...isEncrypted ? [] : ["--tls-cert", "--tls-key"],
    ];
    return missing.length === 0
      ? undefined
      : `the administration port ${address} can be reached from other ` +
        `machines: add ${missing.join(", ")}, or keep it on 127.0.0.1`;
  }
  if (access !== "nothing") return undefined;
  if (kind.serves === "devices") {
    // Sentences of NMEA have no place for a token.
    const needed = kind.hasDatagrams ? "--open-nmea" : "--token-key-file";
    return `the ${kind.name} port ${address} can be reached from other ` +
      `machines, and does not identify its clients: add ${needed}, ` +
      "or --open-clients to let everybody report and query for every client, or " +
      `close it with --${kind.name.toLowerCase()}=false`;
  }
  return `the client port ${address} can be reached from other machines, and ` +
    "does not identify its clients: add --open-clients to let everybody " +
    `report and query for every client, or ${certificatesFor(tls)}`;
}

/**
 * A note if other machines send tokens in plain text to these servers. The HTTP
 * port of a server with `--trusted-proxies` may be for a proxy with TLS only.
 */
export function noteOnPlainTokens(
  settings: Settings,
  names: readonly string[],
): string | undefined {
  const hasProxy = settings.trustedProxies.length > 0;
  const ports = names
    .flatMap((name) => portsOf(settings, findServer(settings.topology, name)!))
    .filter(({ access, hostname, isEncrypted, kind }) =>
      access === "tokens" && !isEncrypted && !isLoopback(hostname) &&
      !(hasProxy && kind.transport === "HTTP")
    );
  if (ports.length === 0) return undefined;
  const kinds = [...new Set(ports.map(({ kind }) => kind.name))].join(" and ");
  const hosts = [...new Set(ports.map(({ hostname }) => hostname))].join(", ");
  const noun = ports.length === 1 ? "port" : "ports";
  return `other machines send tokens in plain text to the ${kinds} ${noun} on ` +
    `${hosts}: add --tls-cert and --tls-key, or use --gateway-host 127.0.0.1 ` +
    "and a proxy with TLS on this machine";
}

/**
 * A note if these servers require tokens at some ports, and programs of this
 * machine can do the same without a token at a client port.
 */
export function noteOnLocalClients(
  settings: Settings,
  names: readonly string[],
): string | undefined {
  const { identity, localClients, tls } = settings;
  if (identity?.tokens === undefined || localClients) return undefined;
  const port = names
    .flatMap((name) => portsOf(settings, findServer(settings.topology, name)!))
    .find(({ access, hostname, kind }) =>
      access === "nothing" && kind.serves === "clients" && isLoopback(hostname)
    );
  if (port === undefined) return undefined;
  return `the client port ${port.address} has no place for tokens, so every ` +
    "program on this machine may report and query for every client: add " +
    `--local-clients if it may, or ${certificatesFor(tls)}`;
}

/** The flags that make a client port require certificates. */
function certificatesFor(tls: Settings["tls"]): string {
  const files = tls === undefined ? "--tls-cert, --tls-key, " : "";
  const without = tls?.plainClients ? " and leave out --plain-clients" : "";
  return `${files}--tls-client-ca and --identities${without} to require ` +
    "certificates";
}
