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
import { connectTls, Files, GoBetween, speakTls } from "./tls.ts";

/** Says something, and reads until the server has nothing more to say. */
async function converse(transport: Transport, text: string): Promise<string> {
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

/** Says a line, and reads the one line that comes back. */
async function say(transport: Transport, line: string): Promise<string> {
  await writeAll(transport, `${line}\n`);
  const buffer = new Uint8Array(4096);
  let answer = "";
  while (!answer.endsWith("\n")) {
    const count = await transport.read(buffer);
    if (count === null) throw new Error(`ended behind ${answer}`);
    answer += decodeBytes(buffer, 0, count);
  }
  return answer;
}

Deno.test("plain and encrypted ports are up together, over encrypted links", async () => {
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
  const answer = await converse(secure, "WHATSAT kiwi 10 1\nlast line");
  assertEquals(answer.startsWith(at), true, answer);
  assert(answer.endsWith("\n\n? last line\n"), answer);
  // Who speaks plain text at the other port is told apart in the log.
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

Deno.test("with a certificate alone the client port is encrypted, links are not", async () => {
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
      await converse(await connectTls(port), "hello\n"),
      "? hello\n",
    );
  }
});

Deno.test("a server says close_notify, and believes no line that may be cut off", async () => {
  await using herd = new TestHerd();
  const files = new Files(herd);
  await herd.start("Hill", files.flags, {}, files.permissions);
  const port = herd.portOf("Hill");
  const whole = await connectTls(port);
  assertEquals(await converse(whole, "hello"), "? hello\n");
  assertEquals(whole.wasTruncated, false);
  const plain = await connect(port);
  const cut = speakTls(plain);
  assertMatch(await say(cut, "IAMAT kiwi +1+2 15"), / 15\n$/);
  await writeAll(cut, "IAMAT kiwi +1+2 16");
  // The end of the stream below, which is not the end of what is said in it.
  await plain.closeWrite();
  await herd.untilLogged("Hill", 'detail="without close_notify"');
  const answer = await converse(await connectTls(port), "WHATSAT kiwi 0 0\n");
  assertMatch(answer, /^AT Hill \S+ kiwi \+1\+2 15\n/);
  cut.close();
});

Deno.test("herd send speaks TLS with who has the right certificate", async () => {
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

Deno.test("SIGHUP takes a renewed certificate, and drops nobody", async () => {
  await using herd = new TestHerd();
  const files = new Files(herd);
  const program = await herd.start("Hill", files.flags, {}, files.permissions);
  const port = herd.portOf("Hill");
  const old = await connectTls(port);
  const oldBinding = await old.channelBinding();
  let isOver = false;
  let visits = 0;
  const visitors = (async () => {
    while (!isOver) {
      assertEquals(await converse(await connectTls(port), "hi\n"), "? hi\n");
      visits += 1;
    }
  })();
  await until(() => visits > 2);

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
  const before = visits;
  await until(() => visits > before + 2);
  isOver = true;
  await visitors;
  for (const connection of [old, same, renewed]) {
    assertEquals(await say(connection, "still here"), "? still here\n");
    connection.close();
  }
  program.signal("SIGTERM");
  assertEquals(await program.ended(), 0);
});

Deno.test("a proxy between two servers with a certificate of their authority is refused", async () => {
  for (
    const [files, isLinked] of [[undefined, true], [smith, false]] as const
  ) {
    await using herd = new TestHerd();
    const own = new Files(herd, hill);
    await using between = new GoBetween(herd.portOf("Hill") + 100, files);
    // Port 1 is nobody's: Hill cannot dial.
    const read = ["--no-prompt", "-N", "-W", `--allow-read=${herd.logFolder}`];
    const start = (name: string, flag: string) =>
      herd.start(name, [...own.linkFlags, flag], {}, read);
    await start("Hill", own.herdFlag(herd, "Smith", 1));
    // A server listens where its own file says, so the other file is Smith's.
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

Deno.test("servers that cannot trust each other's certificates say why they do not link", async () => {
  for (
    const [files, reason] of [
      [elsewhere, "is not in the cert's list"],
      [expired, "not issued by the authority, or is not valid today"],
    ] as const
  ) {
    await using herd = new TestHerd();
    const own = new Files(herd);
    await herd.start("Hill", own.linkFlags, {}, own.permissions);
    // Hill goes on to show what it had when it started.
    own.write(files);
    const read = ["--no-prompt", "-N", "-W", `--allow-read=${herd.logFolder}`];
    // Port 1 is nobody's: it is Hill that has to dial.
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
