/**
 * What the flags of programs mean that talk to servers as their clients do:
 * which herd, where it is, and whom to trust.
 *
 * @module
 */
import type { ServerEntry, Topology } from "../../peers/topology.ts";
import { plainFlags, type SettingFlags } from "./flags.ts";
import { readHost } from "./host.ts";
import { herdSchema, readHerd } from "./settings.ts";
import { readAuthority } from "./tls.ts";

/** Flags of every program that talks to servers. */
export const clientTargetFlags: SettingFlags = {
  ...plainFlags(herdSchema),
  host: { value: "ADDRESS", help: "where the servers are (the herd file's)" },
  "tls-ca": {
    value: "FILE",
    help: "speak TLS to servers whose certificates these have issued",
  },
};

/** Where a client port is. */
export interface ClientPort {
  readonly hostname: string;
  readonly port: number;
  /** Who has issued the server's certificate, in PEM; undefined without TLS. */
  readonly tlsAuthority: string | undefined;
}

/** The herd that the flags name. */
export interface ClientTarget {
  readonly topology: Topology;
  /** Where a client of a server connects. */
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
  const topology = await readHerd(args);
  const host = readHost(args, "host");
  const path = args.flags.get("tls-ca");
  const tlsAuthority = path === undefined
    ? undefined
    : await readAuthority(path);
  return {
    topology,
    portOf: (server) => ({
      hostname: host ?? server.host,
      port: tlsAuthority === undefined ? server.clientPort : server.tlsPort,
      tlsAuthority,
    }),
  };
}
