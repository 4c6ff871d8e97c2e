import {
  findGrant,
  parseIdentitiesFile,
} from "../../identity/identities_file.ts";
import { SetupError } from "../../runtime/setup_error.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import {
  attribute,
  commonName,
  der,
  makeCertificate,
  tags,
} from "./make_certificate.ts";

const parse = (text: string) => parseIdentitiesFile(text, "identities");

Deno.test({
  name: "a line names a certificate and what it may do",
  permissions: "none",
  fn() {
    const grants = parse(
      "# phones\r\n" +
        "DNS:phone.example \t reports=mira/pixel sees=fam/* sees=é/* last\r\n" +
        '"CN:Mira \\"Pixel\\" Smith" role=viewer\n' +
        "URI:spiffe://herd/van=1 sees=a=b\n",
    );
    assertEquals([...grants], [
      ["DNS:phone.example", {
        subject: "DNS:phone.example",
        reports: ["mira/pixel"],
        sees: ["fam/*", "\xc3\xa9/*"],
        lastOnly: true,
        role: undefined,
      }],
      ['CN:Mira "Pixel" Smith', {
        subject: 'CN:Mira "Pixel" Smith',
        reports: [],
        sees: [],
        lastOnly: false,
        role: "viewer",
      }],
      ["URI:spiffe://herd/van=1", {
        subject: "URI:spiffe://herd/van=1",
        reports: [],
        sees: ["a=b"],
        lastOnly: false,
        role: undefined,
      }],
    ]);
    assertEquals(parse("").size, 0);
  },
});

Deno.test({
  name: "a fault of an identities file is named with its line",
  permissions: "none",
  fn() {
    const name = "expected the name of a certificate first, as CN:..., " +
      "DNS:..., URI:..., EMAIL:...";
    const fields =
      "reports=PATTERN, sees=PATTERN, last or role=viewer|operator";
    const once = `expected ${fields}, and last and role= once each`;
    const cases: [text: string, fault: string][] = [
      ["mira last", `1: ${name}`],
      ["dns:a last", `1: ${name}`],
      ["DNS: last", `1: ${name}`],
      ["\n\nIP:127.0.0.1 last", `3: ${name}`],
      ['"CN:Mira last', `1: ${name}`],
      ['"CN:Mira"last', `1: ${name}`],
      ['"CN:\\x" last', "1: expected a name in quotes as JSON writes texts"],
      ['"CN:\\ud800" last', "1: expected a name in quotes as JSON writes"],
      ["DNS:a", `1: expected ${fields} after the name`],
      ["DNS:a last\n# b\nDNS:a last", "3: a line above has the same name"],
      ["DNS:a last last", `1: ${once}`],
      ["DNS:a role=viewer role=viewer", `1: ${once}`],
      ["DNS:a mira/pixel", `1: ${once}`],
      ["DNS:a last=true", `1: ${once}`],
      ["DNS:a role=admin", "1: role=: expected viewer or operator"],
      ["DNS:a role", "1: role=: expected viewer or operator"],
      [
        "DNS:a sees=*",
        "1: sees=: expected an ID or prefix/*, but * is not at its end, after /",
      ],
      [
        "DNS:a reports",
        "1: reports=: expected an ID or prefix/*, but it is empty",
      ],
      [
        `DNS:a ${"sees=a ".repeat(65)}`,
        "1: expected at most 64 patterns, found 65",
      ],
      [
        `DNS:a ${"sees=a ".repeat(131)}`,
        "1: expected at most 130 words after the name",
      ],
      [
        `DNS:${"a".repeat(1021)} last`,
        "1: expected a name of at most 1024 bytes",
      ],
      [
        Array.from({ length: 5_001 }, (_, i) => `DNS:${i} last\n`).join(""),
        "5001: expected at most 5000 names",
      ],
      ["DNS:a sees=\ufffd", "1: expected UTF-8"],
    ];
    for (const [text, fault] of cases) {
      assertThrows(() => parse(text), SetupError, `identities:${fault}`);
    }
  },
});

Deno.test({
  name: "a certificate is found by its first name that is listed",
  permissions: "none",
  fn() {
    const grants = parse(
      "DNS:b.example sees=b\nDNS:c.example sees=c\nCN:mira sees=m\n",
    );
    const find = (common: string, ...names: string[]) =>
      findGrant(
        grants,
        makeCertificate(
          [attribute(commonName, common)],
          names.map((name) => der(tags.dns, name)),
        ),
      )?.sees.join();
    assertEquals(find("mira", "b.example"), "m");
    assertEquals(find("eve", "a.example", "c.example", "b.example"), "c");
    assertEquals(find("eve", "a.example"), undefined);
    assertEquals(find("Mira", "B.example"), undefined);
    assertEquals(find("eve", "a.example, DNS:b.example"), undefined);
    assertEquals(find("DNS:b.example"), undefined);
    assertEquals(findGrant(grants, new Uint8Array(5)), undefined);
  },
});
