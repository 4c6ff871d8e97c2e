import {
  bytesOfText,
  type ByteString,
  encodeBytes,
} from "../../protocol/bytes.ts";
import { writeAll } from "../../runtime/transport.ts";
import { assertEquals, assertMatch, assertRejects } from "../assert.ts";
import {
  connect as connectPacket,
  disconnect,
  hex,
  hexOf,
  location,
  packet,
  publish,
  split,
} from "../gateways/mqtt/packets.ts";
import mqtt from "../mqtt.ts";
import { needs } from "../needs.ts";
import { authority } from "../fakes/certificates.ts";
import { Files } from "./tls.ts";
import { GuardedServer, tokenOf } from "./admin_tokens.ts";
import {
  ask,
  connect,
  projectFolder,
  readAll,
  readUntil,
  TestHerd,
  until,
} from "./process.ts";

const folder = `${projectFolder}tests/gateways/payloads/owntracks-mqtt/`;
const now = Math.floor(Date.now() / 1000);

/** The MQTT port of a server of the default herd. */
const mqttPortOf = (herd: TestHerd, name: string) => herd.portOf(name) + 500;

/** A herd with two linked servers that have the gateway. */
async function startTwo(herd: TestHerd): Promise<void> {
  await Promise.all(
    ["Hill", "Smith"].map((name) => herd.start(name, ["--mqtt"])),
  );
  await herd.untilLinked(["Hill", "Smith"]);
}

/** Position and time of a client's newest report; undefined if there is none. */
async function newest(port: number, client: string) {
  const answer = await ask(port, `WHATSAT ${client} 0 0\n`);
  return answer.startsWith("AT ")
    ? answer.split("\n")[0].split(" ").slice(4).join(" ")
    : undefined;
}

Deno.test("the MQTT sessions of the samples are answered, however they are split", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--mqtt"]);
  const port = mqttPortOf(herd, "Hill");
  const sessions = [
    {
      file: "session-311.txt",
      answer: /^200200009005000101010140020002d000$/,
      report: "+52.5170365+13.3888599 1796040000",
    },
    {
      file: "session-31.txt",
      answer: /^20020000$/,
      report: "+52.5+13.4 1796040000",
    },
    { file: "connect-5.txt", answer: /^20..0000.*$/, report: undefined },
    {
      file: "publish-dup.txt",
      answer: /^200200004002000940020009$/,
      report: "+52.53+13.42 1796040006",
    },
    {
      file: "publish-for-another.txt",
      answer: /^2002000040020003$/,
      report: undefined,
    },
  ];
  for (const { answer, file, report } of sessions) {
    const bytes = hex(Deno.readTextFileSync(folder + file));
    const ways = [
      [bytes],
      ...Array.from(
        bytes,
        (_, at) =>
          [bytes.slice(0, at), bytes.slice(at)].filter((part) => part !== ""),
      ),
      [...bytes],
    ];
    for (const parts of ways) {
      using client = await connect(port);
      client.setNoDelay();
      for (const part of parts) {
        await writeAll(client, part);
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      await client.closeWrite();
      // The client is subscribed to what it publishes, and may get it too.
      const answers = split(await readAll(client))
        .filter(({ header }) => header >> 4 !== 3)
        .map(({ body, header }) => packet(header, body));
      assertMatch(hexOf(answers.join("")), answer);
    }
    if (report === undefined) continue;
    assertEquals(await newest(herd.portOf("Hill"), "mira/pixel"), report);
    await ask(herd.portOf("Hill"), "IAMAT nobody +0+0 0\n");
  }
});

