import { writeAll } from "../../runtime/transport.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { fakePeerHandshake, helloOf } from "../peers/links/fake_peer.ts";
import {
  ask,
  connect,
  names,
  projectFolder,
  readAll,
  readUntil,
  TestHerd,
  until,
} from "./process.ts";

/** A client's AT line at a server, or the refusal. */
async function whereIs(herd: TestHerd, server: string, client: string) {
  const answer = await ask(herd.portOf(server), `WHATSAT ${client} 0 0\n`);
  return answer.split("\n")[0];
}

Deno.test("every server answers with the AT line of the report's origin", async () => {
  await using herd = new TestHerd();
  await herd.startAll();
  for (const [index, name] of names.entries()) {
    const client = `client-${index}`;
    const at = (await ask(herd.portOf(name), `IAMAT ${client} +1+2 3.5\n`))
      .trim();
    assert(at.startsWith(`AT ${name} +`));
    for (const other of names) {
      await until(async () =>
        !(await whereIs(herd, other, client)).startsWith("?")
      );
      assertEquals(await whereIs(herd, other, client), at);
    }
  }
});

Deno.test("a neighbour has a report as soon as its client has the answer", async () => {
  await using herd = new TestHerd();
  await herd.startAll();
  using hill = await connect(herd.portOf("Hill"));
  using jaquez = await connect(herd.portOf("Jaquez"));
  using smith = await connect(herd.portOf("Smith"));
  const report = async (connection: Deno.TcpConn, line: string) => {
    await writeAll(connection, `${line}\n`);
    return await readUntil(connection, (text) => text.endsWith("\n"));
  };
  for (let time = 1; time <= 300; time++) {
    const at = await report(hill, `IAMAT kiwi +1+2 ${time}`);
    for (const neighbour of [jaquez, smith]) {
      await writeAll(neighbour, "WHATSAT kiwi 0 0\n");
      const answer = await readUntil(
        neighbour,
        (text) => text.endsWith("\n\n") || text.startsWith("?"),
      );
      assertEquals(answer.split("\n")[0] + "\n", at);
    }
  }
});

Deno.test("servers agree on the newest of simultaneous reports", async () => {
  await using herd = new TestHerd();
  await herd.startAll();
  const times = [5, 9, 9, 7, 9];
  await Promise.all(
    names.map((name, index) =>
      ask(herd.portOf(name), `IAMAT kiwi +${index}+0 ${times[index]}\n`)
    ),
  );
  let lines: string[] = [];
  await until(async () => {
    lines = await Promise.all(names.map((name) => whereIs(herd, name, "kiwi")));
    return new Set(lines).size === 1 && lines[0].endsWith(" 9");
  });
});

Deno.test("the herd continues without a server, which catches up when restarted", async () => {
  await using herd = new TestHerd();
  const programs = await herd.startAll();
  await ask(herd.portOf("Campbell"), "IAMAT before +1+1 1\n");
  await until(async () =>
    (await whereIs(herd, "Hill", "before")).startsWith("AT")
  );
  programs.get("Smith")!.signal("SIGKILL");
  await programs.get("Smith")!.ended();
  // Jaquez and Singleton still connect Hill and Campbell.
  await ask(herd.portOf("Hill"), "IAMAT during +2+2 2\n");
  await until(async () =>
    (await whereIs(herd, "Campbell", "during")).startsWith("AT")
  );
  await herd.untilLogged("Hill", 'link-down neighbour="Smith"');
  await herd.start("Smith");
  for (const client of ["before", "during"]) {
    await until(async () =>
      (await whereIs(herd, "Smith", client)).startsWith("AT")
    );
    assertEquals(
      await whereIs(herd, "Smith", client),
      await whereIs(herd, "Hill", client),
    );
  }
  await ask(herd.portOf("Smith"), "IAMAT after +3+3 3\n");
  await herd.untilLinked(names);
});

Deno.test("a restarted server has no reports with --no-catch-up", async () => {
  await using herd = new TestHerd();
  const flags = ["--no-catch-up"];
  const hill = await herd.start("Hill", flags);
  await herd.start("Smith", flags);
  await herd.untilLinked(["Hill", "Smith"]);
  const at = await ask(herd.portOf("Smith"), "IAMAT kiwi +1+1 1\n");
  await until(async () =>
    (await whereIs(herd, "Hill", "kiwi")).startsWith("AT")
  );
  hill.signal("SIGKILL");
  await hill.ended();
  await herd.start("Hill", flags);
  await herd.untilLinked(["Hill", "Smith"]);
  assertEquals(await whereIs(herd, "Hill", "kiwi"), "? WHATSAT kiwi 0 0");
  assertEquals(await whereIs(herd, "Smith", "kiwi") + "\n", at);
});

