import { X509Certificate } from "node:crypto";
import {
  DisconnectedError,
  HerdClient,
  InvalidCommandError,
  RoamingClient,
} from "../../client/mod.ts";
import { decodeBytes } from "../../protocol/bytes.ts";
import { writeAll } from "../../runtime/transport.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";
import { authority as serverAuthority } from "../fakes/certificates.ts";
import {
  clientAuthority,
  type ClientCertificate,
  eve,
  expired,
  foreign,
  forServers,
  mira,
  otherAuthority,
  selfSigned,
} from "../fakes/client_certificates.ts";
import { ask, Program, TestHerd, until } from "./process.ts";
import { Files } from "./tls.ts";

/** A server that requires certificates, and the files that it reads. */
class Server implements AsyncDisposable {
  readonly herd = new TestHerd();
  readonly #files = new Files(this.herd);
  program!: Program;

  constructor() {
    this.writeAuthority(clientAuthority);
    this.writeIdentities("DNS:mira.example reports=mira/* sees=mira/*");
  }

  async start(...flags: readonly string[]): Promise<void> {
    this.program = await this.herd.start(
      "Hill",
      [
        ...this.#files.flags,
        `--tls-client-ca=${this.#path("clients")}`,
        `--identities=${this.#path("identities")}`,
        ...flags,
      ],
      {},
      ["--no-prompt", "--allow-net", "--allow-write", "--allow-read"],
    );
  }

