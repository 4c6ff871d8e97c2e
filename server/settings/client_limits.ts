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

/** The limits among the values of settings. */
export function pickLimits(
  values: ValuesOf<typeof clientLimitSettings>,
): Partial<ClientLimits> {
  return Object.fromEntries(
    names.map((name) => [name, values[name]])
      .filter(([, value]) => value !== undefined),
  );
}

/** The limits of a server, given those that were chosen. */
export function limitsAt(
  clientHost: string,
  chosen: Partial<ClientLimits>,
): ClientLimits {
  const maxConnectionsPerAddress = isLoopback(clientHost)
    ? Infinity
    : remoteConnectionsPerAddress;
  return { ...defaultClientLimits, maxConnectionsPerAddress, ...chosen };
}