Deno.test("unknown peers are refused at the peer port, and their reports ignored", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const peerPort = herd.portOf("Hill") + 100;
  for (
    const [line, reason] of [
      ["IAMAT kiwi +1+1 1", "not a handshake"],
      [helloOf("Campbell", "Hill"), "stranger"],
      [helloOf("Smith", "Jaquez"), "wrong name"],
      [helloOf("Hill", "Smith"), "own name"],
      ["HERD 1 Smith Hill x", "other version"],
      [`${helloOf("Smith", "Hill")}\nPROOF abc`, "no secret"],
    ]
  ) {
    const answer = await ask(
      peerPort,
      `${line}\nAT Smith +0.000000000 kiwi +1+1 1\n`,
    );
    assertStringIncludes(answer, `NO ${reason}: `);
    await herd.untilLogged("Hill", `link-refused remote="127.0.0.1:`);
    await herd.untilLogged("Hill", `reason="${reason}"`);
  }
  assertEquals(await whereIs(herd, "Hill", "kiwi"), "? WHATSAT kiwi 0 0");
});

Deno.test("a neighbour's report is answered byte for byte, and a wrong one ends the link", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const at = "AT Campbell -9.000000001 ki\xffwi +34.0-118.50 0001520023934.90";
  using smith = await connect(herd.portOf("Hill") + 100);
  await writeAll(smith, `${fakePeerHandshake()}${at}\n`);
  await until(async () =>
    (await whereIs(herd, "Hill", "ki\xffwi")).startsWith("AT")
  );
  assertEquals(await whereIs(herd, "Hill", "ki\xffwi"), at);
  await writeAll(smith, "AT Mallory +0.000000000 pear +1+1 1\n");
  assertStringIncludes(await readAll(smith), "HERD 5 Hill Smith ");
  assertEquals(await whereIs(herd, "Hill", "pear"), "? WHATSAT pear 0 0");
  await herd.untilLogged(
    "Hill",
    'link-down neighbour="Smith" reason="nonsense"',
  );
});

Deno.test("a frozen neighbour does not delay clients", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const smith = await herd.start("Smith");
  await herd.untilLinked(["Hill", "Smith"]);
  smith.signal("SIGSTOP");
  // Far more than a socket's buffers.
  using client = await connect(herd.portOf("Hill"));
  const id = "x".repeat(1_000);
  const count = 20_000;
  const input = Array.from(
    { length: count },
    (_, index) => `IAMAT ${id}${index} +1+1 1\n`,
  ).join("");
  const [answer] = await Promise.all([
    readUntil(client, (text) => text.split("\n").length > count),
    writeAll(client, input),
  ]);
  assertEquals(answer.split("\n").length, count + 1);
  smith.signal("SIGCONT");
  await until(async () =>
    (await whereIs(herd, "Smith", `${id}${count - 1}`)).startsWith("AT")
  );
});

Deno.test("herd up runs all servers in one process until it is stopped", async () => {
  await using herd = new TestHerd();
  const up = await herd.up();
  for (const name of names) {
    assertStringIncludes(up.stdout, `127.0.0.1:${herd.portOf(name)}`);
  }
  assertEquals(up.stdout.includes("no neighbour"), false);
  const at = await ask(herd.portOf("Hill"), "IAMAT kiwi +1+1 1\n");
  await until(async () =>
    await whereIs(herd, "Campbell", "kiwi") + "\n" === at
  );
  const commands = up.stdout.match(/main\.ts send .*/g) ?? [];
  assertEquals(commands.length, 2);
  for (const command of commands) {
    const deno = `'${Deno.execPath()}' run --allow-net --allow-read`;
    const { stdout } = await new Deno.Command("sh", {
      args: ["-c", `${deno} ${command}`],
      cwd: projectFolder,
    }).output();
    const answer = new TextDecoder().decode(stdout);
    assert(answer.startsWith("AT Hill "), `${command}: ${answer}`);
  }
  up.signal("SIGINT");
  assertEquals(await up.ended(), 0);
  for (const name of names) {
    assertStringIncludes(herd.log(name), "-- info stopped");
  }
});
