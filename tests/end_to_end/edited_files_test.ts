/** Files that a person edits, as editors of other systems save them. */
import { decodeBytes } from "../../protocol/bytes.ts";
import { writeAll } from "../../runtime/transport.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { hill, oddCurve, smith } from "../fakes/certificates.ts";
import { Program, TestHerd } from "./process.ts";
import { connectTls, Files } from "./tls.ts";

/** A byte order mark, CR LF, and blanks at the ends of lines. */
const asInNotepad = (text: string) =>
  `\uFEFF${text.replaceAll("\n", "  \r\n")}  `;

/** Sends a line by TLS; returns the reply. */
async function askSecurely(port: number): Promise<string> {
  const connection = await connectTls(port);
  await writeAll(connection, "hello\n");
  const buffer = new Uint8Array(100);
  const count = await connection.read(buffer);
  connection.close();
  return decodeBytes(buffer, 0, count!);
}

Deno.test("servers accept herd file, secret, certificate and key with BOM, CR LF and blanks", async () => {
  await using herd = new TestHerd();
  const files = new Files(herd, {
    certificate: asInNotepad(hill.certificate),
    key: asInNotepad(hill.key),
  });
  for (const name of ["ca", "secret"]) {
    const path = `${herd.logFolder}/${name}.pem`;
    Deno.writeTextFileSync(path, asInNotepad(Deno.readTextFileSync(path)));
  }
  const config = `${herd.logFolder}/herd.pem`;
  const description = {
    basePort: herd.basePort,
    servers: [{ name: "Hill" }, { name: "Jaquez" }],
    links: [["Hill", "Jaquez"]],
  };
  Deno.writeTextFileSync(
    config,
    asInNotepad(JSON.stringify(description, null, 2)),
  );
  const flags = [...files.linkFlags, `--config=${config}`];
  for (const name of ["Hill", "Jaquez"]) {
    await herd.start(name, flags, {}, files.permissions);
  }
  await herd.untilLogged("Hill", "link-up");
  assertEquals(await askSecurely(herd.portOf("Hill")), "? hello\n");
});

Deno.test("one file holds certificate and key, also when it is renewed", async () => {
  await using herd = new TestHerd();
  const files = new Files(herd);
  const write = ({ certificate, key }: typeof hill) => {
    const both = asInNotepad(certificate + key);
    files.write({ certificate: both, key: both });
  };
  write(hill);
  const program = await herd.start("Hill", files.flags, {}, files.permissions);
  const port = herd.portOf("Hill");
  assertEquals(await askSecurely(port), "? hello\n");
  write(smith);
  program.signal("SIGHUP");
  await herd.untilLogged("Hill", "certificate-renewed");
  assertEquals(await askSecurely(port), "? hello\n");
});

Deno.test("a certificate with which no handshake succeeds is refused before it is used", async () => {
  await using herd = new TestHerd();
  const files = new Files(herd);
  const program = await herd.start("Hill", files.flags, {}, files.permissions);
  files.write(oddCurve);
  program.signal("SIGHUP");
  await herd.untilLogged("Hill", "certificate-kept");
  assertStringIncludes(program.stderr, "no TLS handshake succeeds with it");
  assertEquals(await askSecurely(herd.portOf("Hill")), "? hello\n");
  await using refused = Program.start([
    "run",
    ...files.permissions,
    "server.ts",
    "Smith",
    `--base-port=${herd.basePort}`,
    `--log-dir=${herd.logFolder}`,
    ...files.flags,
  ]);
  assertEquals(await refused.ended(), 1);
  assertMatch(
    refused.stderr,
    /^server\.ts: \S+\/cert\.pem: no TLS handshake succeeds with it and its key: .*\n$/,
  );
});
