import { gzipSync } from "node:zlib";
import { ClientRates } from "../../../identity/client_rates.ts";
import { decodeBytes } from "../../../protocol/bytes.ts";
import { assert, assertEquals, assertMatch } from "../../assert.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import type { PipeEnd } from "../../fakes/pipe.ts";
import { makeToken } from "../../identity/make_token.ts";
import { tokens } from "../identities_with.ts";
import { openGateway } from "../open_gateway.ts";
import { readAnswers, summary } from "./answers.ts";

const seconds = 1_000;

/** A request of these lines and this body. */
function request(first: string, body = "", ...fields: readonly string[]) {
  const length = body === "" ? [] : [`Content-Length: ${body.length}`];
  const lines = [`${first} HTTP/1.1`, "Host: localhost", ...length, ...fields];
  return [...lines, "", body].join("\r\n");
}

const report = (id: string, ...fields: readonly string[]) =>
  request("POST /report", `{"id":"${id}","lat":1,"lon":2,"tst":3}`, ...fields);

const takenOne = '200 {"taken":1,"ignored":0}';

/** The answers that a client has received so far. */
async function answersTo(client: PipeEnd, text = "", heads: number[] = []) {
  client.sendText(text);
  await drainMicrotasks();
  return readAnswers(client.takeAll(), heads).map(summary);
}

