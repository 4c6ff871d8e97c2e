/**
 * Checks the Host header of requests to the administration port. A foreign page
 * can let its own host name point to this machine, and its reader's browser
 * would then send requests with that name here (DNS rebinding). So only loopback
 * and configured names are accepted.
 *
 * @module
 */
import { isLoopback } from "../runtime/network.ts";

/** A host with an optional port: the Host header (RFC 9110, 7.2). */
const hostHeader = /^(\[[0-9a-f:.]+\]|[0-9a-z._-]+)(?::\d{1,5})?$/i;

/**
 * Whether a Host header has a loopback address or one of these names. Its port
 * may be any, because connections may be forwarded from another port.
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

/** The host in lower case, without brackets. */
function bareName(host: string): string {
  return host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
}
