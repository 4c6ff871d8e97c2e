import { ClientRates } from "../../../identity/client_rates.ts";
import { TokenAuthenticator } from "../../../identity/token_authenticator.ts";
import { MqttConnection } from "../../../gateways/mqtt/connection.ts";
import {
  maxPacketBytes,
  maxUnreleased,
} from "../../../gateways/mqtt/limits.ts";
import { mqttContextOf } from "../../../gateways/mqtt/mqtt_context.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import { assert, assertEquals, assertMatch } from "../../assert.ts";
import {
  exchange,
  type GatewayChoices,
  type TestConnection,
  TestGateway,
} from "../gateway_connection.ts";
import {
  connect,
  type ConnectChoices,
  disconnect,
  hex,
  hexOf,
  location,
  messages,
  packet,
  pingreq,
  publish,
  split,
  subscribe,
  text,
  uint16,
  unsubscribe,
} from "./packets.ts";

const connack = "20020000";
const kiwi = location(52.5, 1520023934);

/** A gateway and a function that opens connections. */
function createGateway(choices?: GatewayChoices) {
  const gateway = new TestGateway(choices);
  const mqtt = mqttContextOf(gateway.context);
  const open = (address?: string) =>
    gateway.open((opening) => new MqttConnection(opening, mqtt), address);
  return { ...gateway, gateway, mqtt, open };
}

/** A connection that is connected. */
async function connected(
  choices: ConnectChoices = {},
  gateway = createGateway(),
) {
  const client = gateway.open();
  const answer = await exchange(client, connect(choices));
  return { ...gateway, ...client, answer };
}

const send = async (client: TestConnection, bytes: string) =>
  hexOf(await exchange(client, bytes));

Deno.test("MQTT 3.1, 3.1.1 and 5 are accepted, and other versions told so", async () => {
  const { open } = createGateway();
  for (const level of [3, 4]) {
    assertEquals(await send(open(), connect({ level })), connack);
  }
  const five = await send(open(), connect({ level: 5 }));
  assertMatch(five, /^20..0000/);
  const client = open();
  const other = await send(client, connect({ level: 6 }));
  assertEquals(other, "20020001");
  client.client.closeWrite();
  assertEquals(await client.ended, "protocol error");
});

Deno.test("a message is acknowledged after the replica has confirmed it", async () => {
  const { gateway, open } = createGateway();
  const client = open();
  await exchange(client, connect());
  const flood = Promise.withResolvers<void>();
  gateway.replica.flushed = flood.promise;
  const before = await send(client, publish("owntracks/mira/pixel", kiwi));
  assertEquals(before, "");
  assertEquals(gateway.reports, ["mira/pixel +52.5+13.4 1520023934"]);
  flood.resolve();
  await drainMicrotasks();
  assertEquals(hexOf(client.client.takeAll()), "40020001");
});

Deno.test("a message with QoS 2 that is sent again is taken once", async () => {
  const { gateway, open } = createGateway();
  const client = open();
  await exchange(client, connect());
  const message = publish("herd/report/kiwi", '{"lat":1,"lon":2}', { qos: 2 });
  const again = publish("herd/report/kiwi", '{"lat":1,"lon":2}', {
    qos: 2,
    isDuplicate: true,
  });
  assertEquals(await send(client, message), "50020001");
  assertEquals(await send(client, again), "50020001");
  assertEquals(gateway.reports.length, 1);
  assertEquals(await send(client, hex("62020001")), "70020001");
  assertEquals(await send(client, message), "50020001");
  assertEquals(gateway.reports.length, 2);
});

Deno.test("a client that releases no messages is disconnected", async () => {
  const { gateway, open } = createGateway();
  const client = open();
  await exchange(client, connect({ level: 5 }));
  const all = Array.from(
    { length: maxUnreleased + 1 },
    (_, index) => publish("a", "", { qos: 2, id: index + 1, level: 5 }),
  );
  // Refused messages need no release: all of them are answered.
  const refused = split(await exchange(client, all.join("")));
  assertEquals(refused.length, all.length);
  const taken = Array.from(
    { length: maxUnreleased + 1 },
    (_, index) =>
      publish("herd/report/a", "", { qos: 2, id: index + 1, level: 5 }),
  );
  const answers = split(await exchange(client, taken.join("")));
  assertEquals(answers.length, maxUnreleased + 1);
  const { body, header } = answers.at(-1)!;
  assertEquals([header, body.charCodeAt(0)], [0xe0, 0x93]);
  assertEquals(gateway.reports, []);
});

