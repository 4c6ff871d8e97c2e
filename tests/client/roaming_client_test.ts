import {
  DisconnectedError,
  EncryptionError,
  HerdClient,
  InvalidCommandError,
  parseAddress,
  RoamingClient,
} from "../../mod.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertThrows,
} from "../assert.ts";
import { authority } from "../fakes/certificates.ts";
import { answerAs, close, deadPort, FakeServer } from "../fakes/herd_server.ts";

const position = "+34.068930-118.445127";

Deno.test("RoamingClient keeps using a server that answers", async () => {
  await using hill = new FakeServer(answerAs("Hill"));
  await using smith = new FakeServer(answerAs("Smith"));
  await using herd = new RoamingClient([hill, smith]);
  for (const client of ["a", "b", "c"]) {
    assertEquals((await herd.report({ client, position })).server, "Hill");
  }
  assertEquals([hill.connections, smith.connections], [1, 0]);
});

Deno.test("RoamingClient sends an unanswered report to the next server, with the same time", async () => {
  await using closer = new FakeServer(() => close);
  await using smith = new FakeServer(answerAs("Smith"));
  await using herd = new RoamingClient([
    { port: deadPort(), timeoutMs: 60_000 },
    { port: closer.port, timeoutMs: 60_000 },
    { port: smith.port, timeoutMs: 60_000 },
  ]);
  const at = await herd.report({ client: "kiwi", position });
  assertEquals(at.server, "Smith");
  assertEquals(closer.received.length, 1);
  assertEquals(closer.received, smith.received);
  await herd.report({ client: "pear", position });
  assertEquals([closer.connections, smith.connections], [1, 1]);
});

Deno.test("RoamingClient uses the next server when its server stops", async () => {
  const hill = new FakeServer(answerAs("Hill"));
  await using smith = new FakeServer(answerAs("Smith"));
  await using herd = new RoamingClient([hill, smith]);
  assertEquals((await herd.report({ client: "a", position })).server, "Hill");
  await hill[Symbol.asyncDispose]();
  // Overlapping requests share one new connection.
  const answers = await Promise.all(
    ["b", "c", "d", "e"].map((client) => herd.report({ client, position })),
  );
  assertEquals(answers.map(({ server }) => server), Array(4).fill("Smith"));
  assertEquals(smith.connections, 1);
});

Deno.test("RoamingClient reconnects if there is only one server", async () => {
  let lines = 0;
  const answer = answerAs("Hill");
  await using hill = new FakeServer((line) =>
    ++lines === 2 ? close : answer(line)
  );
  await using herd = new RoamingClient([hill]);
  await herd.report({ client: "a", position });
  await herd.report({ client: "b", position });
  assertEquals([hill.connections, lines], [2, 3]);
});

Deno.test("RoamingClient uses the next server when its server does not answer", async () => {
  await using frozen = new FakeServer(() => undefined);
  await using smith = new FakeServer(answerAs("Smith"));
  await using herd = new RoamingClient([
    { port: frozen.port, timeoutMs: 50 },
    smith,
  ]);
  const at = await herd.report({ client: "kiwi", position });
  assertEquals([at.server, frozen.received], ["Smith", smith.received]);
});

Deno.test("RoamingClient names the servers that failed, and does not retry invalid requests", async () => {
  await using smith = new FakeServer(answerAs("Smith"));
  const dead = deadPort();
  {
    await using herd = new RoamingClient([{ port: dead }]);
    const error = await assertRejects(
      () => herd.report({ client: "kiwi", position }),
      DisconnectedError,
      `no server answers: 127.0.0.1:${dead}: `,
    );
    assert(error instanceof Error && !error.message.includes(";"), "once");
  }
  await using herd = new RoamingClient([smith, { port: dead }]);
  await assertRejects(
    () => herd.report({ client: "two words", position }),
    RangeError,
  );
  await assertRejects(
    () => herd.nearby({ client: "nobody", radiusKm: 1, bound: 1 }),
    InvalidCommandError,
  );
  assertEquals(smith.connections, 1);
});

Deno.test("HerdClient: a request ends after timeoutMs", async () => {
  using frozen = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = frozen.addr;
  const client = await HerdClient.connect({ port, timeoutMs: 50 });
  using _connection = await frozen.accept();
  const late = "the server did not answer within 50 ms";
  for (const name of ["kiwi", "pear"]) {
    const answer = client.report({ client: name, position });
    await assertRejects(() => answer, DisconnectedError, late);
  }
  // The server does not read the end of the stream.
  await client.close();
});

Deno.test("HerdClient: a TLS handshake ends after timeoutMs", async () => {
  const frozen = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const secure = { port: frozen.addr.port, tlsAuthority: authority };
  let isOver = false;
  const patient = HerdClient.connect(secure).finally(() => isOver = true);
  const impatient = HerdClient.connect({ ...secure, timeoutMs: 50 });
  const connections = [await frozen.accept(), await frozen.accept()];
  await assertRejects(
    () => impatient,
    DisconnectedError,
    "the server did not answer within 50 ms",
  );
  assert(!isOver, "the connection without timeoutMs still waits");
  for (const connection of connections) connection.close();
  frozen.close();
  await assertRejects(() => patient, EncryptionError);
});

Deno.test("parseAddress() accepts only HOST:PORT", () => {
  for (
    const [text, hostname, port] of [
      ["127.0.0.1:8000", "127.0.0.1", 8000],
      ["hill.example:1", "hill.example", 1],
      ["[::1]:65535", "::1", 65535],
    ] as const
  ) assertEquals(parseAddress(text), { hostname, port });
  for (
    const text of ["", "8000", "hill", "hill:", ":8000", "hill:0", "::1:8000"]
      .concat(["hill:65536", "hill:8000x", "a b:1", "hill:-1", "hill:1e3"])
  ) assertThrows(() => parseAddress(text), RangeError, JSON.stringify(text));
});
