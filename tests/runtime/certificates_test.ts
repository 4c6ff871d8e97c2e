import {
  CertificateError,
  type TlsFiles,
  TlsIdentity,
} from "../../runtime/certificates.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import { authority, broken, hill, smith, weak } from "../fakes/certificates.ts";

const cases: [TlsFiles, string, string][] = [
  [
    { ...hill, certificate: "" },
    "certificate",
    "expected certificates in PEM, -----BEGIN CERTIFICATE-----",
  ],
  [
    { certificate: hill.key, key: hill.certificate },
    "certificate",
    "expected certificates in PEM, -----BEGIN CERTIFICATE-----",
  ],
  [
    { ...hill, certificate: hill.certificate.replace("MII", "AAA") },
    "certificate",
    "certificate 1 of 1 cannot be read",
  ],
  [
    { ...hill, certificate: hill.certificate + broken },
    "certificate",
    "certificate 2 of 2 cannot be read",
  ],
  [
    { ...hill, certificate: hill.certificate + hill.certificate.slice(0, 99) },
    "certificate",
    "expected certificates in PEM, -----BEGIN CERTIFICATE-----",
  ],
  [
    { ...hill, authority: authority + broken },
    "authority",
    "certificate 2 of 2 cannot be read",
  ],
  [
    weak,
    "certificate",
    "cannot be used: error:0A00018A:SSL routines::key too small",
  ],
  [
    { ...hill, key: "open sesame" },
    "key",
    "expected a private key in PEM, -----BEGIN PRIVATE KEY-----, without a " +
    "passphrase",
  ],
  [{ ...hill, key: smith.key }, "key", "is not the certificate's key"],
  [
    { ...hill, authority: "trust me" },
    "authority",
    "expected certificates in PEM, -----BEGIN CERTIFICATE-----",
  ],
];

Deno.test({
  name: "TlsIdentity names the invalid part and the reason",
  permissions: "none",
  fn() {
    for (const [files, part, message] of cases) {
      const error = assertThrows(
        () => new TlsIdentity(files),
        CertificateError,
      );
      assertEquals([error.part, error.message], [part, message]);
    }
  },
});

Deno.test({
  name: "renew() changes nothing if a file is invalid",
  permissions: "none",
  fn() {
    const identity = new TlsIdentity({ ...hill, authority });
    const { credentials } = identity;
    for (const [files] of cases) {
      assertThrows(() => identity.renew(files), CertificateError);
    }
    assertEquals(identity.credentials === credentials, true);
    assertEquals(identity.authority, authority);
    assertEquals(credentials.validUntilMs, Date.UTC(2120, 0, 1));
  },
});

Deno.test({
  name: "renew() does not begin to encrypt links",
  permissions: "none",
  fn() {
    const identity = new TlsIdentity(hill);
    identity.renew({ ...smith, authority });
    assertEquals(identity.authority, undefined);
  },
});
