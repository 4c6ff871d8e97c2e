/**
 * What has to be there before servers may start: permissions, and a secret
 * where others can reach them. Whatever a server is to be allowed is told here,
 * in `requiredPermissions` or `optionalPermissions`.
 *
 * @module
 */
import { findServer } from "../../peers/topology.ts";
import { isLoopback } from "../../runtime/network.ts";
import type { PermissionNeed } from "../../runtime/permissions.ts";
import { SetupError } from "../../runtime/setup_error.ts";
import { linkPorts, portsOf } from "./ports.ts";
import type { Settings } from "./settings.ts";

/** What these servers have to be allowed to do, and nothing more. */
export function requiredPermissions(
  settings: Settings,
  names: readonly string[],
): PermissionNeed[] {
  const { maxTableBytes, places, sources, topology } = settings;
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
    ...sources.filter(({ name }) => name === "write"),
    ...sources.filter(({ name }) => name !== "write"),
    ...(maxTableBytes === "auto"
      ? [{ name: "sys", kind: "systemMemoryInfo" } as const]
      : []),
  ];
}

/** What serves them if it is allowed, though they can do without. */
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

/** Where a server counts its requests to a places service. */
export function budgetPath({ logDirectory }: Settings, name: string): string {
  return `${logDirectory}/${name}.places-budget`;
}

/**
 * Without a secret anybody who reaches a peer port can speak for a neighbour.
 * So nobody outside this machine may reach one then.
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
