import { readPemBlocks } from "../../runtime/pem.ts";
import { assertEquals } from "../assert.ts";
import { hill, smith } from "../fakes/certificates.ts";
import fc from "../fast_check.ts";
import { assertProperty } from "../property.ts";

const { certificate, key } = hill;

/** What editors, copies and other systems make of a PEM text. */
const disguises: Record<string, (text: string) => string> = {
  "nothing": (text) => text,
  "a byte order mark": (text) => `\uFEFF${text}`,
  "an indentation": (text) => text.replace(/^/gm, "    "),
  "tabs": (text) => text.replace(/^/gm, "\t"),
  "CR LF": (text) => text.replaceAll("\n", "\r\n"),
  "CR alone": (text) => text.replaceAll("\n", "\r"),
  "blanks at the ends of lines": (text) => text.replaceAll("\n", "  \n"),
  "no line end at the end": (text) => text.trimEnd(),
  "empty lines": (text) => text.replaceAll("\n", "\n\n"),
  "one line": (text) => text.replaceAll("\n", " "),
  "text around it": (text) => `Subject: hill\n\n${text}\nthat is all\n`,
};

for (const [name, disguise] of Object.entries(disguises)) {
  Deno.test({
    name: `readPemBlocks() finds what is in a text with ${name}`,
    permissions: "none",
    fn() {
      const text = disguise(certificate + key + smith.certificate);
      assertEquals(readPemBlocks(text), [
        { label: "CERTIFICATE", text: certificate },
        { label: "PRIVATE KEY", text: key },
        { label: "CERTIFICATE", text: smith.certificate },
      ]);
    },
  });
}

Deno.test({
  name: "readPemBlocks() finds no blocks where one has no end",
  permissions: "none",
  fn() {
    assertEquals(readPemBlocks(""), []);
    assertEquals(readPemBlocks("open sesame"), []);
    for (
      const text of [
        certificate.slice(0, 99),
        certificate + key.slice(0, 99),
        certificate.slice(0, 99) + certificate,
        certificate.replace("END CERTIFICATE", "END PRIVATE KEY"),
      ]
    ) assertEquals(readPemBlocks(text), undefined);
  },
});

Deno.test({
  name: "readPemBlocks() does not change a block that is not base64",
  permissions: "none",
  fn() {
    const encrypted =
      "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED" +
      "\n\nAAAA\n-----END RSA PRIVATE KEY-----";
    assertEquals(readPemBlocks(encrypted), [
      { label: "RSA PRIVATE KEY", text: encrypted },
    ]);
  },
});

Deno.test({
  name: "readPemBlocks() keeps every byte of a block",
  permissions: "none",
  async fn() {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
    await assertProperty(fc.property(bytes, (bytes) => {
      const block = `-----BEGIN DATA-----${bytes.toBase64()}-----END DATA-----`;
      const [{ text }] = readPemBlocks(block)!;
      const [, base64] = text.match(/-----\n([^]*)\n-----END/)!;
      assertEquals(Uint8Array.fromBase64(base64), bytes);
    }));
  },
});
