/**
 * Hosts on the command line.
 *
 * @module
 */
import { isHost } from "../../peers/topology.ts";
import { UsageError } from "../../runtime/setup_error.ts";

/**
 * The host, if it is one.
 *
 * @param flag By which it was given, without the dashes.
 * @throws {UsageError} If it is none.
 */
export function checkHost(flag: string, host: string): string {
  if (isHost(host)) return host;
  throw new UsageError(
    `--${flag}: expected a host name or address, found ${host || "nothing"}`,
  );
}

/**
 * The host that a flag gives; undefined without the flag.
 *
 * @throws {UsageError} If it is none.
 */
export function readHost(
  { flags }: { readonly flags: ReadonlyMap<string, string> },
  flag: string,
): string | undefined {
  const host = flags.get(flag);
  return host === undefined ? undefined : checkHost(flag, host);
}
