import { bytesOfText } from "../../protocol/bytes.ts";
import { writeAll } from "../../runtime/transport.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "../assert.ts";
import {
  ask,
  connect,
  Program,
  readAll,
  TestHerd,
} from "../end_to_end/process.ts";
import { answerAs, deadPort, FakeServer } from "../fakes/herd_server.ts";
import { run } from "./run.ts";

/** The bridge in its own process, and phones that post to it. */
class Bridge implements AsyncDisposable {
  private constructor(
    readonly program: Program,
    readonly port: number,
  ) {}

  /** @param servers The client ports of its servers. */
  static async start(...servers: readonly number[]): Promise<Bridge> {
    const port = deadPort();
    const addresses = [port, ...servers].map((port) => `127.0.0.1:${port}`);
    const program = Program.start([
      "run",
      "--no-prompt",
      `--allow-net=${addresses.join()}`,
      "examples/owntracks.ts",
      ...addresses,
    ]);
    await program.untilPrinted(`http://127.0.0.1:${port}/`);
    return new Bridge(program, port);
  }

  /** Posts a body; returns the status, and the text of the answer. */
  async post(
    body: BodyInit,
    headers: Record<string, string> = {},
    path = "",
  ): Promise<[status: number, text: string]> {
    const response = await fetch(`http://127.0.0.1:${this.port}/${path}`, {
      method: "POST",
      headers,
      body,
    });
    return [response.status, await response.text()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }
}

const jane = { "X-Limit-U": "jane", "X-Limit-D": "phone" };

/** A message similar to those of the app. */
const location = (fields: string) =>
  `{"_type":"location","acc":13,"batt":67,"conn":"w","t":"u",${fields}}`;

const kiwi = '"lat":34.06893,"lon":-118.445127,"tst":1520023934';

/** The position and the time of the newest report that a server has. */
async function newest(port: number, client: string): Promise<string> {
  const answer = await ask(port, bytesOfText(`WHATSAT ${client} 0 0\n`));
  const [verb, , , , ...operands] = answer.split("\n")[0].split(" ");
  return verb === "AT" ? operands.join(" ") : answer.trimEnd();
}

Deno.test("phones report through the bridge", async () => {
  await using herd = new TestHerd();
  await herd.start("Smith");
  const port = herd.portOf("Smith");
  await using bridge = await Bridge.start(port);
  const cases: [
    client: string,
    operands: string,
    fields: string,
    headers?: Record<string, string>,
    path?: string,
  ][] = [
    ["jane/phone", "+34.06893-118.445127 1520023934", kiwi, jane],
    // Small numbers are sent without exponent, and all with a sign.
    ["jane/a", "+0.0000001-0.0000001 1", '"lat":1e-7,"lon":-1e-7,"tst":1', {
      ...jane,
      "X-Limit-D": "a",
    }],
    ["jane/b", "-90+180 1.5", '"lat":-9e1,"lon":1.8e2,"tst":1.5', {
      ...jane,
      "X-Limit-D": "b",
    }],
    ["jane/c", "+0+0 1", '"lat":0,"lon":-0.0,"tst":1', {
      ...jane,
      "X-Limit-D": "c",
    }],
    // Names become one word each, and remain different.
    ["jane/old%20phone", "+1+1 1", '"lat":1,"lon":1,"tst":1', {
      ...jane,
      "X-Limit-D": "old phone",
    }],
    ["jane/old%2520phone", "+1+2 1", '"lat":1,"lon":2,"tst":1', {
      ...jane,
      "X-Limit-D": "old%20phone",
    }],
    ["a%2Fb/c", "+1+3 1", '"lat":1,"lon":3,"tst":1', {
      "X-Limit-U": "a/b",
      "X-Limit-D": "c",
    }],
    ["me/car", "+1+4 1", '"lat":1,"lon":4,"tst":1', {}, "pub?u=me&d=car"],
    [
      "jo/phone",
      "+1+5 1",
      '"lat":1,"lon":5,"tst":1,"tid":"ne","topic":"owntracks/jo/phone"',
    ],
    [
      "Zo%C2%A0e/%0A",
      "+1+6 1",
      '"lat":1,"lon":6,"tst":1,"topic":"owntracks/Zo\\u00a0e/\\n"',
    ],
    ["ne", "+1+7 1", '"lat":1,"lon":7,"tst":1,"tid":"ne"'],
  ];
  for (const [client, operands, fields, headers, path] of cases) {
    const answer = await bridge.post(location(fields), headers, path);
    assertEquals(answer, [200, "[]"], client);
    assertEquals(await newest(port, client), operands, client);
  }
  // Without `tst`, the time is now.
  await bridge.post(location('"lat":1,"lon":1,"tid":"no"'));
  const [, time] = (await newest(port, "no")).split(" ");
  assert(Math.abs(Number(time) - Date.now() / 1000) < 60, time);
  const response = await fetch(`http://127.0.0.1:${bridge.port}/`, {
    method: "POST",
    headers: jane,
    body: location(kiwi),
  });
  assertMatch(response.headers.get("content-type")!, /^application\/json/);
  assertEquals(await response.json(), []);
});

Deno.test("the bridge accepts and ignores other messages, and refuses invalid locations", async () => {
  await using hill = new FakeServer(answerAs("Hill"));
  await using bridge = await Bridge.start(hill.port);
  const others = [
    "",
    '{"_type":"lwt","tst":1}',
    '{"_type":"transition","lat":1,"lon":1}',
    '{"_type":"encrypted","data":"AAAA"}',
    `{"_type":"waypoints","waypoints":[${"{},".repeat(100_000)}{}]}`,
  ];
  for (const body of others) {
    assertEquals(await bridge.post(body, jane), [200, "[]"], body);
  }
  const position = '"lat":1,"lon":1';
  const wrong = [
    " ",
    "null",
    "[]",
    "1e400",
    '"location"',
    "{",
    "{}",
    "lat=1&lon=1",
    '{"_type":1}',
    '{"_type":["location"],"lat":1,"lon":1}',
    '{"__proto__":{"_type":"location","lat":1,"lon":1}}',
    ...[
      '"tst":1',
      '"lat":1',
      '"lon":1',
      '"lat":"1","lon":1',
      '"lat":null,"lon":null',
      '"lat":[1],"lon":[1]',
      '"lat":true,"lon":false',
      '"lat":{},"lon":1',
      '"lat":NaN,"lon":1',
      '"lat":1e400,"lon":1',
      '"lat":1,"lon":-1e400',
      '"lat":1e21,"lon":1',
      '"lat":90.0000001,"lon":1',
      '"lat":1,"lon":180.1',
      `${position},"tst":-1`,
      `${position},"tst":1e400`,
      `${position},"tst":1e21`,
      `${position},"tst":null`,
      `${position},"tst":"yesterday"`,
      `${position},"tst":[]`,
      `${position},"tst":{"toString":1}`,
      `"lat":{"valueOf":1},"lon":1`,
    ].map(location),
    "[".repeat(100_000),
    `{"_type":"waypoints","desc":"${"x".repeat(3_000_000)}"}`,
    new Uint8Array([0xff, 0xfe, 0x00]),
  ];
  for (const body of wrong) {
    const [status, text] = await bridge.post(body, jane);
    assertEquals(status, 400, `${body}`.slice(0, 100));
    assertMatch(text, /^\w+Error: .+\n$/);
  }
  // Locations without a name.
  for (
    const fields of [
      "",
      ',"tid":""',
      ',"topic":"","tid":null',
      ',"topic":{"toString":1},"tid":[]',
    ]
  ) {
    const body = location(position + fields);
    assertEquals((await bridge.post(body))[0], 400, body);
  }
  assertEquals(hill.received, []);
  const { body, status } = await fetch(`http://127.0.0.1:${bridge.port}/`);
  await body?.cancel();
  assertEquals(status, 400);
  assertEquals(bridge.program.stderr, "");
});

Deno.test("the bridge survives a phone that disconnects, and a name that is too long", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const port = herd.portOf("Hill");
  await using bridge = await Bridge.start(port);
  {
    using phone = await connect(bridge.port);
    await writeAll(
      phone,
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n{",
    );
  }
  {
    using phone = await connect(bridge.port);
    await writeAll(phone, "nonsense\r\n\r\n");
    await readAll(phone);
  }
  // The server closes the connection at a line of this length.
  const long = location(`${kiwi},"tid":"${"x".repeat(70_000)}"`);
  const [answers, ...others] = await Promise.all([
    bridge.post(long),
    ...Array.from(
      { length: 20 },
      (_, index) => bridge.post(location(`${kiwi},"tid":"c${index}"`)),
    ),
  ]);
  assertEquals(answers[0], 400);
  assertEquals(others, Array(20).fill([200, "[]"]));
  for (let index = 0; index < 20; index++) {
    assertMatch(await newest(port, `c${index}`), /1520023934$/);
  }
});

Deno.test("the bridge uses the next server when one stops, and the first one again", async () => {
  await using herd = new TestHerd();
  const hill = await herd.start("Hill");
  const smith = await herd.start("Smith");
  const ports = [herd.portOf("Hill"), herd.portOf("Smith")];
  await using bridge = await Bridge.start(...ports);
  const report = (client: string) =>
    bridge.post(location(`${kiwi},"tid":"${client}"`));
  assertEquals(await report("first"), [200, "[]"]);
  hill.signal("SIGTERM");
  await hill.ended();
  assertEquals(await report("second"), [200, "[]"]);
  assertMatch(await newest(ports[1], "second"), /1520023934$/);
  smith.signal("SIGKILL");
  await smith.ended();
  const [status, text] = await report("third");
  assertEquals(status, 503);
  assertStringIncludes(text, "no server answers: ");
  assertStringIncludes(bridge.program.stderr, "owntracks: DisconnectedError");
  await herd.start("Hill");
  assertEquals(await report("third"), [200, "[]"]);
  assertMatch(await newest(ports[0], "third"), /1520023934$/);
});

Deno.test("the bridge reports invalid arguments", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const at = `127.0.0.1:${taken.addr.port}`;
  for (
    const [args, status, message] of [
      [[], 2, "servers: expected one or more"],
      [["8080"], 2, 'expected HOST:PORT, such as 127.0.0.1:8000, found "8080"'],
      [["127.0.0.1:8080"], 2, "servers: expected one or more"],
      [[at, at], 1, "Address already in use (os error 98)"],
    ] as const
  ) {
    const result = await run(
      Deno.execPath(),
      "run",
      "--no-prompt",
      `--allow-net=${at}`,
      "examples/owntracks.ts",
      ...args,
    );
    assertEquals(result, {
      status,
      stdout: "",
      stderr: `owntracks: ${message}\n`,
    });
  }
});
