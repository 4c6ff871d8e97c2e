import { CertificateAuthenticator } from "../../identity/certificate_authenticator.ts";
import { parseIdentitiesFile } from "../../identity/identities_file.ts";
import { assertEquals } from "../assert.ts";
import { attribute, commonName, makeCertificate } from "./make_certificate.ts";
import { now } from "./make_token.ts";

const [mira, eve] = ["mira", "eve"].map((name) =>
  makeCertificate([attribute(commonName, name)])
);
const parse = (text: string) => parseIdentitiesFile(text, "identities");

Deno.test({
  name: "a certificate has an identity until it expires or is no longer listed",
  permissions: "none",
  fn() {
    const authenticator = new CertificateAuthenticator(
      parse("CN:mira reports=mira/* sees=fam/a last role=viewer"),
    );
    assertEquals(authenticator.authenticate(eve, now), undefined);
    const identity = authenticator.authenticate(mira, now + 10)!;
    assertEquals(identity.subject, "CN:mira");
    assertEquals(identity.mayReport("mira/pixel"), true);
    assertEquals(identity.mayReport("fam/a"), false);
    assertEquals(identity.maySee("fam/a"), true);
    assertEquals([identity.lastOnly, identity.role], [true, "viewer"]);
    assertEquals(identity.endsAt, now + 10);
    assertEquals(identity.endAt(now + 9.5), undefined);
    assertEquals(identity.endAt(now + 10), "expired");
    assertEquals(identity.endAt(NaN), "expired");
    const ends: unknown[] = [];
    authenticator.changes.add(() => ends.push(identity.endAt(now)));
    authenticator.replaceGrants(
      parse("CN:eve last\nCN:mira reports=mira/* sees=fam/a last role=viewer"),
    );
    authenticator.replaceGrants(parse("CN:mira reports=mira/* last"));
    authenticator.replaceGrants(parse("CN:eve last"));
    assertEquals(ends, [undefined, "not listed", "not listed"]);
    assertEquals(authenticator.authenticate(mira, now), undefined);
  },
});
