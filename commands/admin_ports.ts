/**
 * The administration ports that a command reaches.
 *
 * @module
 */
import { type Arguments, type Flags, UsageError } from "../cli/arguments.ts";
import type { ServerEntry, Topology } from "../peers/topology.ts";
import { readFile } from "../runtime/files.ts";
import { formatAddress, isLoopback } from "../runtime/network.ts";
import { requirePermissions } from "../runtime/permissions.ts";
import { SetupError } from "../runtime/setup_error.ts";
import { readHost } from "../server/settings/host.ts";
import { plainFlags } from "../server/settings/flags.ts";
import { herdSchema, readHerd } from "../server/settings/settings.ts";
import { readAuthority } from "../server/settings/tls.ts";

/** Flags of every program that reaches administration ports. */
export const adminPortFlags: Flags = {
  ...plainFlags(herdSchema),
  "admin-host": {
    value: "ADDRESS",
    help: "host of the administration ports (the herd file's hosts)",
  },
  "token-file": {
    value: "FILE",
    help: "file with a token, if the servers have --token-key-file",
  },
  "tls-ca": {
    value: "FILE",
    help: "use TLS; authority of the servers' certificates, in PEM",
  },
};

/** What reaches the administration ports of a herd. */
export interface AdminPorts {
  readonly topology: Topology;
  /**
   * Requires the permissions to reach some servers' ports.
   *
   * @returns The function that sends requests to them.
   */
  readonly require: (
    entries: readonly ServerEntry[],
  ) => Promise<AdminRequests>;
}

/** Sends requests to administration ports. */
export interface AdminRequests {
  readonly addressOf: (entry: ServerEntry) => string;
  /** As the global `fetch`, with a path such as `/status.json`. */
  readonly fetch: (
    entry: ServerEntry,
    path: string,
    init: RequestInit,
  ) => Promise<Response>;
}

/**
 * Reads the flags.
 *
 * @throws {UsageError} If a flag is wrong.
 * @throws {SetupError} If a file cannot be read or is wrong.
 */
export async function readAdminPorts(args: Arguments): Promise<AdminPorts> {
  const host = readHost(args, "admin-host");
  const [tokenPath, authorityPath] = ["token-file", "tls-ca"]
    .map((flag) => args.flags.get(flag));
  const files = [tokenPath, authorityPath].filter((path) => path !== undefined);
  const { sources, topology } = await readHerd(args, files);
  const token = tokenPath === undefined
    ? undefined
    : tokenOf(await readFile(tokenPath), tokenPath);
  const client = authorityPath === undefined
    ? undefined
    : Deno.createHttpClient({ caCerts: [await readAuthority(authorityPath)] });
  const scheme = client === undefined ? "http" : "https";
  const addressOf = (entry: ServerEntry) =>
    formatAddress(host ?? entry.host, entry.adminPort);
  const authorization: Record<string, string> = token === undefined
    ? {}
    : { authorization: `Bearer ${token}` };
  return {
    topology,
    async require(entries) {
      const open = entries.find((entry) => !isLoopback(host ?? entry.host));
      if (token !== undefined && client === undefined && open !== undefined) {
        throw new UsageError(
          `--token-file: the token would be sent to ${addressOf(open)} ` +
            "unencrypted; add --tls-ca",
        );
      }
      await requirePermissions([
        ...entries.map((entry) => ({
          name: "net" as const,
          host: addressOf(entry),
        })),
        ...sources,
      ]);
      return {
        addressOf,
        fetch: (entry, path, init) =>
          fetch(`${scheme}://${addressOf(entry)}${path}`, {
            ...init,
            headers: { ...init.headers, ...authorization },
            client,
          }),
      };
    },
  };
}

/** The token in a file, which has nothing else. No message repeats it. */
function tokenOf(text: string, path: string): string {
  const token = text.trim();
  if (/^[\w.-]+$/.test(token)) return token;
  throw new SetupError(
    `${path}: expected a token, as deno task token create prints it`,
  );
}
