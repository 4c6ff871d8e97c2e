import { writeAll } from "../../runtime/transport.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { ask, connect, readAll, readUntil, TestHerd } from "./process.ts";
import { connectTls, Files } from "./tls.ts";

/** The head of a form that a browser sends as plain text. */
const head = "POST /?a=b HTTP/1.1\r\nHost: 127.0.0.1\r\n" +
  "Origin: https://evil.example\r\nContent-Type: text/plain\r\n" +
  "Content-Length: 1000\r\n\r\n";

Deno.test("a form of a web page makes no report and no query", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--admin"]);
  const port = herd.portOf("Hill");
  const time = Date.now() / 1000;
  await ask(port, `IAMAT kiwi +1+2 ${time}\n`);
  const body = `IAMAT kiwi +3+4 ${time + 1}\nIAMAT eve +5+6 ${time}\n` +
    "WHATSAT kiwi 0 0\n";
  // As a script of any page may send it: without asking before.
  const sent = await fetch(`http://127.0.0.1:${port}/`, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body,
  }).then((response) => response.text(), () => "no HTTP response");
  assertEquals(sent, "no HTTP response");
  // Whole, and in pieces that come one after the other.
  assertEquals(await ask(port, head + body), "? POST /?a=b HTTP/1.1\r\n");
  using connection = await connect(port);
  await writeAll(connection, head);
  const answer = await readUntil(connection, (text) => text.endsWith("\n"));
  assertEquals(answer, "? POST /?a=b HTTP/1.1\r\n");
  await writeAll(connection, body);
  await connection.closeWrite();
  assertEquals(await readAll(connection), "");
  const [at] = (await ask(port, "WHATSAT kiwi 0 0\n")).split("\n");
  assertMatch(at, / kiwi \+1\+2 /);
  assertEquals(await ask(port, "WHATSAT eve 0 0\n"), "? WHATSAT eve 0 0\n");
  await herd.untilLogged("Hill", 'closed reason="HTTP request"');
  const metrics = await fetch(
    `http://127.0.0.1:${herd.adminPortOf("Hill")}/metrics`,
  );
  const text = await metrics.text();
  assert(/herd_refusals_total\{.*reason="http-request".*\} 3\n/.test(text));
});

Deno.test("an HTTP request in TLS is no command either", async () => {
  await using herd = new TestHerd();
  const files = new Files(herd);
  await herd.start("Hill", files.flags, {}, files.permissions);
  const secure = await connectTls(herd.portOf("Hill"));
  await writeAll(secure, `${head}IAMAT eve +5+6 1520023934\n`);
  const buffer = new Uint8Array(4096);
  let answer = "";
  let count;
  while ((count = await secure.read(buffer)) !== null) {
    answer += new TextDecoder().decode(buffer.subarray(0, count));
  }
  secure.close();
  assertEquals(answer, "? POST /?a=b HTTP/1.1\r\n");
});
