import { type ByteString, decodeBytes } from "../../protocol/bytes.ts";
import { writeAll } from "../../runtime/transport.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import {
  type ReadAnswer,
  readAnswers,
  summary,
} from "../gateways/http/answers.ts";
import { httpSamples } from "../gateways/payloads.ts";
import { needs } from "../needs.ts";
import {
  ask,
  connect,
  projectFolder,
  readAll,
  readUntil,
  TestHerd,
} from "./process.ts";
import { GuardedServer, tokenOf } from "./admin_tokens.ts";
import { Files } from "./tls.ts";

const folder = `${projectFolder}tests/gateways/payloads/`;

/** The samples as they are sent to a server without tokens. */
const samples = httpSamples.filter(({ ownId }) => ownId === undefined)
  .map(({ answer, file }) => {
    const bytes = Deno.readFileSync(folder + file);
    const text = decodeBytes(bytes, 0, bytes.length)
      .replace(/^Host: .*\r$/m, "Host: 127.0.0.1\r");
    return { answer, file, text };
  });

/** What must not depend on how a request is split. */
const summaries = (stream: ByteString) => readAnswers(stream).map(summary);

const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 0));

/**
 * Sends requests on one connection, each in parts with a turn of the event loop
 * between them, and ends it as `nc -N` does.
 */
async function askInParts(
  port: number,
  requests: readonly (readonly ByteString[])[],
): Promise<string[]> {
  using connection = await connect(port);
  const answers = readAll(connection);
  for (const part of requests.flat()) {
    await writeAll(connection, part);
    await nextTurn();
  }
  await connection.closeWrite();
  return summaries(await answers);
}

/** How many requests a connection has. */
const perConnection = 40;

/** How many samples are sent at the same time: each takes some connections. */
const samplesAtOnce = 8;

/** Sends a sample with each split, and byte by byte. */
async function checkSample(
  port: number,
  { answer, file, text }: (typeof samples)[number],
): Promise<void> {
  const whole = summaries(await ask(port, text));
  assertEquals(whole[0], answer, file);
  // Many requests on a connection take less time than a connection each.
  const kept = text.replace(/^connection: close\r\n/im, "");
  const cuts = Array.from(
    { length: kept.length - 1 },
    (_, index) => [kept.slice(0, index + 1), kept.slice(index + 1)],
  );
  const groups = [[[...text]]];
  for (let at = 0; at < cuts.length; at += perConnection) {
    groups.push(cuts.slice(at, at + perConnection));
  }
  await Promise.all(groups.map(async (group) => {
    const answers = await askInParts(port, group);
    assertEquals(answers, group.flatMap(() => whole), file);
  }));
}

Deno.test("every sample is answered alike over a socket, wherever it is split", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--http"]);
  const port = herd.httpPortOf("Hill");
  for (let at = 0; at < samples.length; at += samplesAtOnce) {
    const some = samples.slice(at, at + samplesAtOnce);
    await Promise.all(some.map((sample) => checkSample(port, sample)));
  }
});

/** A request with a body. */
const post = (target: string, body: string) =>
  `POST ${target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

const get = (target: string) =>
  `GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

/** Sends a request on a connection that is kept, and reads its answer. */
async function exchange(
  connection: Deno.TcpConn,
  request: ByteString,
): Promise<ReadAnswer> {
  await writeAll(connection, request);
  const stream = await readUntil(connection, (text) => {
    const [, length] = text.match(/^content-length: (\d+)\r$/m) ?? [];
    const end = text.indexOf("\r\n\r\n");
    return end >= 0 && text.length >= end + 4 + Number(length ?? 0);
  });
  return readAnswers(stream)[0];
}

