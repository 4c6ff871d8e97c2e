import {
  CertificateError,
  DisconnectedError,
  EncryptionError,
  HerdClient,
  InvalidCommandError,
  RoamingClient,
  SetupError,
  startServer,
  TlsIdentity,
  TopologyError,
} from "../../mod.ts";
import { configure, type LogRecord, reset } from "../../packages/logtape.ts";
import { clientLimitSettings, schema } from "../../server/settings/schema.ts";
import { isGivenBy, type Schema } from "../../server/settings/setting.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "../assert.ts";
import { freeBasePort } from "../end_to_end/process.ts";
import { authority, hill, smith } from "../fakes/certificates.ts";
import { clientAuthority, mira } from "../fakes/client_certificates.ts";
import { answerAs, FakeServer } from "../fakes/herd_server.ts";

Deno.test("mod.ts: a program starts a server, and sends reports and queries", async () => {
  const logDirectory = await Deno.makeTempDir();
  const records: LogRecord[] = [];
  await configure({
    sinks: { memory: (record) => records.push(record) },
    loggers: [
      { category: "herd", sinks: ["memory"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: [] },
    ],
  });
  const basePort = freeBasePort();
  {
    await using server = await startServer({
      name: "Hill",
      basePort,
      logDirectory,
    });
    assertEquals(server.clientAddress, `127.0.0.1:${basePort}`);
    await using client = await HerdClient.connect({ port: basePort });
    const at = await client.report({
      client: "kiwi",
      position: { latitude: 34.06893, longitude: -118.445127 },
      time: "1520023934.918963997",
    });
    assertEquals(at.server, "Hill");
    assertEquals(at.client, "kiwi");
    assertEquals(at.position, "+34.06893-118.445127");
    assertEquals(at.time, "1520023934.918963997");
    assertMatch(at.clockDifference, /^\+\d+\.\d{9}$/);
    const nearby = await client.nearby({
      client: "kiwi",
      radiusKm: 10,
      bound: 2,
    });
    assertEquals(nearby.at, at);
    assertEquals(nearby.status, "OK");
    assertEquals(nearby.results.map(({ name }) => name), [
      "Bel Air",
      "Westwood",
    ]);
    // Requests may overlap.
    const answers = await Promise.all([
      client.report({ client: "Zürich", position: "+47.37+8.54", time: "1" }),
      client.nearby({ client: "kiwi", radiusKm: 0.5, bound: 0 }),
      client.nearby({ client: "nobody", radiusKm: 1, bound: 1 })
        .catch((error) => error),
      client.report({ client: "pear", position: "-0-0", time: new Date(1500) }),
    ]);
    assertEquals(answers[0].client, "Zürich");
    assertEquals(answers[1].results, []);
    assert(answers[2] instanceof InvalidCommandError);
    assertEquals(answers[3].time, "1.500");
    // Other forms of times.
    const at1 = { client: "fig", position: "+1+1" };
    const times = ["2018-03-02T21:52:14.918963997+01:00", 1520023934.5, "now"];
    const [iso, number, now] = await Promise.all(
      times.map((time) => client.report({ ...at1, time })),
    );
    assertEquals(iso.time, "1520023934.918963997");
    assertEquals(number.time, "1520023934.5");
    assert(Math.abs(Number(now.time) - Date.now() / 1000) < 60);
  }
  const events = records.map(({ category, properties, rawMessage }) => ({
    category: category.join("."),
    text: String(rawMessage),
    properties,
  }));
  assertEquals(events[0].category, "herd.Hill");
  assert(events.some(({ text }) => text.startsWith("server: started")));
  assert(events.some(({ text }) => text.startsWith("server: stopped")));
  const log = await Deno.readTextFile(`${logDirectory}/Hill.log`);
  assert(log.includes("-- info stopped"));
  await reset();
  await Deno.remove(logDirectory, { recursive: true });
});

Deno.test("HerdClient: abort() rejects pending and later requests", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const client = await HerdClient.connect({ port: listener.addr.port });
  using _silent = await listener.accept();
  const answer = client.nearby({ client: "kiwi", radiusKm: 1, bound: 1 });
  const rejected = assertRejects(() => answer, DisconnectedError);
  client.abort();
  await rejected;
  await assertRejects(
    () => client.report({ client: "kiwi", position: "+1+1" }),
    DisconnectedError,
  );
  await client.close();
});

