/**
 * The identity of a sender by its address alone, as `--open-nmea` lists it.
 *
 * @module
 */
import type { Identity } from "../../identity/identity.ts";
import { type ByteString, decodeBytes } from "../../protocol/bytes.ts";

/** May report for the client that is listed with the address, and see none. */
export class AddressIdentity implements Identity {
  /** The ID of the client. */
  readonly subject: ByteString;
  readonly lastOnly = true;
  readonly role = undefined;
  readonly endsAt = Infinity;

  constructor(client: ByteString) {
    this.subject = client;
  }

  mayReport(client: ByteString): boolean {
    return client === this.subject;
  }

  mayReportSpan(bytes: Uint8Array, start: number, end: number): boolean {
    return this.mayReport(decodeBytes(bytes, start, end));
  }

  maySee(): boolean {
    return false;
  }

  endAt(): undefined {
    return undefined;
  }
}
