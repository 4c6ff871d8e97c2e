/**
 * The limits on clients among the settings.
 *
 * @module
 */
import { isLoopback } from "../../runtime/network.ts";
import {
  type ClientLimits,
  defaultClientLimits,
  remoteConnectionsPerAddress,
} from "../../sessions/limits.ts";
import { clientLimitSettings } from "./schema.ts";
import type { ValuesOf } from "./setting.ts";

const names = Object.keys(clientLimitSettings) as (keyof ClientLimits)[];

/** The limits on clients that have a value. */
export function pickLimits(
  values: ValuesOf<typeof clientLimitSettings>,
): Partial<ClientLimits> {
  return Object.fromEntries(
    names.map((name) => [name, values[name]])
      .filter(([, value]) => value !== undefined),
  );
}

/**
 * All limits of a server: those that were set, and defaults, which depend on
 * whether its client port is on a loopback address.
 */
export function limitsAt(
  clientHost: string,
  given: Partial<ClientLimits>,
): ClientLimits {
  const maxConnectionsPerAddress = isLoopback(clientHost)
    ? Infinity
    : remoteConnectionsPerAddress;
  return { ...defaultClientLimits, maxConnectionsPerAddress, ...given };
}
