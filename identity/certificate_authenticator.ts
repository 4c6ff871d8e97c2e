/**
 * Gives identities to client certificates that a TLS stack has verified.
 *
 * @module
 */
import { Observers } from "../runtime/observers.ts";
import type { Grant } from "./claims.ts";
import { type CertificateGrants, findGrant } from "./identities_file.ts";
import {
  GrantedIdentity,
  type Identity,
  type IdentityEnd,
} from "./identity.ts";

/** Knows what certificates permit. The servers of a process may share it. */
export class CertificateAuthenticator {
  #grants: CertificateGrants;

  /**
   * Called after the grants have changed: any identity may have ended, and those
   * of open connections must be asked.
   */
  readonly changes: Observers<void> = new Observers();

  constructor(grants: CertificateGrants) {
    this.#grants = grants;
  }

  /** Replaces the grants, and notifies the observers. */
  replaceGrants(grants: CertificateGrants): void {
    // A grant that stays is the same object, so that its identities go on.
    this.#grants = new Map(
      Array.from(grants, ([name, grant]) => {
        const known = this.#grants.get(name);
        const stays = known !== undefined &&
          JSON.stringify(known) === JSON.stringify(grant);
        return [name, stays ? known : grant];
      }),
    );
    this.changes.notify();
  }

  /**
   * The identity of a certificate; undefined if its names are not listed.
   *
   * @param certificate In DER. Its signature was checked.
   * @param validUntil Its end, in POSIX seconds.
   */
  authenticate(
    certificate: Uint8Array,
    validUntil: number,
  ): Identity | undefined {
    const grant = findGrant(this.#grants, certificate);
    return grant && new CertificateIdentity(grant, validUntil, this);
  }

  /** Whether this grant is still listed. */
  isListed(grant: Grant): boolean {
    return this.#grants.get(grant.subject) === grant;
  }
}

/** The identity of a certificate. */
class CertificateIdentity extends GrantedIdentity {
  override readonly endsAt: number;
  readonly #grant: Grant;
  readonly #authenticator: CertificateAuthenticator;

  constructor(
    grant: Grant,
    endsAt: number,
    authenticator: CertificateAuthenticator,
  ) {
    super(grant);
    this.endsAt = endsAt;
    this.#grant = grant;
    this.#authenticator = authenticator;
  }

  override endAt(nowSeconds: number): IdentityEnd | undefined {
    if (!(nowSeconds < this.endsAt)) return "expired";
    return this.#authenticator.isListed(this.#grant) ? undefined : "not listed";
  }
}
