/**
 * The administration ports that a command reaches.
 *
 * @module
 */
import type { Flags } from "../cli/arguments.ts";
import type { ServerEntry } from "../peers/topology.ts";
import { formatAddress } from "../runtime/network.ts";
import {
  type PermissionNeed,
  requirePermissions,
} from "../runtime/permissions.ts";

/** The flag that `readHost` reads. */
export const adminHostFlag: Flags = {
  "admin-host": {
    value: "ADDRESS",
    help: "host of the administration ports (the herd file's hosts)",
  },
};

/**
 * Requires the permissions to reach servers' administration ports.
 *
 * @param host Where all of them are, instead of the herd file's hosts.
 * @param sources Further permissions to require at the same time.
 * @returns A function that gives the address of a server's port.
 */
export async function requireAdminPorts(
  entries: readonly ServerEntry[],
  host: string | undefined,
  sources: readonly PermissionNeed[],
): Promise<(entry: ServerEntry) => string> {
  const addressOf = (entry: ServerEntry) =>
    formatAddress(host ?? entry.host, entry.adminPort);
  await requirePermissions([
    ...entries.map((entry) => ({
      name: "net" as const,
      host: addressOf(entry),
    })),
    ...sources,
  ]);
  return addressOf;
}
