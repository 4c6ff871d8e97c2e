/**
 * A client of the herd, for other programs: reports positions and queries what
 * is near them. It imports no package and no code of servers.
 *
 * ```ts
 * import { HerdClient } from "./mod.ts";
 *
 * await using client = await HerdClient.connect({ port: 8000 });
 * const at = await client.report({
 *   client: "kiwi",
 *   position: { latitude: 34.06893, longitude: -118.445127 },
 * });
 * console.log(`${at.server} received the report of ${at.client}`);
 * ```
 *
 * @module
 */
export { CertificateError } from "../runtime/certificates.ts";
export { EncryptionError } from "../runtime/transport.ts";
export { parseAddress } from "./address.ts";
export { HerdClient } from "./client.ts";
export { RoamingClient } from "./roaming_client.ts";
export {
  type Address,
  type At,
  DisconnectedError,
  InvalidCommandError,
  type NearbyAnswer,
  type NearbyQuery,
  type Place,
  type PositionReport,
} from "./types.ts";