Deno.test("what is no position is acknowledged and counted", async () => {
  const { gateway, open } = createGateway();
  const client = open();
  await exchange(client, connect());
  const cases: [topic: string, payload: string, reason: string][] = [
    ["owntracks/mira/pixel", '{"_type":"lwt","tst":1}', "no-position"],
    ["owntracks/mira/pixel", "", "empty"],
    ["owntracks/mira/pixel", "not json", "not-json"],
    ["home/light", "on", "other-topic"],
  ];
  for (const [topic, payload, reason] of cases) {
    assertEquals(await send(client, publish(topic, payload)), "40020001");
    assertEquals(gateway.context.intake.reasons.get(reason as "empty"), 1);
  }
  assertEquals(gateway.reports, []);
});

Deno.test("MQTT 5 is told what is not taken", async () => {
  const { open } = createGateway();
  const client = open();
  await exchange(client, connect({ level: 5 }));
  const other = await send(client, publish("home/light", "on", { level: 5 }));
  assertEquals(other, "4003000190");
  const nonsense = publish("owntracks/a/b", "not json", { level: 5 });
  assertEquals(await send(client, nonsense), "4003000199");
  const ignored = publish("owntracks/a/b", "", { level: 5 });
  assertEquals(await send(client, ignored), "40020001");
});

Deno.test("a client that asks for a kept session is told that there is none", async () => {
  const { open } = createGateway();
  assertEquals(await send(open(), connect({ isClean: false })), connack);
  const expiry = hex("11000000ff");
  const five = await exchange(
    open(),
    connect({ level: 5, properties: expiry }),
  );
  const [{ body }] = split(five);
  assertEquals(hexOf(body).slice(0, 4), "0000");
  assert(hexOf(body).includes("1100000000"), hexOf(body));
});

Deno.test("a client without an ID is given one, if its version allows that", async () => {
  const { open } = createGateway();
  assertEquals(await send(open(), connect({ clientId: "" })), connack);
  const kept = connect({ clientId: "", isClean: false });
  assertEquals(await send(open(), kept), "20020002");
  assertEquals(
    await send(open(), connect({ clientId: "", level: 3 })),
    "20020002",
  );
  const five = await exchange(open(), connect({ clientId: "", level: 5 }));
  assert(five.includes("\x12\0\x06test-4"), hexOf(five));
});

Deno.test("a client that connects again ends its older connection", async () => {
  const gateway = createGateway();
  const first = await connected({ level: 5, clientId: "mira" }, gateway);
  const other = await connected({ level: 5, clientId: "oskar" }, gateway);
  const second = await connected({ level: 5, clientId: "mira" }, gateway);
  const [{ body, header }] = split(first.client.takeAll());
  assertEquals([header, body.charCodeAt(0)], [0xe0, 0x8e]);
  first.client.closeWrite();
  assertEquals(await first.ended, "taken over");
  assertEquals(await send(second, pingreq), "d000");
  assertEquals(await send(other, pingreq), "d000");
});

