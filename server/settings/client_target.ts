/**
 * What the flags of programs mean that talk to servers as their clients do:
 * which herd, where it is, and whom to trust.
 *
 * @module
 */
import type { Arguments, Flags } from "../../cli/arguments.ts";
import type { ServerEntry, Topology } from "../../peers/topology.ts";
import { readHerd, serverFlags } from "./settings.ts";
import { readAuthority } from "./tls.ts";

/** Flags of every program that talks to servers. */
export const clientTargetFlags: Flags = {
  "base-port": serverFlags["base-port"],
  host: { value: "ADDRESS", help: "where the servers are (the herd file's)" },
  config: serverFlags.config,
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
export async function readClientTarget(args: Arguments): Promise<ClientTarget> {
  const { host, topology } = await readHerd(args);
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