Deno.test("a report that was answered can be asked for at a neighbour at once", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--http"]);
  await herd.start("Smith", ["--http"]);
  await herd.untilLinked(["Hill", "Smith"]);
  using hill = await connect(herd.httpPortOf("Hill"));
  using smith = await connect(herd.httpPortOf("Smith"));
  for (let count = 0; count < 200; count++) {
    const report = `{"id":"c${count}","lat":1,"lon":2,"tst":3}`;
    const taken = await exchange(hill, post("/report", report));
    assertEquals(summary(taken), '200 {"taken":1,"ignored":0}');
    const found = await exchange(smith, get(`/position/c${count}`));
    assertMatch(summary(found), /^200 AT Hill \+\S+ c\d+ \+1\+2 3\n$/);
  }
  // The AT line is the same everywhere, and at the client port.
  const [line] = (await ask(herd.portOf("Smith"), "WHATSAT c7 0 0\n")).split(
    "\n",
  );
  const { body } = await exchange(hill, get("/position/c7"));
  assertEquals(body, `${line}\n`);
  const near = await exchange(smith, get("/nearby/c7?radius=10&bound=0"));
  assertEquals(near.body, await ask(herd.portOf("Hill"), "WHATSAT c7 10 0\n"));
});

Deno.test("a server that stops answers requests that it has received", async () => {
  await using herd = new TestHerd();
  const server = await herd.start("Hill", ["--http"]);
  const port = herd.httpPortOf("Hill");
  const points = (count: number) =>
    JSON.stringify(
      Array.from(
        { length: count },
        (_, id) => ({ id: `c${id}`, lat: 1, lon: 2 }),
      ),
    );
  const connections = await Promise.all(
    Array.from({ length: 20 }, () => connect(port)),
  );
  const idle = await connect(port);
  const partial = await connect(port);
  await writeAll(partial, "POST /report HTTP/1.1\r\n");
  const answers = connections.map(async (connection) => {
    await writeAll(connection, post("/report", points(5_000)));
    return await readAll(connection);
  });
  await herd.untilLogged("Hill", "<- IAMAT c4999 ");
  server.signal("SIGTERM");
  for (const answer of await Promise.all(answers)) {
    // A request that had not arrived whole has none.
    if (answer !== "") {
      assertEquals(summaries(answer), ['200 {"taken":5000,"ignored":0}']);
    }
  }
  assertEquals(await readAll(idle) + await readAll(partial), "");
  assertEquals(await server.ended(), 0);
  assertMatch(herd.log("Hill"), / http\/\d+ -- debug closed reason="stopping"/);
  for (const connection of [...connections, idle, partial]) connection.close();
});

Deno.test("without --http the port is closed, and a flag that needs it is an error", async () => {
  await using herd = new TestHerd();
  const server = await herd.start("Hill");
  let isOpen = true;
  try {
    (await connect(herd.httpPortOf("Hill"))).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    isOpen = false;
  }
  assertEquals(isOpen, false);
  assert(!server.stdout.includes("http"));
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "server.ts",
      "Hill",
      "--allow-origins=https://a.example",
    ],
    cwd: projectFolder,
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(code, 2);
  assertEquals(
    new TextDecoder().decode(stderr),
    "server.ts: --allow-origins needs --http (see server.ts --help)\n",
  );
});