Deno.test("a client ID of another identity is another client", async () => {
  const tokens = {
    authenticate: (subject: string) => ({
      subject,
      lastOnly: false,
      role: undefined,
      endsAt: Infinity,
      mayReport: (client: string) => client.startsWith(subject),
      mayReportSpan: () => false,
      maySee: (client: string) => client.startsWith(subject),
      endAt: () => undefined,
    }),
  } as unknown as TokenAuthenticator;
  const gateway = createGateway({ tokens });
  const open = (name: string) =>
    connected({
      clientId: "phone",
      userName: "any",
      password: name,
      level: 5,
    }, gateway);
  const mira = await open("mira");
  const oskar = await open("oskar");
  assertEquals(await send(mira, pingreq), "d000");
  // Each reports and sees what its token says, and may list that.
  const own = publish("owntracks/mira/pixel", kiwi, { level: 5 });
  assertEquals(await send(mira, own), "40020001");
  assertEquals(await send(oskar, own), "4003000187");
  const all = subscribe(["#"], { level: 5 });
  const newest = split(await exchange(mira, all));
  assertEquals(newest.map(({ header }) => header), [0x90, 0x31, 0x31, 0x31]);
  assertEquals(await send(oskar, all), "900400070000");
  const again = await open("mira");
  assertEquals(split(mira.client.takeAll()).at(-1)!.header, 0xe0);
  assertEquals(await send(again, pingreq), "d000");
});

Deno.test("a client that reports more often than its rate waits", async () => {
  const rates = new ClientRates({ report: 2, query: Infinity });
  const { clock, gateway, open } = createGateway({ rates });
  const client = open();
  await exchange(client, connect({ keepAlive: 1 }));
  const messages = Array.from(
    { length: 5 },
    (_, index) => publish("owntracks/mira/pixel", location(index + 1, index)),
  );
  const first = split(await exchange(client, messages.join("")));
  assertEquals(first.length, 2);
  await clock.advance(1_000);
  assertEquals(split(client.client.takeAll()).length, 2);
  // A server that stops does not wait for the last one.
  client.connection.stop();
  await clock.advance(1_000);
  assertEquals(await client.ended, "stopping");
  gateway.close();
});

Deno.test("a client is disconnected after 1.5 times its keep-alive time", async () => {
  const gateway = createGateway();
  const client = await connected({ level: 5, keepAlive: 10 }, gateway);
  const never = await connected({ clientId: "d" }, gateway);
  await gateway.clock.advance(14_000);
  assertEquals(await send(client, pingreq), "d000");
  await gateway.clock.advance(15_000);
  assertEquals(client.client.takeAll(), "");
  await gateway.clock.advance(3_000);
  const [{ body, header }] = split(client.client.takeAll());
  assertEquals([header, body.charCodeAt(0)], [0xe0, 0x8d]);
  await gateway.clock.advance(1_000);
  assertEquals(await client.ended, "keep-alive");
  assertEquals(await send(never, pingreq), "d000");
  gateway.gateway.close();
});

Deno.test("a connection without a CONNECT ends after ten seconds", async () => {
  const { clock, gateway, open } = createGateway();
  const client = open();
  const packet = connect();
  for (let second = 0; second < 9; second++) {
    client.client.sendText(packet[second]);
    await clock.advance(1_000);
  }
  assert(!client.server.isClosed);
  await clock.advance(1_000);
  assertEquals(await client.ended, "too slow");
  gateway.close();
});

Deno.test("a will with a time of its own is published if the client vanishes", async () => {
  const gateway = createGateway();
  const topic = "owntracks/mira/pixel";
  const vanished = await connected({
    clientId: "a",
    will: { topic, payload: kiwi },
  }, gateway);
  vanished.client.close();
  assertEquals(await vanished.ended, "client closed");
  assertEquals(gateway.gateway.reports, ["mira/pixel +52.5+13.4 1520023934"]);
  const timeless = await connected({
    clientId: "b",
    will: { topic, payload: '{"_type":"location","lat":1,"lon":2}' },
  }, gateway);
  timeless.client.close();
  await timeless.ended;
  const polite = await connected({
    clientId: "c",
    will: { topic, payload: location(1, 2) },
  }, gateway);
  polite.client.sendText(disconnect);
  polite.client.closeWrite();
  assertEquals(await polite.ended, "client closed");
  assertEquals(gateway.gateway.reports.length, 1);
});

Deno.test("a client without a valid token is refused", async () => {
  const tokens = new TokenAuthenticator({ keys: [], revoked: new Set() });
  const { open } = createGateway({ tokens });
  const guess = { userName: "mira", password: "guess" };
  for (const choices of [{}, guess]) {
    assertEquals(await send(open(), connect(choices)), "20020004");
  }
  const client = open();
  const five = await send(client, connect({ ...guess, level: 5 }));
  assertMatch(five, /^20..0086/);
  client.client.closeWrite();
  assertEquals(await client.ended, "not authorized");
});

