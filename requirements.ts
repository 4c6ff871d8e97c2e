/**
 * What has to be there before servers may start: permissions, and a secret
 * where others can reach them.
 *
 * @module
 */
import { SetupError } from "./cli/exit.ts";
import type { Need } from "./cli/permissions.ts";
import { isLoopback } from "./cli/secrets.ts";
import { findServer } from "./peers/topology.ts";
import { formatAddress } from "./runtime/network.ts";
import type { Settings } from "./settings.ts";

/** What these servers have to be allowed to do, and nothing more. */
export function needsOf(settings: Settings, names: readonly string[]): Need[] {
  const { host, logDirectory, places, topology } = settings;
  const servers = names.map((name) => findServer(topology, name)!);
  const addresses = servers.flatMap((self) => [
    formatAddress(host ?? self.host, self.clientPort),
    formatAddress(self.host, self.peerPort),
    ...topology.neighbours.get(self.name)!.map((neighbour) =>
      formatAddress(neighbour.host, neighbour.peerPort)
    ),
  ]);
  return [
    ...[...addresses, ...places.hosts].map((host): Need => ({
      name: "net",
      host,
    })),
    { name: "write", path: logDirectory },
  ];
}

/**
 * Without a secret anybody who reaches a peer port can speak for a neighbour.
 * So nobody outside this machine may reach one then.
 */
export function refuseWithoutSecret(
  { howToGiveSecrets, secrets, topology }: Settings,
  names: readonly string[],
): void {
  if (secrets.length > 0) return;
  const outside = names
    .flatMap((name) => [
      findServer(topology, name)!,
      ...topology.neighbours.get(name)!,
    ])
    .find(({ host }) => !isLoopback(host));
  if (outside === undefined) return;
  throw new SetupError(
    `${outside.name} is at ${outside.host}, outside this machine, and there ` +
      `is no secret: give all servers the same ${howToGiveSecrets}, or keep ` +
      "the herd on 127.0.0.1",
  );
}