Deno.test("a token reports and asks until it is revoked", async () => {
  await using server = new GuardedServer();
  await server.start("--http");
  using connection = await connect(server.herd.httpPortOf("Hill"));
  const send = async (request: ByteString, token?: string) => {
    const field = token === undefined
      ? ""
      : `\r\nAuthorization: Bearer ${token}`;
    const text = request.replace(
      "Host: localhost",
      `Host: herd.example${field}`,
    );
    return summary(await exchange(connection, text));
  };
  const token = tokenOf("phone-1", {
    sub: "mira/pixel",
    reports: ["mira/*"],
    sees: ["mira/*"],
  });
  const report = post("/report", '{"id":"mira/pixel","lat":1,"lon":2}');
  assertMatch(await send(report), /^401 A token is missing/);
  assertMatch(await send(report, `${token}x`), /^401 The token is refused/);
  assertEquals(await send(report, token), '200 {"taken":1,"ignored":0}');
  assertMatch(await send(get("/position/mira/pixel"), token), /^200 AT Hill /);
  const other = post("/report", '{"id":"oskar","lat":1,"lon":2}');
  assertMatch(await send(other, token), /^403 /);
  server.writeRevoked("phone-1");
  await server.renew();
  assertMatch(await send(report, token), /^401 The token is refused: revoked/);
  const log = server.herd.log("Hill");
  assert(!log.includes(token.slice(0, 40)), "the log has a token");
  // The administration port shows a viewer the gateway, but no message.
  assertMatch(
    await send(post("/report", "no JSON"), tokenOf("phone-2")),
    /^400 The body is not JSON/,
  );
  const viewer = { authorization: `Bearer ${tokenOf("viewer-1")}` };
  const status = await fetch(`http://${server.address}/status.json`, {
    headers: viewer,
  });
  const [{ gateways }] = (await status.json()).servers;
  assertEquals(gateways.ports, {
    HTTP: `127.0.0.1:${server.herd.httpPortOf("Hill")}`,
  });
  assertEquals(gateways.reasons["not-json"], 1);
  assertEquals([gateways.example.reason, gateways.example.text], [
    "not-json",
    null,
  ]);
});

Deno.test("a phone with OwnTracks is sent its friends from every server, once", async () => {
  await using server = new GuardedServer();
  await server.start("--http");
  const { herd } = server;
  await herd.start(
    "Smith",
    ["--http", "--local-clients", `--token-key-file=${server.pathOf("keys")}`],
    {},
    ["--no-prompt", "--allow-net", "--allow-write", "--allow-read"],
  );
  await herd.untilLinked(["Hill", "Smith"]);
  /** Reports a position by a connection of its own, as phones do. */
  const report = async (
    name: string,
    user: string,
    sees: readonly string[],
    time: number,
    latitude = "52.50",
  ) => {
    const client = `fam/${user}`;
    const token = tokenOf(client, { sub: client, reports: [client], sees });
    const body = `{"_type":"location","lat":${latitude},"lon":13.4,` +
      `"tst":${time},"tid":"${user[0]}","batt":80}`;
    const text = post(`/pub?u=fam&d=${user}`, body).replace(
      "Host: localhost",
      `Host: herd.example\r\nAuthorization: Basic ${btoa(`x:${token}`)}`,
    );
    return summaries(await ask(herd.httpPortOf(name), text));
  };
  const friend = (user: string, time: number, latitude = "52.50") =>
    `{"_type":"card","tid":"${user[0]}","name":"fam"},` +
    `{"_type":"location","tid":"${user[0]}","lat":${latitude},"lon":13.4,` +
    `"tst":${time},"batt":80,"topic":"owntracks/fam/${user}"}`;
  assertEquals(await report("Smith", "oskar", [], 1_796_040_000), ["200 []"]);
  await herd.untilLogged("Hill", " fam/oskar +52.50");
  assertEquals(await report("Hill", "jun", ["fam/eve"], 1_796_040_001), [
    "200 []",
  ]);
  assertEquals(await report("Hill", "mira", ["fam/oskar"], 1_796_040_002), [
    `200 [${friend("oskar", 1_796_040_000)}]`,
  ]);
  assertEquals(await report("Hill", "mira", ["fam/oskar"], 1_796_040_003), [
    "200 []",
  ]);
  await report("Smith", "oskar", [], 1_796_040_004, "52.51");
  await herd.untilLogged("Hill", " fam/oskar +52.51");
  assertEquals(await report("Hill", "mira", ["fam/oskar"], 1_796_040_005), [
    `200 [${friend("oskar", 1_796_040_004, "52.51")}]`,
  ]);
  assertEquals(await report("Smith", "mira", ["fam/oskar"], 1_796_040_006), [
    `200 [${friend("oskar", 1_796_040_004, "52.51")}]`,
  ]);
});

