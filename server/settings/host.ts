/**
 * Hosts on the command line.
 *
 * @module
 */
import { isHost } from "../../peers/topology.ts";
import { UsageError } from "../../runtime/setup_error.ts";

/**
 * Reads a host from a flag; undefined without the flag.
 *
 * @throws {UsageError} If the value is no host.
 */
export function readHost(
  { flags }: { readonly flags: ReadonlyMap<string, string> },
  flag: string,
): string | undefined {
  const host = flags.get(flag);
  if (host === undefined || isHost(host)) return host;
  throw new UsageError(
    `--${flag}: expected a host name or address, found ${host || "nothing"}`,
  );
}
