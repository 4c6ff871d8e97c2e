/**
 * The texts of messages that gateways have not taken. A device has sent them, so
 * only operators read them.
 *
 * @module
 */
import type { HerdStatus } from "../server/status/status.ts";

/** The status for a reader that is no operator. */
export function withoutExamples(status: HerdStatus): HerdStatus {
  const { servers } = status;
  if (servers.every(({ gateways }) => gateways.example === null)) {
    return status;
  }
  const reduced = servers.map((server) => {
    const { gateways } = server;
    const example = gateways.example && { ...gateways.example, text: null };
    return { ...server, gateways: { ...gateways, example } };
  });
  return { ...status, servers: reduced };
}
