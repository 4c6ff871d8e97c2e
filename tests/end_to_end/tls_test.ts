import { decodeBytes } from "../../protocol/bytes.ts";
import { type Transport, writeAll } from "../../runtime/transport.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "../assert.ts";
import {
  authority,
  elsewhere,
  expired,
  hill,
  smith,
} from "../fakes/certificates.ts";
import { ask, connect, Program, readAll, TestHerd, until } from "./process.ts";
import { connectTls, Files, InterceptingProxy, startTls } from "./tls.ts";

/** Sends a text, ends sending, and reads to the end. */
async function exchange(transport: Transport, text: string): Promise<string> {
  await writeAll(transport, text);
  await transport.closeWrite();
  const buffer = new Uint8Array(4096);
  let answer = "";
  let count;
  while ((count = await transport.read(buffer)) !== null) {
    answer += decodeBytes(buffer, 0, count);
  }
  transport.close();
  return answer;
}

/** Sends a line, and reads the one line of the answer. */
async function request(transport: Transport, line: string): Promise<string> {
  await writeAll(transport, `${line}\n`);
  const buffer = new Uint8Array(4096);
  let answer = "";
  while (!answer.endsWith("\n")) {
    const count = await transport.read(buffer);
    if (count === null) throw new Error(`ended after ${answer}`);
    answer += decodeBytes(buffer, 0, count);
  }
  return answer;
}

Deno.test("a server has plain and encrypted client ports, and encrypted links", async () => {
  await using herd = new TestHerd();
  const files = new Files(herd);
  const flags = [...files.linkFlags, "--plain-clients"];
  for (const name of ["Hill", "Smith"]) {
    await herd.start(name, flags, {}, files.permissions);
  }
  await herd.untilLogged("Hill", "link-up");
  const at = await ask(herd.portOf("Hill"), "IAMAT kiwi +34-118 1.5\n");
  assertMatch(at, /^AT Hill \+[\d.]+ kiwi \+34-118 1\.5\n$/);
  const secure = await connectTls(herd.tlsPortOf("Smith"));
  const answer = await exchange(secure, "WHATSAT kiwi 10 1\nlast line");
  assertEquals(answer.startsWith(at), true, answer);
  assert(answer.endsWith("\n\n? last line\n"), answer);
  // The log names plain text at the TLS port as the reason.
  assertEquals(
    (await ask(herd.tlsPortOf("Smith"), "hello\n")).length < 10,
    true,
  );
  await herd.untilLogged(
    "Smith",
    'closed reason="encryption failed" ' +
      'detail="expected TLS, found something else"',
  );
});

Deno.test("without --tls-ca the client port is encrypted, and links are not", async () => {
  await using herd = new TestHerd();
  const files = new Files(herd);
  const program = await herd.start("Hill", files.flags, {}, files.permissions);
  await herd.start("Smith");
  await herd.untilLogged("Hill", "link-up");
  const address = `127.0.0.1:${herd.portOf("Hill")}`;
  assertStringIncludes(
    program.stdout,
    `clients on ${address} (TLS) and 127.0.0.1:${
      herd.tlsPortOf("Hill")
    } (TLS), peers on 127.0.0.1:${herd.portOf("Hill") + 100}, linked`,
  );
  for (const port of [herd.portOf("Hill"), herd.tlsPortOf("Hill")]) {
    assertEquals(
      await exchange(await connectTls(port), "hello\n"),
      "? hello\n",
    );
  }
});

Deno.test("a server sends close_notify, and ignores a line that may be truncated", async () => {
  await using herd = new TestHerd();
  const files = new Files(herd);
  await herd.start("Hill", files.flags, {}, files.permissions);
  const port = herd.portOf("Hill");
  const whole = await connectTls(port);
  assertEquals(await exchange(whole, "hello"), "? hello\n");
  assertEquals(whole.wasTruncated, false);
  const plain = await connect(port);
  const cut = startTls(plain);
  assertMatch(await request(cut, "IAMAT kiwi +1+2 15"), / 15\n$/);
  await writeAll(cut, "IAMAT kiwi +1+2 16");
  // The end of the TCP stream, without close_notify of TLS.
  await plain.closeWrite();
  await herd.untilLogged("Hill", 'detail="without close_notify"');
  const answer = await exchange(await connectTls(port), "WHATSAT kiwi 0 0\n");
  assertMatch(answer, /^AT Hill \S+ kiwi \+1\+2 15\n/);
  cut.close();
});

Deno.test("herd send connects with TLS to a server with a valid certificate", async () => {
  await using herd = new TestHerd();
  const files = new Files(herd);
  await herd.start("Hill", files.flags, {}, files.permissions);
  const send = async (authority: string) => {
    const path = `${herd.logFolder}/send-ca.pem`;
    Deno.writeTextFileSync(path, authority);
    await using program = Program.start([
      "run",
      "--no-prompt",
      `--allow-net=127.0.0.1:${herd.tlsPortOf("Hill")}`,
      `--allow-read=${path}`,
      "main.ts",
      "send",
      "Hill",
      "hello",
      `--base-port=${herd.basePort}`,
      `--tls-ca=${path}`,
    ]);
    const status = await program.ended();
    return [status, program.stdout + program.stderr];
  };
  assertEquals(await send(authority), [0, "? hello\n"]);
  assertEquals(await send(smith.certificate), [
    1,
    `herd: cannot connect to 127.0.0.1:${herd.tlsPortOf("Hill")}: TLS: the ` +
    "certificate was not issued by the authority, or is not valid today\n",
  ]);
});