Deno.test("HerdClient: a line that is too long ends the connection", async () => {
  const long = "x".repeat(8 * 1024 * 1024 + 1);
  await using server = new FakeServer(() => long);
  await using client = await HerdClient.connect({ port: server.port });
  const report = { client: "kiwi", position: "+1+1" };
  const { cause } = await assertRejects(
    () => client.report(report),
    DisconnectedError,
  );
  assert(cause instanceof RangeError);
  assertEquals(cause.message, "expected lines of at most 8388608 bytes");
  client.abort();
});

/** A value without a static type. */
// deno-lint-ignore no-explicit-any
const anything = (value: unknown): any => value;

Deno.test("HerdClient: an error names the invalid field of a request", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const client = await HerdClient.connect({ port: listener.addr.port });
  using server = await accepting;
  const report = { client: "kiwi", position: "+1+1" };
  const query = { client: "kiwi", radiusKm: 1, bound: 1 };
  for (
    const [call, message] of [
      [() => client.report({ ...report, client: "a b" }), "client: expected"],
      [() => client.report({ ...report, client: "" }), "client: expected"],
      [
        () => client.report({ ...report, position: "1,1" }),
        "position: expected",
      ],
      [
        () =>
          client.report({
            ...report,
            position: { latitude: 91, longitude: 0 },
          }),
        "position: expected",
      ],
      [
        () =>
          client.report({
            ...report,
            position: { latitude: NaN, longitude: 0 },
          }),
        "position: expected",
      ],
      [() => client.report({ ...report, time: "yesterday" }), "time: expected"],
      [() => client.report({ ...report, time: 1e21 }), "time: expected"],
      ...[1520023934918, "1520023934918"].map((time) =>
        [
          () => client.report({ ...report, time }),
          "time: 1520023934918 can only be milliseconds: expected seconds, " +
          "1520023934.918",
        ] as const
      ),
      [() => client.report({ ...report, time: NaN }), "time: expected"],
      // Values that a program may have read from JSON.
      [() => client.report({ ...report, client: anything(1) }), "client: exp"],
      [() => client.report({ ...report, time: anything(null) }), "time: exp"],
      [
        () =>
          client.report({
            ...report,
            position: anything({ latitude: null, longitude: "1" }),
          }),
        "position: expected",
      ],
      [() => client.nearby({ ...query, radiusKm: 51 }), "radiusKm: expected"],
      [() => client.nearby({ ...query, bound: 1.5 }), "bound: expected"],
      [() => client.nearby({ ...query, bound: -1 }), "bound: expected"],
      // Rounding to the digits that are sent must not hide these.
      ...[
        { latitude: 90.000000001, longitude: 0 },
        { latitude: -90.000000001, longitude: 0 },
        { latitude: 0, longitude: 180.000000001 },
        { latitude: 0, longitude: -Infinity },
      ].map((position) =>
        [
          () => client.report({ ...report, position }),
          "position: expected",
        ] as const
      ),
      ...[50.0000001, -0.0000001, NaN, Infinity, "1", 1n, null].map((value) =>
        [
          () => client.nearby({ ...query, radiusKm: anything(value) }),
          "radiusKm: expected a number of kilometres from 0 to 50, found ",
        ] as const
      ),
      ...[5.0000001, 20.0000001, -0.0000001, NaN, "1", 1n, undefined].map(
        (value) =>
          [
            () => client.nearby({ ...query, bound: anything(value) }),
            "bound: expected a whole number from 0 to 20, found ",
          ] as const,
      ),
      [
        () => client.report({ ...report, time: new Date(NaN) }),
        "time: expected",
      ],
      [() => client.report({ ...report, time: -1 }), "time: expected"],
      [
        () =>
          client.report({
            ...report,
            position: anything({ latitude: 1n, longitude: NaN }),
          }),
        'found {"latitude":"1","longitude":"NaN"}',
      ],
      [
        () => client.report({ ...report, position: anything(null) }),
        "position: expected",
      ],
      [() => client.report({ ...report, time: anything(1n) }), "time: exp"],
    ] as const
  ) await assertRejects(call, RangeError, message);
  const lost = assertRejects(() => client.report(report), DisconnectedError);
  server.close();
  await lost;
  await assertRejects(() => client.report(report), DisconnectedError);
  await client.close();
});

