/**
 * The identity of a sender by its address alone, as `--open-nmea` lists it.
 *
 * @module
 */
import type { Identity, IdentityEnd } from "../../identity/identity.ts";
import { type ByteString, decodeBytes } from "../../protocol/bytes.ts";
import type { NmeaSenders } from "../gateway_context.ts";

/** May report for the client that is listed with the address, and see none. */
export class AddressIdentity implements Identity {
  /** The ID of the client. */
  readonly subject: ByteString;
  readonly lastOnly = true;
  readonly role = undefined;
  readonly endsAt = Infinity;
  readonly sees = [];
  readonly #senders: NmeaSenders;
  readonly #address: string;

  /** @param address Is listed with this client now. */
  constructor(senders: NmeaSenders, address: string, client: ByteString) {
    this.#senders = senders;
    this.#address = address;
    this.subject = client;
  }

  get reports(): readonly ByteString[] {
    return [this.subject];
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

  endAt(): IdentityEnd | undefined {
    const isListed = this.#senders.get(this.#address) === this.subject;
    return isListed ? undefined : "not listed";
  }
}