Deno.test("SIGHUP renews the certificate, and closes no connection", async () => {
  await using herd = new TestHerd();
  const files = new Files(herd);
  const program = await herd.start("Hill", files.flags, {}, files.permissions);
  const port = herd.portOf("Hill");
  const old = await connectTls(port);
  const oldBinding = await old.channelBinding();
  let isStopping = false;
  let connections = 0;
  const connecting = (async () => {
    while (!isStopping) {
      assertEquals(await exchange(await connectTls(port), "hi\n"), "? hi\n");
      connections += 1;
    }
  })();
  await until(() => connections > 2);

  files.write({ ...hill, certificate: smith.certificate });
  program.signal("SIGHUP");
  await herd.untilLogged("Hill", "certificate-kept");
  assertStringIncludes(program.stderr, "is not the certificate's key");
  const same = await connectTls(port);
  assertEquals(await same.channelBinding(), oldBinding);

  files.write(smith);
  program.signal("SIGHUP");
  await herd.untilLogged("Hill", "certificate-renewed");
  const renewed = await connectTls(port);
  assert(await renewed.channelBinding() !== oldBinding);
  const before = connections;
  await until(() => connections > before + 2);
  isStopping = true;
  await connecting;
  for (const connection of [old, same, renewed]) {
    assertEquals(await request(connection, "still here"), "? still here\n");
    connection.close();
  }
  program.signal("SIGTERM");
  assertEquals(await program.ended(), 0);
});

Deno.test("servers do not link through a proxy with a certificate of their authority", async () => {
  for (
    const [files, isLinked] of [[undefined, true], [smith, false]] as const
  ) {
    await using herd = new TestHerd();
    const own = new Files(herd, hill);
    await using between = new InterceptingProxy(
      herd.portOf("Hill") + 100,
      files,
    );
    // Nothing listens on port 1: Hill cannot dial.
    const read = ["--no-prompt", "-N", "-W", `--allow-read=${herd.logFolder}`];
    const start = (name: string, flag: string) =>
      herd.start(name, [...own.linkFlags, flag], {}, read);
    await start("Hill", own.herdFlag(herd, "Smith", 1));
    // A server listens on the port in its own file, so Smith has another file.
    await start("Smith", own.herdFlag(herd, "Hill", between.port));
    if (isLinked) {
      await herd.untilLogged("Hill", 'link-up neighbour="Smith"');
    } else {
      await herd.untilLogged("Hill", "link-refused");
      assertStringIncludes(herd.log("Hill"), 'reason="wrong secret"');
      assertEquals(herd.log("Hill").includes("link-up"), false);
      await herd.untilLogged("Smith", "dial-failed");
      assertEquals(herd.log("Smith").includes("link-up"), false);
    }
  }
});

Deno.test("a server logs why it refuses a neighbour's certificate", async () => {
  for (
    const [files, reason] of [
      [elsewhere, "is not in the cert's list"],
      [expired, "not issued by the authority, or is not valid today"],
    ] as const
  ) {
    await using herd = new TestHerd();
    const own = new Files(herd);
    await herd.start("Hill", own.linkFlags, {}, own.permissions);
    // Hill keeps the certificate that it has read at its start.
    own.write(files);
    const read = ["--no-prompt", "-N", "-W", `--allow-read=${herd.logFolder}`];
    // Nothing listens on port 1: Smith cannot dial, and Hill has to.
    const flags = [...own.linkFlags, own.herdFlag(herd, "Hill", 1)];
    await herd.start("Smith", flags, {}, read);
    await herd.untilLogged("Hill", reason);
    await herd.untilLogged("Smith", "link-refused");
    assertEquals(herd.log("Hill").includes("link-up"), false);
  }
});

Deno.test("a server that encrypts its links does not link with one that does not", async () => {
  await using herd = new TestHerd();
  const files = new Files(herd);
  await herd.start("Hill", files.linkFlags, {}, files.permissions);
  await herd.start(
    "Smith",
    files.linkFlags.filter((flag) => flag.startsWith("--secret")),
    {},
    files.permissions,
  );
  await herd.untilLogged("Smith", "not a handshake");
  await herd.untilLogged("Hill", "expected TLS, found something else");
  for (const name of ["Hill", "Smith"]) {
    assertEquals(herd.log(name).includes("link-up"), false);
  }
  using connection = await connect(herd.portOf("Smith"));
  await writeAll(connection, "hello\n");
  await connection.closeWrite();
  assertEquals(await readAll(connection), "? hello\n");
});
