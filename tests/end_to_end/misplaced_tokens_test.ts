/**
 * Tokens and passwords in every place of every port where a client can put
 * them, by the rules or by mistake.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { writeAll } from "../../runtime/transport.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import {
  connect as connectPacket,
  type ConnectChoices,
  disconnect,
  packet,
  publish,
  subscribe,
  text as mqttText,
} from "../gateways/mqtt/packets.ts";
import { frame } from "../gateways/websocket/client_frames.ts";
import { GuardedServer, keys, tokenOf } from "./admin_tokens.ts";
import { connect, readAll } from "./process.ts";

const ofMira = { reports: ["mira/*"], sees: ["mira/*"], role: undefined };

/** Accepted, expired, signed with another key, cut off. */
const tokens = [
  tokenOf("valid", ofMira),
  tokenOf("expired", { ...ofMira, exp: 1 }),
  tokenOf("other", ofMira, keys[1]),
  tokenOf("valid", ofMira).slice(0, -7),
];

/** A password that has not the form of a token. */
const password = "hunter2hunter2";

/** Sends bytes and ends this side. Returns what comes back. */
async function send(port: number, bytes: ByteString): Promise<ByteString> {
  using connection = await connect(port);
  try {
    await writeAll(connection, bytes);
    await connection.closeWrite();
    return await readAll(connection);
  } catch {
    // The server may end the connection before it has read everything.
    return "";
  }
}

/** A request of HTTP, which is the last one of its connection. */
function request(
  line: string,
  fields: Readonly<Record<string, string>> = {},
  body = "",
): ByteString {
  const all = {
    Host: "localhost",
    Connection: "close",
    ...(body === "" ? {} : { "Content-Length": `${body.length}` }),
    ...fields,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`${line} HTTP/1.1`, ...lines, "", body].join("\r\n");
}

/** Requests with a credential in each part. */
function requestsWith(secret: string, valid: string): ByteString[] {
  const authorized = { Authorization: `Bearer ${valid}` };
  const report = "POST /report";
  const position = '"lat":1,"lon":2';
  const isToken = secret.startsWith("eyJ");
  // Where only the form of a token shows that it is one.
  const mistakes = !isToken ? [] : [
    request(`GET /${secret}`, authorized),
    request(`GET //t/${secret}/position/mira/pixel`, authorized),
    request(`GET /T/${secret}`, authorized),
    request(`GET /%74/${secret.replaceAll(".", "%2E")}`, authorized),
    request(`GET /position/${secret}`, authorized),
    request(`GET /nearby/${secret}?radius=1&bound=1`, authorized),
    request(`GET /position/mira/pixel?x=${secret}`, authorized),
    request(`POST /pub?u=${secret}&d=x`, authorized, `{"_type":"location"}`),
    request(`GET /?id=mira/pixel&lat=1&lon=2&x=${secret}`, authorized),
    request(`${secret} /`),
    request(`GET / ${secret}`),
    `${secret}\r\n\r\n`,
    request(report, { ...authorized, "User-Agent": secret }, secret),
    request(report, { ...authorized, "X-Limit-U": secret }, `{"_type":"x"}`),
    request(report, { ...authorized, "Content-Type": secret }, "{}"),
    request(report, { ...authorized, "Content-Encoding": secret }, "{}"),
    request(report, { ...authorized, "Transfer-Encoding": secret }, "{}"),
    request(report, { ...authorized, Host: secret }, "{}"),
    request(report, { ...authorized, Origin: `http://${secret}` }, "{}"),
    request(report, { ...authorized, Expect: secret }, "{}"),
    request(report, { ...authorized, "X-Forwarded-For": secret }, "{}"),
    request(report, authorized, `{"id":"${secret}",${position}}`),
    request(report, authorized, `{"_type":"${secret}",${position}}`),
    request(
      report,
      authorized,
      `[{"id":"mira/a",${position},"x":"${secret}"}]`,
    ),
    request("POST /?id=mira/a", authorized, `lat=${secret}&lon=2`),
  ];
  return [
    ...mistakes,
    request(report, { Authorization: `Bearer ${secret}` }, `{${position}}`),
    request(report, { Authorization: `Bearer: ${secret}` }, `{${position}}`),
    request(report, { Authorization: `Basic ${btoa(`mira:${secret}`)}` }, "{}"),
    request(report, { Authorization: secret }, "{}"),
    request(report, { Cookie: `token=${secret}` }, "{}"),
    request(`POST /t/${secret}/report`, {}, `{${position}}`),
    request(`POST /t/${secret}`, {}, "nothing"),
    request(`GET /t/${secret}/position/mira/pixel`),
    request(`POST /report?token=${secret}`, authorized, "nothing"),
    request(`POST /report?access_token=${secret}`, {}, "nothing"),
    request(report, authorized, `{"token":"${secret}"}`),
    request(report, authorized, `{"_type":"location","password":"${secret}"}`),
    request("POST /?id=mira/a", authorized, `token=${secret}&lat=x`),
  ];
}

