import { writeAll } from "../../runtime/transport.ts";
import { assertEquals, assertMatch } from "../assert.ts";
import {
  binary,
  closeCodeOf,
  frame,
  splitFrames,
} from "../gateways/websocket/client_frames.ts";
import { connect, readAll, readUntil, TestHerd } from "./process.ts";

const httpPortOf = (herd: TestHerd, name: string) => herd.portOf(name) + 400;

const handshake = (path: string, ...fields: readonly string[]) =>
  [
    `GET ${path} HTTP/1.1`,
    "Host: localhost",
    "Upgrade: websocket",
    "Connection: Upgrade",
    ...fields,
  ].join("\r\n") + "\r\n\r\n";

const version = "Sec-WebSocket-Version: 13";
// The example of RFC 6455, and its answer.
const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** Sends a text and ends this side. Returns everything that comes back. */
async function exchange(port: number, text: string): Promise<string> {
  using connection = await connect(port);
  await writeAll(connection, text);
  await connection.closeWrite();
  return await readAll(connection);
}

Deno.test("a program reports and asks by WebSocket, at two servers", async () => {
  await using herd = new TestHerd();
  await Promise.all(
    ["Hill", "Smith"].map((name) => herd.start(name, ["--http"])),
  );
  await herd.untilLinked(["Hill", "Smith"]);
  const open = async (name: string) => {
    const url = `ws://127.0.0.1:${httpPortOf(herd, name)}/report`;
    const socket = new WebSocket(url, ["herd"]);
    await new Promise((resolve) => socket.onopen = resolve);
    assertEquals(socket.protocol, "herd");
    return {
      socket,
      ask: (message: string) => {
        const answer = new Promise<string>((resolve) =>
          socket.onmessage = ({ data }) => resolve(data)
        );
        socket.send(message);
        return answer;
      },
    };
  };
  const hill = await open("Hill");
  const smith = await open("Smith");
  const at = await hill.ask("IAMAT kiwi +34.068930-118.445127 1520023934");
  assertMatch(at, /^AT Hill \S+ kiwi \+34\.068930-118\.445127 1520023934\n$/);
  const answer = await smith.ask("WHATSAT kiwi 10 2");
  const [line, ...json] = answer.split("\n");
  assertEquals(`${line}\n`, at);
  assertEquals(JSON.parse(json.join("\n")).results.length, 2);
  const counts = await hill.ask('{"id":"cab","lat":1,"lon":2,"time":3}');
  assertEquals(counts, '{"taken":1,"ignored":0}');
  const closed = [hill, smith].map(({ socket }) =>
    new Promise<CloseEvent>((resolve) => socket.onclose = resolve)
  );
  hill.socket.close(1000);
  smith.socket.close(1000);
  for (const { code } of await Promise.all(closed)) assertEquals(code, 1000);
});

Deno.test("a handshake is answered by the letter of RFC 6455", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--http"]);
  const port = httpPortOf(herd, "Hill");
  const good = await exchange(
    port,
    handshake("/report", version, key) + frame("hello", binary),
  );
  const [head, stream] = good.split(/(?<=\r\n\r\n)/);
  assertMatch(head, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
  assertEquals(head.includes(`sec-websocket-accept: ${accept}\r\n`), true);
  assertEquals(splitFrames(stream), [{ opcode: 2, payload: "? hello\n" }]);
  const refused: [status: number, text: string][] = [
    [426, handshake("/report", "Sec-WebSocket-Version: 8", key)],
    [400, handshake("/report", version)],
    [400, handshake("/report", version, "Sec-WebSocket-Key: short")],
    [404, handshake("/other", version, key)],
    [
      405,
      handshake("/report", version, key).replace("GET", "POST"),
    ],
    [
      403,
      handshake("/report", version, key, "Origin: http://evil.example"),
    ],
    [403, handshake("/report", version, key).replace("localhost", "evil.test")],
    [403, handshake("/report", version, key, "Sec-Fetch-Site: cross-site")],
    [
      403,
      handshake(
        "/mqtt",
        version,
        key,
        "Sec-WebSocket-Protocol: mqtt",
        "Origin: http://evil.example",
      ),
    ],
  ];
  for (const [status, text] of refused) {
    const answer = await exchange(port, text);
    assertEquals(answer.split(" ")[1], `${status}`, text);
  }
});

Deno.test("a server that stops closes its WebSockets with 1001", async () => {
  await using herd = new TestHerd();
  const program = await herd.start("Hill", ["--http"]);
  using connection = await connect(httpPortOf(herd, "Hill"));
  await writeAll(connection, handshake("/report", version, key));
  await readUntil(connection, (text) => text.endsWith("\r\n\r\n"));
  program.signal("SIGTERM");
  assertEquals(closeCodeOf(await readAll(connection)), 1001);
  assertEquals(await program.ended(), 0);
});
