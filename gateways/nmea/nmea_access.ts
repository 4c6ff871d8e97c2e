/**
 * Who may report by NMEA. Sentences have no place for a token: the certificate
 * of the sender counts, or its address.
 *
 * @module
 */
import type { Identity } from "../../identity/identity.ts";
import { encodeBytes } from "../../protocol/bytes.ts";
import { EncryptionError } from "../../runtime/transport.ts";
import type {
  ConnectionEnd,
  Opening,
} from "../../sessions/served_connection.ts";
import { AccessRefusal, unmapped } from "../access.ts";
import type { GatewayContext } from "../gateway_context.ts";
import { AddressIdentity } from "./address_identity.ts";

/**
 * The identity of a sender without a certificate. Undefined on this machine, or
 * if the server is open to everybody, as long as neither addresses nor tokens
 * are configured: then everything is permitted. Counts refusals.
 *
 * @param address The sender's IP address.
 */
export function identifyAddress(
  { access, intake, nmeaSenders }: GatewayContext,
  address: string,
): Identity | undefined | AccessRefusal {
  const listed = unmapped(address);
  const client = nmeaSenders?.get(listed);
  if (client !== undefined) {
    return new AddressIdentity(nmeaSenders!, listed, client);
  }
  const isPermitted = nmeaSenders === undefined && !access.needsToken &&
    access.identify(undefined, address) === undefined;
  if (isPermitted) return undefined;
  intake.count("unlisted-address");
  intake.keepExample("unlisted-address", "nmea", encodeBytes(address));
  return refusal;
}

/**
 * The identity of a connection: by its certificate, if the port asks for one.
 * Counts refusals.
 *
 * @returns Why the connection ends, if it is refused.
 * @throws {EncryptionError} If it has no valid certificate.
 */
export async function identifyConnection(
  context: GatewayContext,
  { address, transport }: Pick<Opening, "address" | "transport">,
): Promise<Identity | undefined | Refusal> {
  if (transport.peerCertificate === undefined) {
    const identity = identifyAddress(context, address);
    return identity instanceof AccessRefusal
      ? new Refusal("not authorized", identity.text)
      : identity;
  }
  const { certificates, refusals } = context.services;
  try {
    const { der, validUntilSeconds } = await transport.peerCertificate();
    const identity = certificates!.authenticate(der, validUntilSeconds);
    if (identity !== undefined) return identity;
  } catch (error) {
    if (error instanceof EncryptionError) refusals.add("certificate");
    throw error;
  }
  refusals.add("certificate-not-listed");
  return new Refusal("certificate not listed", "");
}

/** Why a connection is refused. */
export class Refusal {
  readonly end: ConnectionEnd;
  readonly detail: string;

  constructor(end: ConnectionEnd, detail: string) {
    this.end = end;
    this.detail = detail;
  }
}

const refusal = new AccessRefusal(
  403,
  "its address is not in a file of --open-nmea",
);
