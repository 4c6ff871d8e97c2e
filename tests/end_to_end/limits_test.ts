/**
 * Tests limits with real sockets. The tests of the client listener check each
 * limit to the byte; these check the behaviour of the system's sockets.
 *
 * @module
 */
import { writeAll } from "../../runtime/transport.ts";
import { assert, assertEquals } from "../assert.ts";
import {
  ask,
  connect,
  readAll,
  readUntil,
  TestHerd,
  until,
} from "./process.ts";

const iamat = "IAMAT kiwi +34.068930-118.445127 1520023934.918963997\n";

/** Connects a client, and waits for a first answer. */
async function client(port: number): Promise<Deno.TcpConn> {
  const connection = await connect(port);
  await writeAll(connection, "hello\n");
  await readUntil(connection, (text) => text === "? hello\n");
  return connection;
}

/** Whether the server closes this connection without sending a byte. */
async function isRefused(connection: Deno.TcpConn): Promise<boolean> {
  return await readAll(connection).catch(() => "") === "";
}

Deno.test("a server without free descriptors serves clients, links and its administration port", async () => {
  await using herd = new TestHerd();
  // A server without clients uses about 30 of these, and reserves 15.
  const few = ["sh", "-c", 'ulimit -n 60; exec "$0" "$@"'];
  const permissions = ["--allow-net", "--allow-write"];
  const flags = ["--admin", "--places=gazetteer"];
  const program = await herd.start("Hill", flags, {}, permissions, few);
  const port = herd.portOf("Hill");
  const first = await client(port);
  // The system accepts all of these, the server only some.
  const others = await Promise.all(
    Array.from({ length: 60 }, () => connect(port)),
  );
  const lowered = /warning connection-limit-lowered limit=(\d+) /g;
  await herd.untilLogged("Hill", "connection-limit-lowered");
  // Connections over the lowered limit are refused.
  using last = others.pop()!;
  assertEquals(await isRefused(last), true);
  await writeAll(first, iamat);
  assert(
    (await readUntil(first, (text) => text.endsWith("\n"))).startsWith("AT"),
  );
  // The administration port answers as well.
  const health = `http://127.0.0.1:${herd.adminPortOf("Hill")}/healthz`;
  assertEquals(await (await fetch(health)).text(), "ok\n");
  await herd.start("Smith");
  await herd.untilLogged("Hill", 'link-up neighbour="Smith"');
  for (const connection of others) connection.close();
  await until(async () => {
    using late = await connect(port);
    await writeAll(late, "hello\n");
    return await readUntil(late, (text) => text === "? hello\n")
      .then(() => true, () => false);
  });
  first.close();
  assertEquals(program.stderr, "");
  const log = herd.log("Hill");
  const [[, limit], ...more] = log.matchAll(lowered);
  assert(Number(limit) > 10 && Number(limit) < 40, limit);
  assertEquals(more, []);
  assertEquals(log.includes("accept-failed"), false);
  assert(log.includes('limit-reached limit="descriptors" hits=1'));
});

Deno.test("a full server refuses connections until there is room", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--max-connections=2"]);
  const port = herd.portOf("Hill");
  const one = await client(port);
  using other = await client(port);
  using late = await connect(port);
  assertEquals(await isRefused(late), true);
  await writeAll(other, "still here\n");
  await readUntil(other, (text) => text === "? still here\n");
  one.close();
  await herd.untilLogged("Hill", "client/1 -- debug closed");
  (await client(port)).close();
  await herd.untilLogged("Hill", 'client-refused remote="127.0.0.1:');
  await herd.untilLogged("Hill", 'limit-reached limit="connections" hits=1');
});

Deno.test("the number of connections of one address is limited", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--max-connections-per-address=1"]);
  const port = herd.portOf("Hill");
  using _one = await client(port);
  using late = await connect(port);
  assertEquals(await isRefused(late), true);
  await herd.untilLogged("Hill", 'limit="connections-per-address"');
});

Deno.test("a client that does not read its replies is disconnected, others are not", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--slow-consumer-seconds=1"]);
  const port = herd.portOf("Hill");
  await ask(port, iamat);
  using slow = await connect(port);
  using steady = await client(port);
  const queries = "WHATSAT kiwi 50 20\n".repeat(100);
  // It writes until the server closes the connection.
  const wasClosed = (async () => {
    while (true) await writeAll(slow, queries);
  })().catch(() => true);
  await herd.untilLogged(
    "Hill",
    'closed reason="slow consumer" detail="no reply read for 1000 ms"',
  );
  assertEquals(await wasClosed, true);
  await writeAll(steady, "hello\n");
  await readUntil(steady, (text) => text === "? hello\n");
  await herd.untilLogged("Hill", 'limit-reached limit="slow-consumer-seconds"');
});

Deno.test("with --idle-seconds a silent client is disconnected", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--idle-seconds=1"]);
  using quiet = await client(herd.portOf("Hill"));
  assertEquals(await readAll(quiet), "");
  await herd.untilLogged(
    "Hill",
    'closed reason="idle" detail="nothing received for 1000 ms"',
  );
});

Deno.test("a command without its newline is answered if --partial-line-ms is given", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--partial-line-ms=50"]);
  using connection = await client(herd.portOf("Hill"));
  // As clients do that send their command and then wait.
  await writeAll(connection, "IAMAT kiwi +34.07-118.45 1520023934");
  await readUntil(connection, (text) => text.endsWith(" 1520023934\n"));
  await writeAll(connection, "WHATSAT kiwi 10 1");
  await readUntil(connection, (text) => text.endsWith("}\n\n"));
  await herd.untilLogged("Hill", 'limit-reached limit="partial-line-ms"');
});

Deno.test("a client that reports or queries too often is slowed down, and loses nothing", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", [
    "--max-reports-per-second=3",
    "--max-queries-per-second=3",
  ]);
  for (
    const [limit, line] of [
      ["reports-per-second", "IAMAT kiwi +1+2 1520023934\n"],
      ["queries-per-second", "WHATSAT kiwi 0 0\n"],
    ]
  ) {
    const answer = await ask(herd.portOf("Hill"), line.repeat(6));
    assertEquals(answer.match(/^AT Hill /gm)?.length, 6);
    await herd.untilLogged("Hill", `limit-reached limit="${limit}"`);
  }
});

Deno.test("unknown peers at the peer port cannot block neighbours", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const peerPort = herd.portOf("Hill") + 100;
  const unknownPeers = await Promise.all(
    Array.from({ length: 300 }, () => connect(peerPort)),
  );
  await herd.untilLogged("Hill", 'limit="half-open-links"');
  await herd.start("Smith");
  await herd.untilLogged("Hill", 'link-up neighbour="Smith"');
  for (const peer of unknownPeers) peer.close();
});