Deno.test("the MQTT messages of the samples become the reports of the table", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--mqtt"]);
  const port = mqttPortOf(herd, "Hill");
  const messages = JSON.parse(Deno.readTextFileSync(`${folder}topics.json`));
  const packets = messages.map(
    ({ payload, topic }: { payload: unknown; topic: string }, index: number) =>
      publish(topic, payload === "" ? "" : JSON.stringify(payload), {
        id: index + 1,
      }),
  );
  const input = connectPacket() + packets.join("") + disconnect;
  using client = await connect(port);
  await writeAll(client, input);
  await client.closeWrite();
  const [connack, ...answers] = split(await readAll(client));
  assertEquals(connack.header, 0x20);
  assertEquals(answers.map(({ header }) => header), messages.map(() => 0x40));
  const clientPort = herd.portOf("Hill");
  // The transition was heard last, with the same time.
  assertMatch(await newest(clientPort, "mira/pixel") ?? "", / 1796040000$/);
  assertEquals(
    await newest(clientPort, "fam/mira/pixel"),
    "+48.1+11.5 1796040000",
  );
});

Deno.test("npm:mqtt reports and subscribes with each version and QoS", async () => {
  await using herd = new TestHerd();
  await startTwo(herd);
  for (const protocolVersion of [3, 4, 5] as const) {
    const reader = await mqtt.connectAsync({
      port: mqttPortOf(herd, "Smith"),
      protocolVersion,
      protocolId: protocolVersion === 3 ? "MQIsdp" : "MQTT",
      clientId: `reader${protocolVersion}`,
    });
    const received: string[] = [];
    reader.on("message", (topic, payload) => {
      received.push(`${topic} ${JSON.parse(payload.toString()).lat}`);
    });
    await reader.subscribeAsync(`owntracks/v${protocolVersion}/+`, { qos: 1 });
    const phone = await mqtt.connectAsync({
      port: mqttPortOf(herd, "Hill"),
      protocolVersion,
      protocolId: protocolVersion === 3 ? "MQIsdp" : "MQTT",
      clientId: `phone${protocolVersion}`,
    });
    for (const qos of [0, 1, 2] as const) {
      const topic = `owntracks/v${protocolVersion}/q${qos}`;
      await phone.publishAsync(topic, location(qos + 1, now), { qos });
    }
    await until(() => received.length >= 3);
    assertEquals(
      received.sort(),
      [0, 1, 2].map((qos) =>
        `owntracks/v${protocolVersion}/q${qos} ${qos + 1}`
      ),
    );
    await phone.endAsync();
    await reader.endAsync();
  }
});

Deno.test("npm:mqtt reports and subscribes by WebSocket", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--http"]);
  const client = await mqtt.connectAsync(
    `ws://127.0.0.1:${herd.portOf("Hill") + 400}/mqtt`,
  );
  await client.publishAsync(
    "owntracks/mira/web",
    // Longer than a frame may be for a client that sends one a packet.
    JSON.stringify({ _type: "location", lat: 5, lon: 6, tst: now }),
    { qos: 2 },
  );
  const message = new Promise<string>((resolve) =>
    client.on("message", (_, payload) => resolve(payload.toString()))
  );
  await client.subscribeAsync("herd/at/mira/web");
  assertMatch(await message, /^AT Hill \S+ mira\/web \+5\+6 \d+$/);
  await client.endAsync();
});

Deno.test("a server that stops closes its MQTT clients, and loses no acknowledged report", async () => {
  await using herd = new TestHerd();
  const programs = new Map(
    await Promise.all(
      ["Hill", "Smith"].map(async (name) =>
        [name, await herd.start(name, ["--mqtt"])] as const
      ),
    ),
  );
  await herd.untilLinked(["Hill", "Smith"]);
  using client = await connect(mqttPortOf(herd, "Hill"));
  await writeAll(client, connectPacket());
  await readUntil(client, (text) => text === hex("20020000"));
  await writeAll(client, publish("owntracks/mira/last", location(7, now)));
  await readUntil(client, (text) => text === hex("40020001"));
  programs.get("Hill")!.signal("SIGTERM");
  assertEquals(await readAll(client), "");
  assertEquals(await programs.get("Hill")!.ended(), 0);
  assertEquals(
    await newest(herd.portOf("Smith"), "mira/last"),
    `+7+13.4 ${now}`,
  );
});