Deno.test("without tokens only programs of the same machine are accepted", async () => {
  const { open } = createGateway();
  assertEquals(await send(open("192.0.2.1"), connect()), "20020005");
});

const violations: readonly (readonly [
  name: string,
  bytes: string,
  reason: number,
])[] = [
  ["a second CONNECT", connect({ level: 5 }), 0x82],
  ["a message with QoS 3", hex("3605000161000100"), 0x81],
  ["a topic with a wildcard", publish("owntracks/+/a", "", { level: 5 }), 0x90],
  ["an empty topic", publish("", "", { level: 5 }), 0x90],
  ["a topic alias", packet(0x30, `${text("a")}\x03\x23\0\x01`), 0x94],
  ["a packet identifier 0", publish("a", "", { level: 5, id: 0 }), 0x82],
  ["a topic that is not UTF-8", packet(0x30, `\0\x01\xff\0`), 0x81],
  ["a topic with U+0000", packet(0x30, `\0\x01\0\0`), 0x81],
  ["a topic with a surrogate", packet(0x30, `\0\x03\xed\xa0\x80\0`), 0x81],
  ["flags of SUBSCRIBE", packet(0x80, `\0\x01\0${text("a")}\0`), 0x81],
  ["a SUBSCRIBE without filters", packet(0x82, "\0\x01\0"), 0x81],
  ["options of a filter", subscribe(["a"], { level: 5, options: 0xc0 }), 0x81],
  [
    "a subscription identifier",
    packet(0x82, `\0\x01\x02\x0b\x01${text("a")}\0`),
    0xa1,
  ],
  ["flags of PINGREQ", "\xc1\0", 0x81],
  ["bytes after the end", "\xc0\x01\0", 0x81],
  ["a packet of servers", hex("d000"), 0x82],
  ["an unknown property", packet(0x30, `${text("a")}\x02\x7f\0`), 0x81],
  [
    "a property in the wrong place",
    packet(0x30, `${text("a")}\x02\x17\0`),
    0x82,
  ],
  ["a property twice", packet(0x30, `${text("a")}\x04\x01\0\x01\0`), 0x82],
  ["a remaining length of five bytes", "\x30\xff\xff\xff\xff\x01", 0x81],
  ["a packet that is too large", "\x30\xff\xff\x7f", 0x95],
  ["the type 0", "\0\0", 0x82],
];

for (const [name, bytes, reason] of violations) {
  Deno.test(`MQTT 5: ${name} ends the connection with its reason`, async () => {
    const client = await connected({ level: 5 });
    const answers = split(await exchange(client, bytes + pingreq));
    assertEquals(answers.length, 1);
    const [{ body, header }] = answers;
    assertEquals([header, body.charCodeAt(0)], [0xe0, reason]);
    client.client.closeWrite();
    assertEquals(await client.ended, "protocol error");
  });
}

Deno.test("MQTT 3.1.1: a violation ends the connection without a packet", async () => {
  const client = await connected();
  assertEquals(await send(client, publish("owntracks/#", "")), "");
  client.client.closeWrite();
  assertEquals(await client.ended, "protocol error");
});

Deno.test("a packet of the largest size is taken", async () => {
  const { gateway, open } = createGateway();
  const client = open();
  await exchange(client, connect());
  const notes = `"${"x".repeat(60_000)}",`.repeat(17);
  const start = `{"lat":1,"lon":2,"time":3,"notes":[${notes}"`;
  const most = maxPacketBytes - 4 - text("herd/report/a").length - 2 - 2;
  const payload = start + "x".repeat(most - start.length - 1) + '"]}';
  const bytes = publish("herd/report/a", payload);
  assertEquals(bytes.length, maxPacketBytes);
  assertEquals(await send(client, bytes), "40020001");
  assertEquals(gateway.reports, ["a +1+2 3"]);
});