Deno.test("HerdClient sends numbers near zero and at the limits in the shortest form", async () => {
  await using server = new FakeServer(answerAs("Hill"));
  await using client = await HerdClient.connect({ port: server.port });
  const positions: [number, number, string][] = [
    [-0, -0, "+0+0"],
    [-1e-9, 1e-9, "+0+0"],
    [-1e-8, 5e-9, "-0.00000001+0.00000001"],
    [90, -180, "+90-180"],
    [-89.999999999, 179.999999999, "-90+180"],
  ];
  for (const [latitude, longitude, position] of positions) {
    const at = await client.report({
      client: "kiwi",
      position: { latitude, longitude },
      time: 0,
    });
    assertEquals(at.position, position);
  }
  const query = { client: "kiwi", radiusKm: -0, bound: -0 };
  await assertRejects(() => client.nearby(query), InvalidCommandError);
  assertEquals(server.received.at(-1), "WHATSAT kiwi 0 0");
});

/** Numbers that are no time-out. The longest timer has 31 bits. */
const wrongTimeouts = [
  NaN,
  0,
  -1,
  -Infinity,
  2 ** 31,
  Number.MAX_VALUE,
  "1000",
  null,
];

Deno.test("HerdClient and RoamingClient refuse a time-out that no timer can keep", async () => {
  await using server = new FakeServer(answerAs("Hill"));
  const expected = "timeoutMs: expected more than 0 and at most 2147483647 " +
    "milliseconds, or Infinity, found ";
  for (const value of wrongTimeouts) {
    const address = { port: server.port, timeoutMs: anything(value) };
    const { message } = await assertRejects(
      () => HerdClient.connect(address),
      RangeError,
    );
    const found = typeof value === "string" ? `"${value}"` : `${value}`;
    assertEquals(message, expected + found);
    assertEquals(
      assertThrows(
        () => new RoamingClient([{ port: 1 }, address]),
        RangeError,
      ).message,
      `servers[1]: ${expected}${found}`,
    );
  }
  assertEquals(server.connections, 0);
});

Deno.test("HerdClient waits without a limit if the time-out is Infinity, and with the longest one", async () => {
  const reply = "AT Hill +0.1 kiwi +1+1 0\n";
  for (const timeoutMs of [Infinity, 2 ** 31 - 1, undefined]) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepting = listener.accept();
    const { port } = listener.addr;
    const client = await HerdClient.connect({ port, timeoutMs });
    using connection = await accepting;
    const report = client.report({ client: "kiwi", position: "+1+1", time: 0 });
    await connection.read(new Uint8Array(100));
    // A timer of 1 ms, which an overflow would make of it, is due before this.
    await new Promise((resolve) => setTimeout(resolve, 2));
    await connection.write(new TextEncoder().encode(reply));
    assertEquals((await report).server, "Hill");
    client.abort();
  }
});

Deno.test("HerdClient and RoamingClient refuse an invalid port", async () => {
  for (const value of [0, -1, 65_536, 80.5, NaN, "8000", undefined]) {
    const address = { port: anything(value) };
    const found = typeof value === "string" ? `"${value}"` : `${value}`;
    const expected =
      `port: expected a whole number from 1 to 65535, found ${found}`;
    const { message } = await assertRejects(
      () => HerdClient.connect(address),
      RangeError,
    );
    assertEquals(message, expected);
    assertEquals(
      assertThrows(() => new RoamingClient([address]), RangeError).message,
      `servers[0]: ${expected}`,
    );
  }
});

Deno.test("HerdClient and RoamingClient refuse a client certificate without its key or an authority", async () => {
  const { certificate, key } = hill;
  const whole = {
    port: 1,
    tlsAuthority: authority,
    tlsCertificate: certificate,
    tlsKey: key,
  };
  for (const part of ["tlsAuthority", "tlsCertificate", "tlsKey"] as const) {
    const address = { ...whole, [part]: undefined };
    const expected =
      `${part}: expected a text in PEM, as a client certificate ` +
      "needs tlsCertificate, tlsKey and tlsAuthority";
    assertEquals(
      (await assertRejects(() => HerdClient.connect(address), RangeError))
        .message,
      expected,
    );
    assertEquals(
      assertThrows(() => new RoamingClient([address]), RangeError).message,
      `servers[0]: ${expected}`,
    );
  }
  await using server = new FakeServer(answerAs("Hill"));
  const other = { ...whole, port: server.port, tlsKey: smith.key };
  await assertRejects(
    () => HerdClient.connect(other),
    CertificateError,
    "is not the certificate's key",
  );
});

