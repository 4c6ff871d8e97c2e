/**
 * What the ports of a server ask of their clients, as the settings say. The code
 * of identities is loaded only if a port asks for it.
 *
 * @module
 */
import type { Access, AccessOptions } from "../identity/access.ts";
import type { ClientRates } from "../identity/client_rates.ts";
import { TrustedProxies } from "../runtime/forwarded.ts";
import type { ClientLimits } from "../sessions/limits.ts";
import type { Settings } from "./settings/settings.ts";

/** Creates the `Access` of a server, for the ports that take tokens. */
export async function createAccess(
  { identity, trustedProxies }: Settings,
  options: Pick<AccessOptions, "clock" | "countRefusal" | "rates">,
): Promise<Access> {
  const { Access } = await import("../identity/access.ts");
  return new Access({
    ...options,
    tokens: identity?.tokens,
    proxies: new TrustedProxies(trustedProxies),
  });
}

/** The rates of a server's clients; undefined if they are not limited. */
export async function createRates(
  { maxQueriesPerSecond: query, maxReportsPerSecond: report }: ClientLimits,
): Promise<ClientRates | undefined> {
  if (query === Infinity && report === Infinity) return undefined;
  const { ClientRates } = await import("../identity/client_rates.ts");
  return new ClientRates({ query, report });
}