Deno.test("a message with thousands of reports is taken in turns, and acknowledged once", async () => {
  const { gateway, open } = createGateway();
  const client = open();
  await exchange(client, connect());
  const reports = Array.from(
    { length: 3_000 },
    (_, index) => ({ lat: 1, lon: 2, time: index }),
  );
  client.client.sendText(
    publish("herd/report/a", JSON.stringify(reports)) + pingreq,
  );
  for (let turn = 0; turn < 20; turn++) await drainMicrotasks();
  assertEquals(hexOf(client.client.takeAll()), "40020001d000");
  assertEquals(gateway.reports.length, 3_000);
});

Deno.test("a CONNECT that waits for its turn is not too slow", async () => {
  const { gateway, open } = createGateway();
  const client = open();
  client.traffic.fill();
  assertEquals(await exchange(client, connect()), "");
  await gateway.clock.advance(15_000);
  client.traffic.drain();
  await drainMicrotasks();
  assertEquals(hexOf(client.client.takeAll()), "20020000");
  gateway.close();
});

Deno.test("a subscriber gets the newest reports, and then changes", async () => {
  const gateway = createGateway();
  const { clock } = gateway;
  const phone = await connected({ clientId: "phone" }, gateway);
  const reader = await connected({ clientId: "reader" }, gateway);
  await exchange(phone, publish("owntracks/mira/pixel", kiwi));
  const filters = ["owntracks/mira/+", "herd/at/#", "herd/report/mira/pixel"];
  const first = await exchange(reader, subscribe(filters));
  assertEquals(hexOf(first).slice(0, 14), "90050007000000");
  assertEquals(messages(first), [
    '!owntracks/mira/pixel {"_type":"location","tid":"el","lat":52.5,"lon":13.4,"tst":1520023934}',
    "!herd/at/mira/pixel AT Hill +1.182837383 mira/pixel +52.5+13.4 1520023934",
    '!herd/report/mira/pixel {"id":"mira/pixel","lat":52.5,"lon":13.4,"time":"1520023934"}',
  ]);
  await exchange(
    phone,
    publish("owntracks/mira/pixel", location(-1, 1520023935)),
  );
  await exchange(phone, publish("owntracks/oskar/phone", kiwi));
  await clock.advance(50);
  assertEquals(
    messages(reader.client.takeAll()).map((one) => one.split(" ")[0]),
    [
      "owntracks/mira/pixel",
      "herd/at/mira/pixel",
      "herd/report/mira/pixel",
      "herd/at/oskar/phone",
    ],
  );
  gateway.gateway.close();
});

Deno.test("a subscriber gets what the app said besides the position", async () => {
  const gateway = createGateway();
  const { clock } = gateway;
  const phone = await connected({ clientId: "phone" }, gateway);
  const reader = await connected({ clientId: "reader" }, gateway);
  const sent = (latitude: string) =>
    `{"_type":"location","tid":"mx","lat":${latitude},"lon":13.4,` +
    '"tst":1520023934,"acc":14,"alt":71,"batt":80,"cog":270,"vel":50}';
  await exchange(phone, publish("owntracks/mira/pixel", sent("52.50")));
  const filters = ["owntracks/mira/+", "herd/report/#"];
  const first = messages(await exchange(reader, subscribe(filters)));
  assertEquals(first, [
    `!owntracks/mira/pixel {"_type":"location","tid":"mx","lat":52.50,"lon":13.4,"tst":1520023934,"acc":14,"alt":71,"batt":80,"cog":270,"vel":50}`,
    `!herd/report/mira/pixel {"id":"mira/pixel","lat":52.50,"lon":13.4,"time":"1520023934","accuracy":14,"altitude":71,"battery":80,"course":270,"speed":13.88888889,"tid":"mx"}`,
  ]);
  await exchange(phone, publish("owntracks/mira/pixel", sent("52.51")));
  await clock.advance(50);
  assertEquals(
    messages(reader.client.takeAll()),
    first.map((one) => one.slice(1).replace("52.50", "52.51")),
  );
  gateway.gateway.close();
});