Deno.test("startServer() refuses numbers that are out of range or not whole", async () => {
  const wrong = [NaN, -1, 1.5, Infinity, 2 ** 53, "1000", 1n, null];
  const numbers = Object.entries(schema as Schema)
    .filter(([, { type }]) => type === "whole number");
  for (const [name, setting] of numbers) {
    const isLimit = name in clientLimitSettings;
    if (!isLimit && !isGivenBy(setting, "option")) continue;
    for (const value of wrong) {
      const takesInfinity = "zero" in setting && setting.zero !== undefined;
      if (takesInfinity && value === Infinity) continue;
      const options = isLimit
        ? { limits: { [name]: value } }
        : { [name]: value };
      await assertRejects(
        () => startServer({ name: "Hill", ...anything(options) }),
        RangeError,
        `${isLimit ? "limits." : ""}${name}: expected a whole number from `,
      );
    }
  }
});

Deno.test("startServer(): an error names the invalid option or the taken port", async () => {
  await assertRejects(() => startServer({ name: "Hell" }), RangeError, "Hell");
  await assertRejects(
    () => startServer({ name: "A", herd: { servers: [{ name: "" }] } }),
    TopologyError,
    "servers[0].name",
  );
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  await assertRejects(
    () =>
      startServer({
        name: "A",
        herd: { servers: [{ name: "A", clientPort: port, peerPort: 1 }] },
      }),
    SetupError,
    `port ${port}`,
  );
});

Deno.test("startServer(): a server requires certificates of its clients", async () => {
  const logDirectory = await Deno.makeTempDir();
  const port = freeBasePort();
  const options = {
    name: "Hill",
    basePort: port,
    logDirectory,
    tls: new TlsIdentity(hill),
    clientCertificates: {
      authority: clientAuthority,
      identities: "CN:mira reports=mira/*",
    },
  };
  {
    await using _server = await startServer(options);
    const secure = { port, tlsAuthority: authority };
    await using client = await HerdClient.connect({
      ...secure,
      tlsCertificate: mira.cert,
      tlsKey: mira.key,
    });
    const position = "+1+2";
    assertEquals(
      (await client.report({ client: "mira/a", position })).server,
      "Hill",
    );
    await assertRejects(
      () => client.report({ client: "eve", position }),
      InvalidCommandError,
    );
    await using none = await HerdClient.connect(secure);
    await assertRejects(
      () => none.report({ client: "mira/a", position }),
      DisconnectedError,
    );
  }
  const { clientCertificates: own } = options;
  for (
    const [other, kind, message] of [
      [{ tls: undefined }, RangeError, "clientCertificates: needs tls"],
      [
        { clientCertificates: { ...own, authority: "x" } },
        CertificateError,
        "expected certificates in PEM",
      ],
      [
        { clientCertificates: { ...own, identities: "x" } },
        SetupError,
        "clientCertificates.identities:1: ",
      ],
    ] as const
  ) {
    await assertRejects(
      () => startServer({ ...options, ...other }),
      kind,
      message,
    );
  }
  await Deno.remove(logDirectory, { recursive: true });
});

Deno.test("startServer(): a server uses TLS, and a renewed certificate at once", async () => {
  const logDirectory = await Deno.makeTempDir();
  const port = freeBasePort();
  const tls = new TlsIdentity(hill);
  {
    await using server = await startServer({
      name: "Hill",
      basePort: port,
      logDirectory,
      tls,
      limits: { maxConnections: 2 },
    });
    assertEquals(server.clientPorts, [
      { address: `127.0.0.1:${port}`, isEncrypted: true },
      { address: `127.0.0.1:${port + 300}`, isEncrypted: true },
    ]);
    const at = { port, tlsAuthority: authority };
    await using one = await HerdClient.connect(at);
    tls.renew(smith);
    await using other = await HerdClient.connect({ ...at, port: port + 300 });
    for (const client of [one, other]) {
      const position = { latitude: 1, longitude: 2 };
      const { server } = await client.report({ client: "kiwi", position });
      assertEquals(server, "Hill");
    }
    await assertRejects(() => HerdClient.connect(at), EncryptionError);
    assertEquals([...server.limitHits], [["connections", 1]]);
    await assertRejects(
      () => HerdClient.connect({ port, tlsAuthority: smith.certificate }),
      EncryptionError,
    );
  }
  await assertRejects(
    () => startServer({ name: "Hill", limits: { idleMs: 1 } }),
    RangeError,
    "limits.idleMs: expected a whole number from 1000 to 2592000000 or " +
      "Infinity, found 1",
  );
  await Deno.remove(logDirectory, { recursive: true });
});
