import { X509Certificate } from "node:crypto";
import fc from "../fast_check.ts";
import { namesOfCertificate } from "../../identity/certificate_names.ts";
import { assert, assertEquals } from "../assert.ts";
import { hill } from "../fakes/certificates.ts";
import { assertProperty } from "../property.ts";
import {
  attribute,
  commonName,
  der,
  makeCertificate,
  organization,
  tags,
} from "./make_certificate.ts";

Deno.test({
  name: "a certificate's common names come first, then its alternative names",
  permissions: "none",
  fn() {
    const certificate = makeCertificate([
      attribute(organization, "Home"),
      attribute(commonName, "Mira Smith"),
      attribute(commonName, "mira", 0x13),
      // A text in UTF-16 is left out.
      attribute(commonName, "\0m", 0x1e),
    ], [
      der(tags.dns, "phone.example"),
      der(tags.ip, "\x7f\0\0\x01"),
      der(tags.uri, "spiffe://herd/mira"),
      der(tags.email, "mira@a.example"),
    ]);
    assertEquals(namesOfCertificate(certificate), [
      "CN:Mira Smith",
      "CN:mira",
      "DNS:phone.example",
      "URI:spiffe://herd/mira",
      "EMAIL:mira@a.example",
    ]);
    assertEquals(namesOfCertificate(makeCertificate([])), []);
  },
});

Deno.test({
  name: "a name that looks like two is one name",
  permissions: "none",
  fn() {
    const names = [der(tags.dns, "a.example, DNS:b.example")];
    assertEquals(namesOfCertificate(makeCertificate([], names)), [
      "DNS:a.example, DNS:b.example",
    ]);
  },
});

/**
 * A certificate that `openssl req -x509` has made with subject alternative names
 * of several kinds. The first contains a comma.
 */
const withOddName = `-----BEGIN CERTIFICATE-----
MIICEDCCAbWgAwIBAgIUbkJz/klAUiB5rOlvrLdIukiErIYwCgYIKoZIzj0EAwIw
QDETMBEGA1UEAwwKTWlyYSBTbWl0aDENMAsGA1UECgwESG9tZTEMMAoGA1UECwwD
b25lMQwwCgYDVQQLDAN0d28wIBcNMjYxMjAxMTEwOTMyWhgPMjEyNjExMDcxMTA5
MzJaMEAxEzARBgNVBAMMCk1pcmEgU21pdGgxDTALBgNVBAoMBEhvbWUxDDAKBgNV
BAsMA29uZTEMMAoGA1UECwwDdHdvMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
zVJ7sTuHh2X+YdKSeSdeQLJl7+YnUjls+xNKU4Wzvzgt2gL6b69TXbv3DJnJmfjZ
SMet3OKOcqboiY173+QTiKOBijCBhzBmBgNVHREEXzBdgiBldmlsLmV4YW1wbGUs
IEROUzp2aWN0aW0uZXhhbXBsZYINcGxhaW4uZXhhbXBsZYYSc3BpZmZlOi8vaGVy
ZC9taXJhgRBtaXJhQGV4YW1wbGUuY29thwTAAAIBMB0GA1UdDgQWBBT3bEzKkVaF
s+BWfGgjbwQ5AEHatzAKBggqhkjOPQQDAgNJADBGAiEAiRsoqWDcZmiogliUTD+Q
rMlKNqkSeXdWlErxDJL/ehgCIQCLnG6DUlfphoSSOBSvbspWFaEYSa0XaOsOEMys
QM0CUg==
-----END CERTIFICATE-----
`;

Deno.test({
  name: "real certificates have the names that openssl has written into them",
  permissions: "none",
  fn() {
    const odd = new X509Certificate(withOddName);
    // The runtime's text does not show where a name ends.
    assert(odd.subjectAltName!.startsWith(
      "DNS:evil.example, DNS:victim.example, DNS:plain.example, URI:",
    ));
    assertEquals(namesOfCertificate(new Uint8Array(odd.raw)), [
      "CN:Mira Smith",
      "DNS:evil.example, DNS:victim.example",
      "DNS:plain.example",
      "URI:spiffe://herd/mira",
      "EMAIL:mira@example.com",
    ]);
    const { raw } = new X509Certificate(hill.certificate);
    assertEquals(namesOfCertificate(new Uint8Array(raw)), [
      "CN:hill",
      "DNS:localhost",
    ]);
  },
});

Deno.test({
  name: "a certificate with more than 64 names has none",
  permissions: "none",
  fn() {
    const names = Array.from({ length: 65 }, (_, i) => der(tags.dns, `${i}`));
    assertEquals(
      namesOfCertificate(makeCertificate([], names.slice(1)))?.length,
      64,
    );
    assertEquals(namesOfCertificate(makeCertificate([], names)), undefined);
  },
});

Deno.test({
  name: "bytes that are no certificate have no names, and no error",
  permissions: "none",
  fn() {
    const good = makeCertificate([attribute(commonName, "mira")], [
      der(tags.dns, "phone.example"),
    ]);
    for (let end = 0; end < good.length; end++) {
      assertEquals(namesOfCertificate(good.subarray(0, end)), undefined);
    }
    const property = fc.property(
      fc.nat(good.length - 1),
      fc.integer({ min: 0, max: 255 }),
      (index, byte) => {
        const bytes = good.slice();
        bytes[index] = byte;
        const names = namesOfCertificate(bytes) ?? [];
        assert(names.length <= 64);
      },
    );
    assertProperty(property, { numRuns: 2_000 });
  },
});