Deno.test("a subscriber gets at most one message a second about a client", async () => {
  const gateway = createGateway();
  const { clock } = gateway;
  const phone = await connected({ clientId: "phone" }, gateway);
  const reader = await connected({ clientId: "reader" }, gateway);
  await exchange(reader, subscribe(["herd/at/kiwi"]));
  const latitudes: string[] = [];
  for (let time = 0; time < 30; time++) {
    const payload = `{"lat":${time},"lon":1,"time":${time}}`;
    await exchange(phone, publish("herd/report/kiwi", payload));
    await clock.advance(100);
    for (const message of messages(reader.client.takeAll())) {
      latitudes.push(message.match(/kiwi \+(\d+)/)![1]);
    }
  }
  await clock.advance(2_000);
  for (const message of messages(reader.client.takeAll())) {
    latitudes.push(message.match(/kiwi \+(\d+)/)![1]);
  }
  assert(latitudes.length <= 4, `${latitudes}`);
  assertEquals(latitudes.at(0), "0");
  assertEquals(latitudes.at(-1), "29");
  gateway.gateway.close();
});

Deno.test("filters that are not served are refused one by one", async () => {
  const filters = ["#", "+/mira/+", "home/#", "a#", "$share/g/herd/at/a"];
  const results = async (level: number) => {
    const client = await connected({ level });
    const answer = await exchange(
      client,
      subscribe([...filters, "herd/at/+"], { level, options: 1 }),
    );
    return hexOf(split(answer)[0].body.slice(level === 5 ? 3 : 2));
  };
  assertEquals(await results(4), "808080808001");
  assertEquals(await results(5), "87878f8f9e01");
});

Deno.test("a client may have 64 filters, and none after it has removed them", async () => {
  const gateway = createGateway();
  const client = await connected({}, gateway);
  const filters = Array.from({ length: 64 }, (_, index) => `herd/at/${index}`);
  const all = await exchange(client, subscribe(filters));
  assertEquals(hexOf(all).slice(-128), "00".repeat(64));
  assertEquals(await send(client, subscribe(["herd/at/x"])), "9003000780");
  assertEquals(gateway.mqtt.subscriptions.filters, 64);
  for (const filter of filters) await exchange(client, unsubscribe(filter));
  assertEquals(gateway.mqtt.subscriptions.filters, 0);
  await exchange(client, subscribe(["herd/at/x"]));
  client.client.close();
  await client.ended;
  assertEquals(gateway.mqtt.subscriptions.filters, 0);
});

Deno.test("MQTT 5: a client chooses to get no own or no newest messages", async () => {
  const gateway = createGateway();
  const { clock } = gateway;
  const client = await connected({ level: 5, clientId: "a" }, gateway);
  const other = await connected({ clientId: "b" }, gateway);
  await exchange(other, publish("herd/report/old", '{"lat":1,"lon":2}'));
  // No Local, and retain handling 2.
  const answer = await exchange(
    client,
    subscribe(["herd/at/+"], { level: 5, options: 0x24 }),
  );
  assertEquals(messages(answer), []);
  const own = publish("herd/report/own", '{"lat":1,"lon":2}', { level: 5 });
  let received = await exchange(client, own);
  await exchange(other, publish("herd/report/new", '{"lat":1,"lon":2}'));
  await clock.advance(100);
  received += client.client.takeAll();
  const topics = split(received)
    .filter(({ header }) => header === 0x30)
    .map(({ body }) => body.slice(2, body.indexOf("\0", 3)));
  assertEquals(topics, ["herd/at/new"]);
  gateway.gateway.close();
});

Deno.test("the newest of many clients are sent page by page", async () => {
  const gateway = createGateway();
  const phone = await connected({ clientId: "phone" }, gateway);
  const list = Array.from(
    { length: 2_000 },
    (_, index) => ({ id: `many/${index}`, lat: 1, lon: 2, time: 3 }),
  );
  for (const { id, ...report } of list) {
    await exchange(
      phone,
      publish(`herd/report/${id}`, JSON.stringify(report), { qos: 0 }),
    );
  }
  const reader = await connected({ clientId: "reader" }, gateway);
  const writes = reader.server.writes.length;
  const all = messages(await exchange(reader, subscribe(["herd/at/many/+"])));
  await drainMicrotasks();
  all.push(...messages(reader.client.takeAll()));
  assertEquals(new Set(all).size, 2_000);
  assert(reader.server.writes.length - writes > 2);
  assert(reader.server.writes.every((text) => text.length < 128 * 1024));
});