/** The same, for requests that need work outside of the event loop. */
async function lateAnswersTo(client: PipeEnd, text: string) {
  client.sendText(text);
  while (client.unread === "") {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await drainMicrotasks();
  return readAnswers(client.takeAll());
}

Deno.test({
  name: "pipelined requests are answered in order, and the connection is kept",
  permissions: "none",
  async fn() {
    const { connect, replica, traffic } = await openGateway("HTTP");
    const client = connect();
    const answers = await answersTo(
      client,
      report("a") + request("GET /position/a") + request("POST /report", "x") +
        report("b"),
    );
    const [line] = replica.accepted.map(({ line }) => line);
    assertEquals(answers, [
      takenOne,
      `200 ${line}\n`,
      "400 The body is not JSON: expected a text as in RFC 8259.\n",
      takenOne,
    ]);
    assertEquals(traffic.lines, [
      "< POST /report 34",
      "< IAMAT a +1+2 3",
      `> ${line}`,
      `> ${takenOne}`,
      "< GET /position/a",
      `> 200 ${line}`,
      "< POST /report 1",
      "> 400 The body is not JSON: expected a text as in RFC 8259.",
      "< POST /report 34",
      "< IAMAT b +1+2 3",
      `> ${replica.accepted[1].line}`,
      `> ${takenOne}`,
    ]);
    assertEquals(await answersTo(client, report("c")), [takenOne]);
  },
});

Deno.test({
  name: "a client that ends its side gets all its answers",
  permissions: "none",
  async fn() {
    const { connect, events } = await openGateway("HTTP");
    const client = connect();
    client.sendText(report("a") + report("b") + "POST /re");
    await client.closeWrite();
    assertEquals(await answersTo(client), [takenOne, takenOne]);
    assert(client.other.isClosed);
    assertEquals(events.at(-1), "http/1 closed client closed");
  },
});

Deno.test({
  name: "an answer waits until the replica has confirmed the reports before it",
  permissions: "none",
  async fn() {
    const { connect, replica } = await openGateway("HTTP");
    const flushed = Promise.withResolvers<void>();
    replica.flushed = flushed.promise;
    const client = connect();
    assertEquals(await answersTo(client, report("a") + report("b")), []);
    // The second one is taken after the first one's answer.
    assertEquals(replica.accepted.length, 1);
    flushed.resolve();
    assertEquals(await answersTo(client), [takenOne, takenOne]);
  },
});

Deno.test({
  name: "a connection ends without an answer if the replica fails",
  permissions: "none",
  async fn() {
    const { connect, events, replica } = await openGateway("HTTP");
    replica.put = (_report, settling) => {
      settling.begin();
      settling.fail("no room");
      return undefined;
    };
    const client = connect();
    assertEquals(await answersTo(client, report("a")), []);
    assert(client.other.isClosed);
    assertEquals(events.at(-1), "http/1 closed replica failed no room");
  },
});

Deno.test({
  name: "HEAD, OPTIONS, Connection and HTTP/1.0 are answered as RFC 9110 says",
  permissions: "none",
  async fn() {
    const { connect } = await openGateway("HTTP");
    const client = connect();
    client.sendText(
      report("a") + request("HEAD /position/a") + request("OPTIONS /pub") +
        report("b", "Connection: close") + report("c"),
    );
    await drainMicrotasks();
    const answers = readAnswers(client.takeAll(), [1]);
    assertEquals(answers.map(({ status }) => status), [200, 200, 204, 200]);
    assertEquals(answers[1].body, "");
    assert(Number(answers[1].headers.get("content-length")) > 30);
    assertEquals(answers[2].headers.get("allow"), "GET, HEAD, POST, OPTIONS");
    assertEquals(
      answers.map(({ headers }) => headers.get("connection")),
      ["keep-alive", "keep-alive", "keep-alive", "close"],
    );
    const old = connect();
    const [answer] = await answersTo(
      old,
      "GET /position/a HTTP/1.0\r\nHost: localhost\r\n\r\n",
    );
    assertMatch(answer, /^200 AT /);
    await old.closeWrite();
    await drainMicrotasks();
    assert(old.other.isClosed);
  },
});

Deno.test({
  name: "a body is asked for only if it will be read",
  permissions: "none",
  async fn() {
    const { connect, replica } = await openGateway("HTTP");
    const client = connect();
    const [head, body] = report("a", "Expect: 100-continue").split("\r\n\r\n");
    client.sendText(`${head}\r\n\r\n`);
    await drainMicrotasks();
    assertEquals(client.takeAll(), "HTTP/1.1 100 Continue\r\n\r\n");
    assertEquals(await answersTo(client, body), [takenOne]);
    // One that does not wait gets no 100.
    assertEquals(await answersTo(client, `${head}\r\n\r\n${body}`), [takenOne]);
    assertEquals(replica.accepted.length, 2);
    const foreign = connect();
    const [answer] = await answersTo(
      foreign,
      `${head.replace("localhost", "attacker.example")}\r\n\r\n`,
    );
    assertMatch(answer, /^403 /);
    const other = connect();
    const old = connect();
    const oldHead = head.replace("HTTP/1.1", "HTTP/1.0");
    assertEquals(await answersTo(old, `${oldHead}\r\n\r\n`), []);
    assertEquals(await answersTo(old, body), [takenOne]);
    const [unknown] = await answersTo(other, report("a", "Expect: miracles"));
    assertEquals(unknown, "417 The Expect field is not known.\n");
  },
});

Deno.test({
  name: "a slow head gets 408, and a body that stands still too",
  permissions: "none",
  async fn() {
    const { clock, connect, events } = await openGateway("HTTP");
    const slow = connect();
    slow.sendText("GET / HT");
    await clock.advance(6 * seconds);
    slow.sendText("TP/1.1\r\nHost: loc");
    await clock.advance(5 * seconds);
    assertEquals(await answersTo(slow), ["408 The request was too slow.\n"]);
    await clock.advance(3 * seconds);
    assert(slow.other.isClosed);
    assertEquals(
      events.at(-1),
      "http/1 closed too slow no complete head within 10000 ms",
    );
    const inParts = connect();
    inParts.sendText("GET / HT");
    await clock.advance(9 * seconds);
    const [answer] = await answersTo(
      inParts,
      "TP/1.1\r\nHost: localhost\r\n\r\n",
    );
    assertMatch(answer, /^400 /);
    await clock.advance(9 * seconds);
    assertEquals(await answersTo(inParts, report("a")), [takenOne]);
    const still = connect();
    still.sendText(report("a").slice(0, -3));
    for (let second = 0; second < 28; second++) await clock.advance(seconds);
    still.sendText("2");
    await clock.advance(10 * seconds);
    assertEquals(await answersTo(still), []);
    await clock.advance(25 * seconds);
    assertEquals(await answersTo(still), ["408 The request was too slow.\n"]);
  },
});

Deno.test({
  name: "a head is not too slow if the server did not run for a while",
  permissions: "none",
  async fn() {
    const { clock, connect } = await openGateway("HTTP");
    const client = connect();
    const text = report("a");
    await answersTo(client, text.slice(0, 20));
    await clock.advance(seconds);
    clock.sleep(20 * seconds);
    await clock.advance(8 * seconds);
    assertEquals(await answersTo(client, text.slice(20)), [takenOne]);
  },
});

Deno.test({
  name: "a connection without requests ends after a time, and not before",
  permissions: "none",
  async fn() {
    const { clock, connect, events } = await openGateway("HTTP");
    const client = connect();
    await clock.advance(70 * seconds);
    assertEquals(await answersTo(client, report("a")), [takenOne]);
    await clock.advance(70 * seconds);
    assertEquals(await answersTo(client, report("a")), [takenOne]);
    await clock.advance(80 * seconds);
    assert(client.other.isClosed);
    assertMatch(events.at(-1)!, /^http\/1 closed idle /);
  },
});

Deno.test({
  name: "bytes that are no request are answered, and end the connection",
  permissions: "none",
  async fn() {
    const { clock, connect, events, gateways } = await openGateway("HTTP");
    const client = connect();
    const answers = await answersTo(
      client,
      report("a") + "\x16\x03\x01\r\n" + report("b"),
    );
    assertEquals(answers, [
      takenOne,
      "400 The request line is invalid: expected METHOD TARGET HTTP/1.1.\n",
    ]);
    await clock.advance(3 * seconds);
    assert(client.other.isClosed);
    assertMatch(
      events.at(-1)!,
      /^http\/1 closed protocol error The request line/,
    );
    assertEquals(gateways.status().reasons, { "not-http": 1 });
  },
});

Deno.test("a compressed body ends at its limits", async () => {
  const { connect, gateways } = await openGateway("HTTP");
  const send = (bytes: Uint8Array, coding = "gzip") =>
    lateAnswersTo(
      connect(),
      request(
        "POST /report",
        decodeBytes(bytes, 0, bytes.length),
        `Content-Encoding: ${coding}`,
      ),
    );
  const points = JSON.stringify([{ id: "a", lat: 1, lon: 2 }]);
  const [ok] = await send(gzipSync(points));
  assertEquals(summary(ok), takenOne);
  // 64 MiB of spaces have 64 KiB.
  const [bomb] = await send(gzipSync(" ".repeat(64 * 1024 * 1024)));
  assertEquals(
    summary(bomb),
    "413 The body is too long without gzip: expected at most 4194304 bytes.\n",
  );
  const [broken] = await send(gzipSync(points).subarray(0, -9));
  assertEquals(summary(broken), "400 The body is not in gzip.\n");
  const [twice] = await send(gzipSync(gzipSync(points)), "gzip, gzip");
  assertEquals(twice.status, 415);
  const [other] = await send(gzipSync(points), "br");
  assertEquals(other.status, 415);
  assertEquals(gateways.status().reports, { http: 1 });
});

Deno.test({
  name: "a body that is too long is refused before it is read",
  permissions: "none",
  async fn() {
    const { connect, listener } = await openGateway("HTTP");
    const long = request("POST /report", "x").replace(": 1", ": 4194305");
    assertEquals(await answersTo(connect(), long), [
      "413 The body is too long: expected at most 4194304 bytes.\n",
    ]);
    const head = "POST /report HTTP/1.1\r\nHost: localhost\r\n" +
      "Transfer-Encoding: chunked\r\n\r\n";
    const chunk = `100000\r\n${"x".repeat(0x100000)}\r\n`;
    const [answer] = await lateAnswersTo(connect(), head + chunk.repeat(5));
    assertEquals(answer.status, 413);
    assert(listener.connections <= 2);
  },
});

Deno.test({
  name: "lines of a stream are taken as they arrive, and counted at its end",
  permissions: "none",
  async fn() {
    const { clock, connect, replica } = await openGateway("HTTP");
    const client = connect();
    client.sendText(
      "POST /report HTTP/1.1\r\nHost: localhost\r\n" +
        "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    const line = '{"id":"a","lat":1,"lon":2,"tst":3}\n';
    const send = async (text: string) => {
      client.sendText(`${text.length.toString(16)}\r\n${text}\r\n`);
      await drainMicrotasks();
    };
    await send(line + line.slice(0, 10));
    assertEquals(replica.accepted.length, 1);
    // A stream may be silent.
    await clock.advance(120 * seconds);
    await send(
      line.slice(10) + "rubbish\n" + line.replace('"lat":1', '"lat":91'),
    );
    assertEquals(replica.accepted.length, 2);
    await send(line.trimEnd());
    assertEquals(await answersTo(client), []);
    assertEquals(await answersTo(client, "0\r\n\r\n"), [
      '200 {"taken":3,"ignored":2,"reasons":[{"index":2,"reason":"not-json"},{"index":3,"reason":"latitude-out-of-range"}]}',
    ]);
    assertEquals(await answersTo(client, report("b")), [takenOne]);
  },
});

Deno.test({
  name: "a query gives the AT line, its digits in JSON, or the places near it",
  permissions: "none",
  async fn() {
    const { backend, connect } = await openGateway("HTTP");
    const client = connect();
    await answersTo(
      client,
      request(
        "POST /report",
        '[{"id":"old phone","lat":"-07.50","lon":"+013.4",' +
          '"tst":"3.000000000123","acc":14.50,"alt":-3,"tid":"\xc3\xbc%"},' +
          '{"id":"\xc3\xa9\\"x","lat":1,"lon":2,"tst":3}]',
      ),
    );
    const line =
      "AT Hill +1520023932.182837383 old%20phone -07.50+013.4 3.000000000123";
    for (const path of ["old%20phone", "old%2520phone"]) {
      assertEquals(await answersTo(client, request(`GET /position/${path}`)), [
        `200 ${line}\n`,
      ]);
    }
    assertEquals(
      await answersTo(client, request("GET /position/old%20phone?format=json")),
      [
        '200 {"id":"old%20phone","latitude":-7.50,"longitude":13.4' +
        ',"time":3.000000000123,"server":"Hill"' +
        ',"clockDifference":1520023932.182837383' +
        ',"attributes":{"accuracy":14.5,"altitude":-3,"source":"report"' +
        ',"tid":"\xc3\xbc%"}}\n',
      ],
    );
    const [json] = await answersTo(
      client,
      request("GET /position/%C3%A9%22x?format=json"),
    );
    assertEquals(JSON.parse(json.slice(4)).id, '\xc3\xa9"x');
    for (const format of ["text", "json"]) {
      client.sendText(request(`GET /position/old%20phone?format=${format}`));
      await drainMicrotasks();
      const [{ headers }] = readAnswers(client.takeAll());
      assertEquals(headers.get("cache-control"), "no-store", format);
    }
    const asking = answersTo(
      client,
      request("GET /nearby/old%20phone?radius=5&bound=3"),
    );
    await drainMicrotasks();
    const query = backend.queryWithin("5");
    assertEquals([query.line, query.query.bound], [line, "3"]);
    query.answer('{\n   "results" : []\n}');
    assertEquals(await asking, []);
    assertEquals(await answersTo(client), [
      `200 ${line}\n{\n   "results" : []\n}\n\n`,
    ]);
    assertEquals(backend.durationsMs.length, 1);
    const refused: [path: string, status: number][] = [
      ["/position/nobody", 404],
      ["/nearby/nobody", 404],
      ["/nearby/old%20phone?radius=51", 400],
      ["/nearby/old%20phone?bound=21", 400],
      ["/nearby/old%20phone?bound=1&bound=2", 400],
      ["/position/old%20phone?format=xml", 400],
    ];
    for (const [path, status] of refused) {
      const [answer] = await answersTo(client, request(`GET ${path}`));
      assertEquals(answer.slice(0, 3), `${status}`, path);
    }
    const [post] = await answersTo(client, request("POST /position/a", "x"));
    assertMatch(post, /^405 /);
  },
});

Deno.test({
  name:
    "a token reports and sees what it permits, and one in a path only reports",
  permissions: "none",
  async fn() {
    const token = makeToken({ reports: ["mira/*"], sees: ["fam/*", "mira/*"] });
    const gateway = await openGateway("HTTP", {
      tokens: tokens(),
      seconds: 1_800_000_000,
    });
    const { connect, gateways, refusals, replica, traffic } = gateway;
    const client = connect("192.0.2.1");
    const bearer = `Authorization: Bearer ${token}`;
    const send = async (first: string, body = "", ...fields: string[]) =>
      (await answersTo(client, request(first, body, ...fields)))[0];
    assertMatch(await send("GET /position/mira/pixel"), /^401 /);
    assertEquals(
      await send("POST /report", '{"id":"mira/pixel","lat":1,"lon":2}', bearer),
      takenOne,
    );
    assertEquals(
      await send(
        `POST /t/${token}/report`,
        '{"id":"mira/tab","lat":1,"lon":2}',
      ),
      takenOne,
    );
    // A message without an ID is about the token's subject.
    assertEquals(await send(`GET /t/${token}/?lat=1&lon=2`), "200 ");
    assertEquals(replica.accepted.at(-1)!.client, "mira/pixel");
    assertEquals(
      await send("POST /report", '{"id":"oskar","lat":1,"lon":2}', bearer),
      "403 The token of mira/pixel does not permit reports for oskar: expected mira/*.\n",
    );
    assertMatch(await send("GET /position/mira/pixel", "", bearer), /^200 AT /);
    const other = '{"id":"oskar","lat":1,"lon":2}';
    const own = '{"id":"mira/tab","lat":1,"lon":2}';
    const far = '{"id":"mira/tab","lat":91,"lon":2}';
    assertEquals(
      await send("POST /report", `[${[far, other, own, other, far]}]`, bearer),
      '200 {"taken":1,"ignored":4,"reasons":[' +
        '{"index":0,"reason":"latitude-out-of-range"},' +
        '{"index":1,"reason":"not-permitted"},' +
        '{"index":3,"reason":"not-permitted"},' +
        '{"index":4,"reason":"latitude-out-of-range"}]}',
    );
    assertEquals(
      await send("GET /position/old%20phone", "", bearer),
      "403 The token of mira/pixel does not permit queries about old%20phone: expected fam/* or mira/*.\n",
    );
    assertMatch(await send("GET /position/fam/a", "", bearer), /^404 /);
    assertMatch(await send(`GET /t/${token}/position/mira/pixel`), /^403 /);
    assertEquals(gateways.status().reasons, {
      "latitude-out-of-range": 2,
      "not-permitted": 3,
    });
    assertEquals([...refusals.counts], [
      ["no-token", 1],
      ["report", 3],
      ["query", 1],
    ]);
    const logged = traffic.lines.join("\n");
    assert(!logged.includes(token), logged);
    assert(logged.includes("< POST /t/[token]/report"), logged);
  },
});

Deno.test({
  name:
    "the answer to a location holds friends, unless the token only reports or is missing",
  permissions: "none",
  async fn() {
    const body = '{"_type":"location","lat":1,"lon":2,"tst":3}';
    const open = await openGateway("HTTP");
    const free = open.connect();
    const post = request("POST /pub?u=oskar&d=phone", body);
    assertEquals(await answersTo(free, post + post), ["200 []", "200 []"]);

    const { connect, replica } = await openGateway("HTTP", {
      tokens: tokens(),
      seconds: 1_800_000_000,
    });
    const client = connect("192.0.2.1");
    const sees = ["fam/*"];
    const tokenOf = (user: string, sees: string[]) =>
      makeToken({ sub: `fam/${user}`, reports: [`fam/${user}`], sees });
    const send = async (
      user: string,
      sees: string[],
      tid: string,
      base = "",
      tst = 3,
    ) => {
      const token = tokenOf(user, sees);
      const text = `{"_type":"location","lat":1.50,"lon":2,"acc":7,` +
        `"tid":"${tid}","tst":${tst}}`;
      const [answer] = await answersTo(
        client,
        base === ""
          ? request(
            `POST /pub?u=fam&d=${user}`,
            text,
            `Authorization: Basic ${btoa(`x:${token}`)}`,
          )
          : request(`POST /t/${token}/pub?u=fam&d=${user}`, text),
      );
      return answer;
    };
    assertEquals(await send("oskar", [], "os"), "200 []");
    assertEquals(await send("mira", sees, "mi", "path"), "200 []");
    assertEquals(
      await send("mira", sees, "mi"),
      '200 [{"_type":"card","tid":"os","name":"fam"},' +
        '{"_type":"location","tid":"os","lat":1.50,"lon":2,"tst":3,"acc":7,' +
        '"topic":"owntracks/fam/oskar"}]',
    );
    assertEquals(await send("mira", sees, "mi", "", 4), "200 []");
    assertEquals(replica.accepted.length, 4);
  },
});

Deno.test({
  name: "a sender that reports too often is asked to wait",
  permissions: "none",
  async fn() {
    const { connect, counts } = await openGateway("HTTP", {
      rates: new ClientRates({ report: 1, query: 1 }),
    });
    const client = connect();
    client.sendText(
      report("a") + report("b") + request("GET /position/a") +
        request("GET /position/a"),
    );
    await drainMicrotasks();
    const answers = readAnswers(client.takeAll());
    assertEquals(answers.map(({ status }) => status), [200, 429, 200, 429]);
    assertEquals(answers[1].headers.get("retry-after"), "1");
    assertEquals([...counts.hits], [
      ["reports-per-second", 1],
      ["queries-per-second", 1],
    ]);
  },
});

Deno.test({
  name: "a stream of a sender that is not admitted is refused before its end",
  permissions: "none",
  async fn() {
    const { connect, replica } = await openGateway("HTTP", {
      tokens: tokens(),
    });
    const client = connect();
    const [answer] = await answersTo(
      client,
      "POST /report HTTP/1.1\r\nHost: localhost\r\n" +
        "Content-Type: application/x-ndjson\r\n" +
        "Transfer-Encoding: chunked\r\n\r\n",
    );
    assertMatch(answer, /^401 A token is missing/);
    assertEquals(await answersTo(client, "1\r\n{\r\n0\r\n\r\n"), []);
    assertEquals(replica.accepted.length, 0);
  },
});

Deno.test({
  name: "the host of an absolute target counts, and not the Host field",
  permissions: "none",
  async fn() {
    const { connect } = await openGateway("HTTP");
    const client = connect();
    const answers = await answersTo(
      client,
      [
        "attacker.example",
        "attacker.example:80",
        "u@localhost",
        "",
        "LOCALHOST:1",
      ]
        .map((host) => request(`OPTIONS http://${host}/report`)).join(""),
    );
    assertEquals(
      answers.map((answer) => answer.slice(0, 3)),
      ["403", "403", "403", "403", "204"],
    );
  },
});

Deno.test({
  name: "the example of a stream is the line that was not taken",
  permissions: "none",
  async fn() {
    const { connect, gateways } = await openGateway("HTTP");
    const example = () => gateways.status().example?.text;
    const client = connect();
    const stream = "Content-Type: application/x-ndjson";
    const line = '{"id":"a","lat":1,"lon":2,"tst":3}\n';
    const send = (body: string) =>
      answersTo(client, request("POST /report", body, stream));
    await send(`${line}rubbish\n${line}`);
    assertEquals(example(), "rubbish");
    await send(`${line}at the end`);
    assertEquals(example(), "at the end");
    await send(`${line}${"x".repeat(70_000)}\n`);
    assertMatch(example()!, /^x+$/);
  },
});

Deno.test({
  name: "a stream that reports too often waits, but not while the server stops",
  permissions: "none",
  async fn() {
    const { clock, connect, counts, listener, replica } = await openGateway(
      "HTTP",
      { rates: new ClientRates({ report: 10, query: 10 }) },
    );
    const client = connect();
    const line = '{"id":"a","lat":1,"lon":2,"tst":3}\n';
    const send = async (lines: number) => {
      const text = line.repeat(lines);
      client.sendText(`${text.length.toString(16)}\r\n${text}\r\n`);
      await drainMicrotasks();
      return replica.accepted.length;
    };
    client.sendText(
      "POST /report HTTP/1.1\r\nHost: localhost\r\n" +
        "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    assertEquals(await send(12), 12);
    assertEquals(await send(12), 12);
    assertEquals(counts.hits.get("reports-per-second"), 1);
    await clock.advance(3 * seconds);
    assertEquals(replica.accepted.length, 24);
    assertEquals(await send(12), 36);
    assertEquals(await send(1), 36);
    const stopped = listener.stop();
    await drainMicrotasks();
    assertEquals(replica.accepted.length, 37);
    client.closeWrite();
    await clock.advance(10 * seconds);
    await stopped;
  },
});

Deno.test({
  name: "a page of an allowed origin may ask and read, and no other",
  permissions: "none",
  async fn() {
    const { connect, replica } = await openGateway("HTTP", {
      allowedOrigins: ["https://map.example"],
    });
    const client = connect();
    const send = async (text: string) => {
      client.sendText(text);
      await drainMicrotasks();
      return readAnswers(client.takeAll())[0];
    };
    const allowed = "Origin: https://map.example";
    const preflight = await send(
      request("OPTIONS /report", "", allowed, "Sec-Fetch-Site: cross-site"),
    );
    assertEquals(preflight.status, 204);
    assertEquals(
      preflight.headers.get("access-control-allow-origin"),
      "https://map.example",
    );
    assertEquals(
      preflight.headers.get("access-control-allow-headers"),
      "authorization, content-type, content-encoding",
    );
    const answer = await send(report("a", allowed));
    assertEquals(answer.status, 200);
    assertEquals(answer.headers.get("vary"), "Origin");
    for (
      const field of [
        "Origin: https://attacker.example",
        "Sec-Fetch-Site: cross-site",
      ]
    ) {
      const image = await send(request("GET /?id=b&lat=1&lon=2", "", field));
      assertEquals(image.status, 403);
      assertEquals(image.headers.has("access-control-allow-origin"), false);
      const other = await send(request("OPTIONS /report", "", field));
      assertEquals(other.status, 403);
    }
    assertEquals(replica.accepted.map(({ client }) => client), ["a"]);
  },
});

Deno.test({
  name:
    "what is not taken is counted by its reason, and the newest is an example",
  permissions: "none",
  async fn() {
    const { connect, gateways } = await openGateway("HTTP");
    const client = connect();
    const card = '{"_type":"card","password":"hidden-one"}';
    const answers = await answersTo(
      client,
      request("POST /pub?u=mira&d=pixel&token=hidden-two", card) +
        request("POST /report", "[]") + request("GET /?lat=1&lon=2"),
    );
    assertEquals(answers.slice(0, 2), [
      "200 []",
      '200 {"taken":0,"ignored":1,"reasons":[{"index":0,"reason":"empty"}]}',
    ]);
    const { example, reasons } = gateways.status();
    assertEquals(reasons, { "no-position": 1, "empty": 1, "no-id": 1 });
    assertEquals(example!.reason, "no-id");
    assertEquals(example!.text, "/?lat=1&lon=2");
    await answersTo(client, request("POST /pub?u=mira&token=hidden-two", card));
    const { text } = gateways.status().example!;
    assert(text.startsWith("/pub?u=mira&token=[redacted] {"), text);
    assert(!text.includes("hidden"), text);
  },
});

Deno.test({
  name: "a stopping server answers what it has received, and ends",
  permissions: "none",
  async fn() {
    const { clock, connect, events, listener, replica } = await openGateway(
      "HTTP",
    );
    const flushed = Promise.withResolvers<void>();
    const [busy, idle, partial] = [connect(), connect(), connect()];
    // A long request before makes room for several in one read.
    await answersTo(busy, report("long", `X: ${"a".repeat(300)}`));
    replica.flushed = flushed.promise;
    const short = (id: string) => request(`GET /?id=${id}&lat=1&lon=2`);
    busy.sendText(short("a") + short("b") + short("c"));
    partial.sendText("POST /report HTTP/1.1\r\n");
    await drainMicrotasks();
    const stopping = listener.stop();
    busy.sendText(short("d"));
    await drainMicrotasks();
    flushed.resolve();
    await drainMicrotasks();
    const answers = readAnswers(busy.takeAll());
    assertEquals(answers.map(summary), ["200 ", "200 ", "200 "]);
    assertEquals(answers.at(-1)!.headers.get("connection"), "close");
    assertEquals(idle.takeAll() + partial.takeAll(), "");
    await clock.advance(5 * seconds);
    await stopping;
    assertEquals(
      replica.accepted.map(({ client }) => client),
      ["long", "a", "b", "c"],
    );
    const ends = events.filter((event) => event.includes(" closed "));
    assertEquals(ends.sort(), [
      "http/1 closed stopping",
      "http/2 closed stopping",
      "http/3 closed stopping",
    ]);
  },
});

Deno.test({
  name: "a client that reads no answer is disconnected",
  permissions: "none",
  async fn() {
    const { clock, connect, counts, events } = await openGateway("HTTP");
    const client = connect();
    client.other.freeze();
    client.sendText(report("a"));
    await clock.advance(40 * seconds);
    assert(client.other.isClosed);
    assertMatch(events.at(-1)!, /^http\/1 closed slow consumer /);
    assertEquals([...counts.hits], [["slow-consumer-seconds", 1]]);
  },
});
