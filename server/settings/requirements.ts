/**
 * What has to be there before servers may start: permissions, and a secret
 * where others can reach them. Whatever a server is to be allowed is told here,
 * in `requiredPermissions` or `optionalPermissions`.
 *
 * @module
 */
import { SetupError } from "../../cli/exit.ts";
import {
  flagsFor,
  flagsOf,
  grantablePath,
  type PermissionNeed,
} from "../../cli/permissions.ts";
import { print } from "../../cli/print.ts";
import { quoteWord } from "../../cli/shell.ts";
import { note } from "../../cli/write.ts";
import { findServer } from "../../peers/topology.ts";
import { formatAddress, isLoopback } from "../../runtime/network.ts";
import type { Settings } from "./settings.ts";

/** What these servers have to be allowed to do, and nothing more. */
export function requiredPermissions(
  settings: Settings,
  names: readonly string[],
): PermissionNeed[] {
  const { admin, host, logDirectory, places, sources, tls, topology } =
    settings;
  const servers = names.map((name) => findServer(topology, name)!);
  const addresses = [
    ...servers.map((self) => formatAddress(host ?? self.host, self.clientPort)),
    ...(tls === undefined ? [] : servers).map((self) =>
      formatAddress(host ?? self.host, self.tlsPort)
    ),
    ...servers.map((self) => formatAddress(self.host, self.peerPort)),
    ...(admin === undefined ? [] : servers).map((self) =>
      formatAddress(admin!.host, self.adminPort)
    ),
    ...servers.flatMap(({ name }) => topology.neighbours.get(name)!)
      .map((neighbour) => formatAddress(neighbour.host, neighbour.peerPort)),
  ];
  return [
    ...[...addresses, ...places.hosts].map((host): PermissionNeed => ({
      name: "net",
      host,
    })),
    { name: "write", path: logDirectory },
    ...sources,
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
 * What `deno run` takes besides permissions: without these, a program may still
 * fetch code from a few hosts and any package, and run it.
 */
const noOtherCode = ["--frozen", "--no-remote"];

/**
 * Prints the command that runs these servers with the narrowest permissions,
 * as one line for a shell.
 *
 * @param command The program and its arguments, as they were given.
 * @throws {SetupError} If a secret is missing.
 */
export function printPermissions(
  settings: Settings,
  names: readonly string[],
  command: readonly string[],
): void {
  refuseWithoutSecret(settings, names);
  const needs = [
    ...requiredPermissions(settings, names),
    ...optionalPermissions(settings, names),
  ];
  const words = [
    "deno",
    "run",
    ...noOtherCode,
    ...flagsOf(needs),
    ...command.filter((word) => !/^--print-permissions(=|$)/.test(word)),
  ];
  print(words.map(quoteWord).join(" "));
  for (const need of needs) {
    if (!("path" in need) || grantablePath(need.path) === need.path) continue;
    note(
      `${need.path}: Deno's flags end a path at a comma, so the folder around ` +
        "it is granted; without a comma it would be narrower",
    );
  }
  const { unread } = settings;
  if (unread.length > 0) {
    note(
      "what the environment says was not looked at: if it holds a key or a " +
        `secret, run this again with ${flagsFor(unread)}`,
    );
  }
}

/**
 * Without a secret anybody who reaches a peer port can speak for a neighbour.
 * So nobody outside this machine may reach one then.
 */
export function refuseWithoutSecret(
  { secrets, secretsHelp, topology }: Settings,
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
      `is no secret: give all servers the same ${secretsHelp}, or keep ` +
      "the herd on 127.0.0.1",
  );
}