const withCurl = needs("curl");

async function curl(...args: readonly string[]): Promise<string> {
  const { stderr, stdout } = await new Deno.Command("curl", {
    args: ["-sS", "--max-time", "20", ...args],
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

withCurl.test("curl reports and asks, also by TLS", async () => {
  await using herd = new TestHerd();
  const files = new Files(herd);
  await herd.start("Hill", ["--http"]);
  await herd.start(
    "Jaquez",
    ["--http", ...files.flags],
    {},
    ["--allow-net", "--allow-write", ...files.permissions],
  );
  const hill = `http://localhost:${herd.httpPortOf("Hill")}`;
  const location =
    '{"_type":"location","lat":52.5,"lon":13.4,"tst":1796040000,"tid":"mi"}';
  assertEquals(
    await curl("-u", "mira:x", "-d", location, `${hill}/pub?u=mira&d=pixel`),
    "[]",
  );
  assertMatch(
    await curl(`${hill}/position/mira/pixel`),
    /^AT Hill [+-]\S+ mira\/pixel \+52\.5\+13\.4 1796040000\n$/,
  );
  const jaquez = `https://127.0.0.1:${herd.httpPortOf("Jaquez")}`;
  const trusted = ["--cacert", `${herd.logFolder}/ca.pem`];
  assertEquals(
    await curl(...trusted, "-d", location, `${jaquez}/pub?u=mira&d=tab`),
    "[]",
  );
  assertMatch(
    await curl(...trusted, `${jaquez}/position/mira/tab`),
    /^AT Jaquez /,
  );
  // A large body: curl asks first whether it may send it.
  const points = Array.from(
    { length: 9_000 },
    (_, id) => ({ id: `curl-${id}`, lat: 1, lon: 2, tst: 3 }),
  );
  const path = `${herd.logFolder}/points.json`;
  Deno.writeTextFileSync(path, JSON.stringify(points));
  assertEquals(
    await curl(
      "-H",
      "Expect: 100-continue",
      "-d",
      `@${path}`,
      `${hill}/report`,
    ),
    '{"taken":9000,"ignored":0}',
  );
  assertMatch(
    await curl("-H", "Host: attacker.example", `${hill}/position/mira/pixel`),
    /^Without --token-key-file only this machine is served/,
  );
});

needs("python3").test(
  "Python's http.client reports and asks on one connection",
  async () => {
    await using herd = new TestHerd();
    await herd.start("Hill", ["--http"]);
    const script = new URL("./http_client.py", import.meta.url).pathname;
    const { stderr, stdout } = await new Deno.Command("python3", {
      args: [script, `${herd.httpPortOf("Hill")}`],
    }).output();
    assertEquals(new TextDecoder().decode(stderr), "");
    const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
    assertMatch(
      lines[3],
      /^200 \{"id":"py-99","latitude":1,"longitude":99,"time":3,"server":"Hill",/,
    );
    lines[3] = "";
    assertEquals(lines, [
      '200 {"taken":1,"ignored":0}',
      '200 {"taken":100,"ignored":0}',
      '200 {"taken":100,"ignored":0}',
      "",
      "200 ",
      "404 No report about this client is known.",
      "204 ",
      "400 The body is not JSON: expected a text as in RFC 8259.",
    ]);
  },
);

needs("nc").test("nc -N gets the answers to a sample", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--http"]);
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      `nc -N 127.0.0.1 ${
        herd.httpPortOf("Hill")
      } < ${folder}gpslogger/whole-day-again.http`,
    ],
  });
  const { stdout } = await child.output();
  const answers = readAnswers(decodeBytes(stdout, 0, stdout.length));
  assertEquals(answers.map(summary), Array(6).fill("200 "));
});