  writeAuthority(pem: string): void {
    Deno.writeTextFileSync(this.#path("clients"), pem);
  }

  writeIdentities(text: string): void {
    Deno.writeTextFileSync(this.#path("identities"), `${text}\n`);
  }

  /** Lets the server read its files again. Resolves when it has. */
  async renew(): Promise<void> {
    const count = () =>
      this.herd.log("Hill").split(/identities-(?:renewed|kept)/).length;
    const before = count();
    this.program.signal("SIGHUP");
    await until(() => count() > before);
  }

  async connect(certificate?: ClientCertificate): Promise<Deno.TlsConn> {
    return await Deno.connectTls({
      hostname: "127.0.0.1",
      port: this.herd.portOf("Hill"),
      caCerts: [serverAuthority],
      ...certificate,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.herd[Symbol.asyncDispose]();
  }

  #path(name: string): string {
    return `${this.herd.logFolder}/${name}.pem`;
  }
}

/** Sends a line. Returns the first line of the answer; "" if there is none. */
async function request(
  connection: Deno.TlsConn,
  line: string,
): Promise<string> {
  const buffer = new Uint8Array(4096);
  let answer = "";
  try {
    await writeAll(connection, `${line}\n`);
    while (!answer.includes("\n")) {
      const count = await connection.read(buffer);
      if (count === null) break;
      answer += decodeBytes(buffer, 0, count);
    }
  } catch {
    // The server has ended the connection.
  }
  return answer.split("\n")[0];
}

const report = (client: string) => `IAMAT ${client} +1+2 1520023934`;

Deno.test("only clients with a certificate of their authority reach a session", async () => {
  await using server = new Server();
  await server.start();
  const refused: [string, ClientCertificate | undefined, string][] = [
    ["self-signed", selfSigned, "was not issued by the authority"],
    ["of another authority", foreign, "was not issued by the authority"],
    ["expired", expired, "not valid today"],
    ["a server's", forServers, "is not for clients"],
    ["none", undefined, "has sent no certificate"],
  ];
  for (const [what, certificate, reason] of refused) {
    using connection = await server.connect(certificate);
    assertEquals(await request(connection, report("mira/a")), "", what);
    await server.herd.untilLogged("Hill", reason);
  }
  using unknown = await server.connect(eve);
  assertEquals(await request(unknown, report("eve")), "");
  await server.herd.untilLogged("Hill", 'reason="certificate not listed"');
  using known = await server.connect(mira);
  assertMatch(await request(known, report("mira/a")), /^AT Hill /);
  assertMatch(await request(known, "WHATSAT mira/a 0 0"), /^AT Hill /);
  await server.herd.untilLogged("Hill", "<- WHATSAT mira/a");
  const log = server.herd.log("Hill");
  const reached = [...log.matchAll(/<- IAMAT/g)].length;
  assertEquals(reached, 1, log);
});

Deno.test("a client with a certificate reports and queries what it may, and no more", async () => {
  await using server = new Server();
  await server.start("--plain-clients");
  const { herd } = server;
  // In plain text on the loopback address everybody may do everything.
  assertMatch(await ask(herd.portOf("Hill"), `${report("eve")}\n`), /^AT Hill/);
  using connection = await Deno.connectTls({
    hostname: "127.0.0.1",
    port: herd.tlsPortOf("Hill"),
    caCerts: [serverAuthority],
    ...mira,
  });
  for (const line of [report("eve"), "WHATSAT eve 0 0"]) {
    assertEquals(await request(connection, line), `? ${line}`);
  }
  assertMatch(await request(connection, report("mira/a")), /^AT Hill /);
  await herd.untilLogged("Hill", "report-not-permitted");
  await herd.untilLogged("Hill", "query-not-permitted");
  assert(herd.log("Hill").includes('subject="DNS:mira.example"'));
});

/** Runs a subcommand of `herd` with TLS and these files of a client. */
async function run(
  server: Server,
  [command, ...args]: readonly string[],
  files: { cert?: string; key?: string } = {},
): Promise<{ code: number; output: string }> {
  const { herd } = server;
  const flags = Object.entries({ ca: serverAuthority, ...files })
    .map(([name, text]) => {
      const path = `${herd.logFolder}/own-${name}.pem`;
      Deno.writeTextFileSync(path, text);
      return `--tls-${name}=${path}`;
    });
  await using program = Program.start([
    "run",
    "--no-prompt",
    "--allow-net=127.0.0.1",
    "--allow-read",
    "main.ts",
    command,
    ...args,
    `--base-port=${herd.basePort}`,
    ...flags,
  ]);
  const code = await program.ended();
  // Paths and ports differ in each run.
  const output = (program.stdout + program.stderr)
    .replaceAll(/\S*\/own-/g, "own-").replaceAll(/127\.0\.0\.1:\d+/g, "HILL");
  return { code, output };
}

Deno.test("herd send shows a client certificate", async () => {
  await using server = new Server();
  await server.start();
  const send = (line: string, files?: { cert?: string; key?: string }) =>
    run(server, ["send", "Hill", line], files);
  const made = await send(report("mira/a"), mira);
  assertEquals(made.code, 0, made.output);
  assertMatch(made.output, /^AT Hill \S+ mira\/a /);
  assertEquals(await send(report("eve"), mira), {
    code: 0,
    output: `? ${report("eve")}\n`,
  });
  const closed = (hint: string) => RegExp(`^herd: .*HILL .*; ${hint}\n$`);
  const refusal = closed(
    "it may not accept the certificate; its log has the reason",
  );
  for (
    const [files, code, output] of [
      [
        {},
        1,
        closed(
          "add --tls-cert and --tls-key if it requires a client certificate; " +
            "its log has the reason",
        ),
      ],
      // Not in the identities file.
      [eve, 1, refusal],
    ] as const
  ) {
    const refused = await send(report("mira/a"), files);
    assertMatch(refused.output, output);
    assertEquals(refused.code, code, refused.output);
  }
});

Deno.test("the typed client shows a client certificate", async () => {
  await using server = new Server();
  await server.start();
  const address = {
    port: server.herd.portOf("Hill"),
    tlsAuthority: serverAuthority,
    timeoutMs: 10_000,
  };
  const own = { ...address, tlsCertificate: mira.cert, tlsKey: mira.key };
  await using client = await HerdClient.connect(own);
  await using roaming = new RoamingClient([own]);
  for (const one of [client, roaming]) {
    const at = await one.report({ client: "mira/a", position: "+1+2" });
    assertEquals(at.client, "mira/a");
    await assertRejects(
      () => one.report({ client: "eve", position: "+1+2" }),
      InvalidCommandError,
    );
  }
  await using none = await HerdClient.connect(address);
  await assertRejects(
    () => none.report({ client: "mira/a", position: "+1+2" }),
    DisconnectedError,
  );
});

Deno.test("simulated phones share a client certificate", async () => {
  await using server = new Server();
  server.writeIdentities("CN:mira reports=phones/* sees=phones/*");
  await server.start();
  // A herd of one server.
  const herd = `${server.herd.logFolder}/one.json`;
  const { basePort } = server.herd;
  Deno.writeTextFileSync(
    herd,
    JSON.stringify({ basePort, servers: [{ name: "Hill" }], links: [] }),
  );
  const { code, output } = await run(
    server,
    ["phones", "--count=5", "--seconds=1", `--config=${herd}`],
    mira,
  );
  assertEquals(code, 0, output);
  assertMatch(output, /answers wrong +0\n/);
});

Deno.test("SIGHUP changes what certificates permit, and ends what has ended", async () => {
  await using server = new Server();
  await server.start();
  const other = await server.connect(eve);
  assertEquals(await request(other, report("eve")), "");
  other.close();
  server.writeIdentities("CN:eve reports=eve\nCN:mira reports=mira/*");
  await server.renew();
  const [miras, eves] = await Promise.all(
    [mira, eve].map((who) => server.connect(who)),
  );
  assertMatch(await request(miras, report("mira/a")), /^AT Hill /);
  assertMatch(await request(eves, report("eve")), /^AT Hill /);
  // A line is removed, the other one stays.
  server.writeIdentities("CN:mira reports=mira/*");
  await server.renew();
  assertEquals(await request(eves, report("eve")), "");
  assertMatch(await request(miras, report("mira/a")), /^AT Hill /);
  // A file with a fault changes nothing.
  server.writeIdentities("nonsense");
  await server.renew();
  await server.herd.untilLogged("Hill", "identities-kept");
  assertMatch(await request(miras, report("mira/a")), /^AT Hill /);
  server.writeIdentities("CN:mira reports=mira/*");
  // Another authority beside the first one ends nothing, and one less does.
  server.writeAuthority(clientAuthority + otherAuthority);
  await server.renew();
  assertMatch(await request(miras, report("mira/a")), /^AT Hill /);
  using theirs = await server.connect(foreign);
  assertMatch(await request(theirs, report("mira/a")), /^AT Hill /);
  server.writeAuthority(otherAuthority);
  await server.renew();
  assertEquals(await request(miras, report("mira/a")), "");
  using late = await server.connect(mira);
  assertEquals(await request(late, report("mira/a")), "");
  using again = await server.connect(foreign);
  assertMatch(await request(again, report("mira/a")), /^AT Hill /);
  for (const connection of [miras, eves]) connection.close();
});

Deno.test({
  name: "the certificates of these tests are what their names say",
  permissions: "none",
  fn() {
    const of = ({ cert }: ClientCertificate) => new X509Certificate(cert);
    // The purposes: 1.3.6.1.5.5.7.3.2 is for clients, 3.1 for servers.
    const purposes = (certificate: ClientCertificate) =>
      of(certificate).raw.toString("hex").match(/2b0601050507030[12]/g);
    for (const one of [mira, eve, expired, foreign, selfSigned]) {
      assertEquals(purposes(one), ["2b06010505070302"]);
    }
    assertEquals(purposes(forServers), ["2b06010505070301"]);
    assert(Date.parse(of(expired).validTo) < Date.parse("2021-01-01"));
    assertEquals(of(selfSigned).issuer, of(selfSigned).subject);
    assert(of(foreign).checkIssued(new X509Certificate(otherAuthority)));
  },
});
