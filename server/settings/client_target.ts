/**
 * Flags of programs that connect to servers as clients: the herd, its address
 * and the authority of its certificates.
 *
 * @module
 */
import type { ServerEntry, Topology } from "../../peers/topology.ts";
import type { PermissionNeed } from "../../runtime/permissions.ts";
import { plainFlags, type SettingFlags } from "./flags.ts";
import { readHost } from "./host.ts";
import { herdSchema, readHerd } from "./settings.ts";
import { readAuthority } from "./tls.ts";

/** Flags of every program that connects to servers. */
export const clientTargetFlags: SettingFlags = {
  ...plainFlags(herdSchema),
  host: { value: "ADDRESS", help: "address of the servers (the herd file's)" },
  "tls-ca": {
    value: "FILE",
    help: "use TLS; authority of the servers' certificates, in PEM",
  },
};

/** The address of a client port. */
export interface ClientPort {
  readonly hostname: string;
  readonly port: number;
  /** The server's certificate authority, in PEM; undefined without TLS. */
  readonly tlsAuthority: string | undefined;
}

/** The herd that the flags name. */
export interface ClientTarget {
  readonly topology: Topology;
  /** The files that were read. */
  readonly sources: readonly PermissionNeed[];
  /** The port of a server to connect to. */
  readonly portOf: (server: ServerEntry) => ClientPort;
}

/**
 * Reads the flags.
 *
 * @throws {UsageError} If a flag is wrong.
 * @throws {SetupError} If a file cannot be read or is wrong.
 */
export async function readClientTarget(
  args: { readonly flags: ReadonlyMap<string, string> },
): Promise<ClientTarget> {
  const host = readHost(args, "host");
  const path = args.flags.get("tls-ca");
  const { sources, topology } = await readHerd(
    args,
    path === undefined ? [] : [path],
  );
  const tlsAuthority = path === undefined
    ? undefined
    : await readAuthority(path);
  return {
    topology,
    sources,
    portOf: (server) => ({
      hostname: host ?? server.host,
      port: tlsAuthority === undefined ? server.clientPort : server.tlsPort,
      tlsAuthority,
    }),
  };
}
