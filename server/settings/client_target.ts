/**
 * Flags of programs that connect to servers as clients: the herd, its address,
 * the authority of its certificates, and a client certificate.
 *
 * @module
 */
import type { ServerEntry, Topology } from "../../peers/topology.ts";
import type { PermissionNeed } from "../../runtime/permissions.ts";
import { UsageError } from "../../runtime/setup_error.ts";
import { plainFlags, type SettingFlags } from "./flags.ts";
import { readHost } from "./host.ts";
import { herdSchema, readHerd } from "./settings.ts";
import { readAuthority, readClientCertificate } from "./tls.ts";

/** Flags of every program that connects to servers. */
export const clientTargetFlags: SettingFlags = {
  ...plainFlags(herdSchema),
  host: { value: "ADDRESS", help: "address of the servers (the herd file's)" },
  "tls-ca": {
    value: "FILE",
    help: "use TLS; authority of the servers' certificates, in PEM",
  },
  "tls-cert": {
    value: "FILE",
    help: "client certificate, if the servers have --tls-client-ca, in PEM",
  },
  "tls-key": {
    value: "FILE",
    help: "the client certificate's private key, in PEM",
  },
};

/** The address of a client port. */
export interface ClientPort {
  readonly hostname: string;
  readonly port: number;
  /** The server's certificate authority, in PEM; undefined without TLS. */
  readonly tlsAuthority: string | undefined;
  /** The client's certificate and key, in PEM; undefined without them. */
  readonly tlsCertificate: string | undefined;
  readonly tlsKey: string | undefined;
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
  const [authority, certificate, key] = ["tls-ca", "tls-cert", "tls-key"]
    .map((flag) => args.flags.get(flag));
  const paths = {
    "tls-ca": authority,
    "tls-cert": certificate,
    "tls-key": key,
  };
  const missing = Object.entries(paths)
    .filter(([, path]) => path === undefined).map(([flag]) => `--${flag}`);
  if ((certificate ?? key) !== undefined && missing.length > 0) {
    const given = certificate === undefined ? "--tls-key" : "--tls-cert";
    throw new UsageError(`${given} needs ${missing.join(" and ")}`);
  }
  const files = Object.values(paths).filter((path) => path !== undefined);
  const { sources, topology } = await readHerd(args, files);
  const tlsAuthority = authority === undefined
    ? undefined
    : await readAuthority(authority);
  const own = certificate === undefined || key === undefined
    ? undefined
    : await readClientCertificate({ certificate, key });
  return {
    topology,
    sources,
    portOf: (server) => ({
      hostname: host ?? server.host,
      port: tlsAuthority === undefined ? server.clientPort : server.tlsPort,
      tlsAuthority,
      tlsCertificate: own?.certificate,
      tlsKey: own?.key,
    }),
  };
}
