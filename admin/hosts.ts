/**
 * By which names the administration port may be asked for. A page of a
 * stranger can let its own name point to this machine, and its reader's browser
 * would ask for that name here: so only names that cannot be a stranger's are
 * answered.
 *
 * @module
 */
import { isLoopback } from "../runtime/network.ts";

/** A host with an optional port, as the Host header has it (RFC 9110, 7.2). */
const hostHeader = /^(\[[0-9a-f:.]+\]|[0-9a-z._-]+)(?::\d{1,5})?$/i;

/**
 * Whether a Host header names this machine's loopback address, or one of the
 * names that were configured. On which port it was asked does not matter, as it
 * may have been forwarded.
 */
export function isOwnHost(
  header: string | null,
  names: readonly string[],
): boolean {
  const [, host] = header?.match(hostHeader) ?? [];
  if (host === undefined) return false;
  const bare = bareName(host);
  return isLoopback(bare) || names.some((name) => bareName(name) === bare);
}

/** Without brackets, in lower case. */
function bareName(host: string): string {
  return host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
}
