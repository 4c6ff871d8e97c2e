import {
  CertificateError,
  Credentials,
  TlsIdentity,
} from "../../runtime/certificates.ts";
import { checkHandshake } from "../../runtime/check_handshake.ts";
import { assertEquals, assertRejects, assertThrows } from "../assert.ts";
import {
  authority,
  elsewhere,
  expired,
  hill,
  oddCurve,
  smith,
} from "../fakes/certificates.ts";

Deno.test({
  name: "a handshake succeeds with every certificate that a server can present",
  permissions: "none",
  async fn() {
    // Whether clients trust it is another question.
    for (const { certificate, key } of [hill, smith, elsewhere, expired]) {
      await checkHandshake(new Credentials(certificate, key));
    }
  },
});

Deno.test({
  name: "a key that TLS cannot use is found before a client connects",
  permissions: "none",
  async fn() {
    const { certificate, key } = oddCurve;
    const error = await assertRejects(
      () => checkHandshake(new Credentials(certificate, key)),
      CertificateError,
      "no TLS handshake succeeds with it and its key: ",
    );
    assertEquals(error.part, "certificate");
  },
});

Deno.test({
  name: "a context that presents another certificate is refused",
  permissions: "none",
  async fn() {
    const { context } = new Credentials(
      smith.certificate,
      smith.key,
    );
    const { fingerprint } = new Credentials(hill.certificate, hill.key);
    await assertRejects(
      () => checkHandshake({ context, fingerprint }),
      CertificateError,
      "the server presented another certificate",
    );
  },
});

/** What editors and other systems make of a text. */
const disguises: Record<string, (text: string) => string> = {
  "a byte order mark": (text) => `\uFEFF${text}`,
  "an indentation": (text) => text.replace(/^/gm, "  "),
  "CR LF": (text) => text.replaceAll("\n", "\r\n"),
  "blanks at the ends of lines": (text) => text.replaceAll("\n", "  \n"),
  "both certificate and key": () => hill.certificate + hill.key,
  "the key first": () => hill.key + hill.certificate,
};

for (const [name, disguise] of Object.entries(disguises)) {
  Deno.test({
    name: `clients can connect with files that have ${name}`,
    permissions: "none",
    async fn() {
      const identity = new TlsIdentity({
        certificate: disguise(hill.certificate),
        key: disguise(hill.key),
        authority: `\uFEFF  ${authority.trimEnd()}  `,
      });
      await checkHandshake(identity.credentials);
      assertEquals(identity.authority, authority);
      const { fingerprint } = new Credentials(hill.certificate, hill.key);
      assertEquals(identity.credentials.fingerprint, fingerprint);
    },
  });
}

Deno.test({
  name: "a file with two keys is refused",
  permissions: "none",
  fn() {
    assertThrows(
      () => new Credentials(hill.certificate, smith.key + hill.key),
      CertificateError,
      "expected one private key, found 2",
    );
  },
});