Deno.test("a subscriber that does not read is disconnected, and holds little", async () => {
  const gateway = createGateway();
  const { clock } = gateway;
  const phone = await connected({ clientId: "phone" }, gateway);
  const reader = await connected({ clientId: "reader" }, gateway);
  await exchange(reader, subscribe(["herd/at/+"]));
  reader.server.freeze();
  for (let index = 0; index < 40; index++) {
    await exchange(
      phone,
      publish(`herd/report/c${index % 7}`, '{"lat":1,"lon":2}', { qos: 0 }),
    );
    await clock.advance(500);
  }
  assert(reader.connection.replyBytes < 2_000);
  await clock.advance(15_000);
  assertEquals(await reader.ended, "slow consumer");
  assertEquals(gateway.mqtt.subscriptions.changesBytes, 0);
  gateway.gateway.close();
});

Deno.test("a subscriber that falls behind gets the newest reports again", async () => {
  const gateway = createGateway();
  const { clock } = gateway;
  const phone = await connected({ clientId: "phone" }, gateway);
  const reader = await connected({ clientId: "reader" }, gateway);
  await exchange(reader, subscribe(["herd/at/far/+"]));
  reader.server.freeze();
  // More than 4 MiB of IDs.
  const count = 4_500;
  const long = "x".repeat(900);
  for (let index = 0; index < count; index++) {
    const topic = `herd/report/far/${long}${index}`;
    await exchange(phone, publish(topic, '{"lat":1,"lon":2}', { qos: 0 }));
  }
  assert(gateway.mqtt.subscriptions.changesBytes < 1024 * 1024);
  reader.server.thaw();
  const received = new Set<string>();
  for (let turn = 0; turn < 100; turn++) {
    await clock.advance(100);
    for (const message of messages(reader.client.takeAll())) {
      received.add(message.split(" ")[0].replace("!", ""));
    }
  }
  assertEquals(received.size, count);
  gateway.gateway.close();
});

Deno.test("a stopping server tells clients of MQTT 5 why they are closed", async () => {
  const gateway = createGateway();
  const five = await connected({ level: 5, clientId: "a" }, gateway);
  const old = await connected({ clientId: "b" }, gateway);
  five.connection.stop();
  old.connection.stop();
  await drainMicrotasks();
  const [{ body, header }] = split(five.client.takeAll());
  assertEquals([header, body.charCodeAt(0)], [0xe0, 0x8b]);
  assertEquals(old.client.takeAll(), "");
  await gateway.clock.advance(1_000);
  assertEquals([await five.ended, await old.ended], ["stopping", "stopping"]);
  gateway.gateway.close();
});

Deno.test("a session does not depend on how its packets are split", async () => {
  const input = connect({ clientId: "mira", keepAlive: 60 }) +
    subscribe(["herd/at/nobody"]) + publish("owntracks/mira/pixel", kiwi) +
    publish("herd/report/a", '[{"lat":1,"lon":2},{"lat":3,"lon":4}]', {
      qos: 2,
      id: 300,
    }) + `\x62\x02${uint16(300)}` + pingreq + disconnect;
  const play = async (...chunks: readonly string[]) => {
    const { gateway, open } = createGateway();
    const client = open();
    let output = "";
    for (const chunk of chunks) output += await exchange(client, chunk);
    client.client.closeWrite();
    assertEquals(await client.ended, "client closed");
    return { output: hexOf(output), reports: gateway.reports };
  };
  const whole = await play(input);
  assertEquals(whole.reports.length, 3);
  for (let at = 1; at < input.length; at++) {
    assertEquals(await play(input.slice(0, at), input.slice(at)), whole);
  }
  assertEquals(await play(...input), whole);
});