/** The claims of a token for what is mira's. */
const ofMira = {
  sub: "mira/pixel",
  reports: ["mira/*"],
  sees: ["mira/*"],
};

Deno.test("a token is the password of MQTT, until it is revoked", async () => {
  await using server = new GuardedServer();
  await server.start("--mqtt");
  const port = mqttPortOf(server.herd, "Hill");
  await assertRejects(
    () => mqtt.connectAsync({ port, protocolVersion: 5 }),
    Error,
    "Bad User Name or Password",
  );
  const token = tokenOf("phone-1", ofMira);
  const phone = await mqtt.connectAsync({
    port,
    protocolVersion: 5,
    username: "mira",
    password: token,
    reconnectPeriod: 0,
  });
  const topics: string[] = [];
  phone.on("message", (topic) => topics.push(topic));
  await phone.subscribeAsync("#");
  const publishAs = (name: string) =>
    phone.publishAsync(`owntracks/${name}`, location(1, now), { qos: 1 });
  await publishAs("mira/pixel");
  await assertRejects(() => publishAs("oskar/phone"), Error, "Not authorized");
  await until(() => topics.length >= 3);
  assertEquals(topics.filter((topic) => !topic.includes("mira/pixel")), []);
  const ended = new Promise<number>((resolve) =>
    phone.on("disconnect", ({ reasonCode }) => resolve(reasonCode!))
  );
  server.writeRevoked("phone-1");
  await server.renew();
  assertEquals(await ended, 0x87);
  await phone.endAsync();
  assertEquals(server.herd.log("Hill").includes(token.slice(0, 40)), false);
});

Deno.test("by WebSocket a token is a subprotocol, or the password of MQTT", async () => {
  await using server = new GuardedServer();
  await server.start("--http");
  const { herd } = server;
  const base = `ws://127.0.0.1:${herd.portOf("Hill") + 400}`;
  const token = tokenOf("page-1", ofMira);
  const socket = new WebSocket(`${base}/report`, ["herd", `token.${token}`]);
  await new Promise((resolve) => socket.onopen = resolve);
  assertEquals(socket.protocol, "herd");
  const answers: string[] = [];
  socket.onmessage = ({ data }) => answers.push(data);
  socket.send("IAMAT mira/page +1+2 3");
  socket.send("IAMAT oskar +1+2 3");
  socket.send('[{"lat":4,"lon":5},{"id":"oskar","lat":4,"lon":5}]');
  await until(() => answers.length === 3);
  assertMatch(answers[0], /^AT Hill \S+ mira\/page \+1\+2 3\n$/);
  assertEquals(answers.slice(1), [
    "? IAMAT oskar +1+2 3\n",
    '{"taken":1,"ignored":1,"reasons":[{"index":1,"reason":"not-permitted"}]}',
  ]);
  socket.close();
  const refused = new WebSocket(`${base}/report`, ["herd", "token.x"]);
  await new Promise((resolve) => refused.onerror = resolve);
  const client = await mqtt.connectAsync(`${base}/mqtt`, {
    username: "mira",
    password: token,
  });
  await client.publishAsync("herd/report/mira/b", '{"lat":1,"lon":2}', {
    qos: 1,
  });
  await client.endAsync();
  await assertRejects(
    () => mqtt.connectAsync(`${base}/mqtt`, { password: "x", username: "m" }),
    Error,
    "Bad username or password",
  );
  await herd.untilLogged("Hill", "<- IAMAT mira/b +1+2");
  assertEquals(herd.log("Hill").includes(token.slice(0, 40)), false);
});