/** WebSockets with a credential in the handshake or in a message. */
function socketsWith(secret: string, valid: string): ByteString[] {
  const handshake = (path: string, protocols: string) =>
    request(`GET ${path}`, {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Protocol": protocols,
    });
  const ready = handshake("/report", `herd, token.${valid}`);
  const mistakes = !secret.startsWith("eyJ") ? [] : [
    ready + frame(`AUTH ${secret}`) + frame(secret) + frame(`${secret}\nx`),
    ready + frame(`IAMAT ${secret} +1+2`) + frame(`WHATSAT ${secret}`),
    ready + frame(`{"Authorization":"Bearer ${secret}"}`),
    ready + frame(`{"id":"${secret}","lat":1,"lon":2}`),
    // As the reason of an end, and as a ping.
    ready + frame(`\x03\xe8${secret.slice(0, 100)}`, { opcode: 8 }),
    ready + frame(secret.slice(0, 100), { opcode: 9 }),
    handshake("/report", secret),
  ];
  return [
    ...mistakes,
    handshake("/report", `herd, token.${secret}`) +
    frame("IAMAT mira/a +1+2 3"),
    handshake(`/t/${secret}/report`, "herd") + frame("x"),
    ready + frame(`{"token":"${secret}","lat":1}`),
  ];
}

/** Connections of MQTT with a credential in each part. */
function mqttWith(secret: string, valid: string): ByteString[] {
  const own = (choices: ConnectChoices) =>
    connectPacket({ userName: "mira", password: valid, ...choices });
  const mistakes = !secret.startsWith("eyJ") ? [] : [4, 5].flatMap((level) => [
    own({ level, clientId: secret }) + disconnect,
    own({ level, will: { topic: secret, payload: secret } }),
    own({ level, will: { topic: `owntracks/${secret}/x`, payload: "{}" } }),
    own({ level, userName: secret }) + disconnect,
    own({ level }) +
    [secret, `owntracks/${secret}/x`, `herd/report/${secret}`, `a/${secret}/b`]
      .map((topic) => publish(topic, secret, { level })).join("") +
    publish("owntracks/mira/pixel", `{"_type":"${secret}"}`, { level }) +
    subscribe([secret, `herd/at/${secret}`], { level }) +
    // A packet that is none, with the token in it.
    packet(0xf0, mqttText(secret)),
  ]);
  return [
    ...mistakes,
    ...[3, 4, 5].map((level) =>
      connectPacket({ level, userName: "mira", password: secret }) +
      publish("other/topic", `{"password":"${secret}"}`, { level }) + disconnect
    ),
  ];
}

Deno.test("a server writes no credential, wherever a client has put it", async () => {
  await using server = new GuardedServer();
  const senders = server.write("senders", "127.0.0.1 mira/van\n");
  await server.start("--http", "--mqtt", "--nmea", `--open-nmea=${senders}`);
  const { address, herd, program } = server;
  const [valid] = tokens;
  let answers = "";
  for (const secret of [...tokens, password]) {
    const httpPort = herd.httpPortOf("Hill");
    for (const bytes of requestsWith(secret, valid)) {
      answers += await send(httpPort, bytes);
    }
    for (const bytes of mqttWith(secret, valid)) {
      answers += await send(herd.portOf("Hill") + 500, bytes);
    }
    // The sockets, like the client port, repeat a line that is no command.
    for (const bytes of socketsWith(secret, valid)) await send(httpPort, bytes);
    if (secret === password) continue;
    const lines = [
      secret,
      `AUTH ${secret}`,
      `Authorization: Bearer ${secret}`,
      `IAMAT ${secret} +1+2`,
      `$GPRMC,${secret}*00`,
      `${secret}${"x".repeat(70_000)}`,
    ];
    const ports = [herd.portOf("Hill"), herd.nmeaPortOf("Hill")];
    for (const port of [...ports, herd.portOf("Hill") + 100]) {
      for (const line of lines) await send(port, `${line}\r\n`);
    }
  }
  // What operators look at.
  const viewer = { authorization: `Bearer ${tokenOf("viewer")}` };
  for (const path of ["/metrics", "/status.json", "/"]) {
    const response = await fetch(`http://${address}${path}`, {
      headers: viewer,
    });
    answers += await response.text();
    assertEquals(response.status, 200, path);
  }
  program.signal("SIGTERM");
  assertEquals(await program.ended(), 0);
  const log = herd.log("Hill");
  // The connections have reached the server.
  for (
    const part of [
      "AT Hill",
      "[token]",
      "AUTH [redacted]",
      "PUBLISH a/[redacted]/b",
      'client="[redacted]"',
    ]
  ) assertStringIncludes(log, part);
  assertStringIncludes(answers, "HTTP/1.1 200 OK");
  const written = [answers, program.stdout, program.stderr, log].join("\n");
  const parts = [
    password,
    btoa(`mira:${password}`).slice(8),
    ...tokens.flatMap((token) => [
      ...token.split("."),
      btoa(`mira:${token}`).slice(8, 40),
    ]),
  ];
  for (const part of parts) {
    const at = written.indexOf(part.slice(0, 12));
    assert(at < 0, `${part}: ${written.slice(at - 100, at + 60)}`);
  }
});