Deno.test("MQTT and its WebSockets use TLS with the server's certificate", async () => {
  await using herd = new TestHerd();
  const files = new Files(herd);
  await herd.start(
    "Hill",
    ["--mqtt", "--http", "--plain-clients", ...files.flags],
    {},
    files.permissions,
  );
  const addresses = [
    `mqtts://localhost:${mqttPortOf(herd, "Hill")}`,
    `wss://localhost:${herd.portOf("Hill") + 400}/mqtt`,
  ];
  for (const [index, address] of addresses.entries()) {
    const client = await mqtt.connectAsync(address, { ca: authority });
    const topic = `herd/report/tls-${index}`;
    await client.publishAsync(topic, '{"lat":1,"lon":2}', { qos: 1 });
    await client.endAsync();
    assertMatch(
      await newest(herd.portOf("Hill"), `tls-${index}`) ?? "",
      /^\+1\+2 /,
    );
  }
  // Without TLS there is no answer.
  using plain = await connect(mqttPortOf(herd, "Hill"));
  await writeAll(plain, connectPacket());
  // The connection may end with a reset.
  await readAll(plain).catch(() => {});
  await herd.untilLogged("Hill", "encryption failed");
});

/** Runs a program, which has to succeed. Returns its output. */
async function run(
  command: string,
  args: readonly string[],
  input?: string,
): Promise<string> {
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (input !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(encodeBytes(bytesOfText(input)));
    await writer.close();
  }
  const { code, stderr, stdout } = await child.output();
  const decoder = new TextDecoder();
  assertEquals(code, 0, decoder.decode(stderr));
  return decoder.decode(stdout);
}

const withMosquitto = needs("mosquitto_pub", "mosquitto_sub");

withMosquitto.test("mosquitto_pub reports to one server, and mosquitto_sub asks another", async () => {
  await using herd = new TestHerd();
  await startTwo(herd);
  const hill = `${mqttPortOf(herd, "Hill")}`;
  const smith = `${mqttPortOf(herd, "Smith")}`;
  for (const version of ["31", "311", "5"]) {
    for (const qos of ["0", "1", "2"]) {
      const topic = `owntracks/mira/v${version}q${qos}`;
      const options = ["-V", `mqttv${version}`, "-q", qos, "-t", topic];
      await run("mosquitto_pub", [
        ...["-p", hill, ...options],
        ...["-m", location(Number(qos) + 1, now)],
      ]);
      await until(async () => {
        const client = topic.replace("owntracks/", "");
        return await newest(herd.portOf("Smith"), client) !== undefined;
      });
      const message = await run("mosquitto_sub", [
        ...["-p", smith, ...options, "-C", "1"],
      ]);
      assertEquals(JSON.parse(message).lat, Number(qos) + 1);
    }
  }
  const list = await run("mosquitto_sub", [
    ...["-p", smith, "-t", "herd/at/mira/+", "-C", "9", "-v"],
  ]);
  assertEquals(list.match(/^herd\/at\/mira\/v\d+q\d AT Hill /gm)?.length, 9);
});

withMosquitto.test("mosquitto_pub sends many lines, and each is a report", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--mqtt"]);
  const lines = Array.from(
    { length: 500 },
    (_, index) => location(index % 90, now + index - 500),
  );
  await run("mosquitto_pub", [
    ...["-p", `${mqttPortOf(herd, "Hill")}`, "-q", "2", "-l"],
    ...["-t", "owntracks/mira/lines"],
  ], `${lines.join("\n")}\n`);
  assertEquals(
    await newest(herd.portOf("Hill"), "mira/lines"),
    `+${499 % 90}+13.4 ${now - 1}`,
  );
});

withMosquitto.test("mosquitto_sub is told that it may not list everything", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--mqtt"]);
  const { stderr } = await new Deno.Command("mosquitto_sub", {
    args: ["-p", `${mqttPortOf(herd, "Hill")}`, "-t", "#", "-C", "1"],
  }).output();
  assertMatch(new TextDecoder().decode(stderr), /denied/);
});

needs("python3", "paho").test(
  "paho reports and subscribes with each version and QoS",
  async () => {
    await using herd = new TestHerd();
    await startTwo(herd);
    const output: ByteString = await run("/usr/bin/python3", [
      `${projectFolder}tests/end_to_end/paho_client.py`,
      `${mqttPortOf(herd, "Hill")}`,
      `${mqttPortOf(herd, "Smith")}`,
      `${now}`,
    ]);
    assertEquals(output, "9 reports arrived\n");
  },
);
