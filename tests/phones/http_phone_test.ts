import { DisconnectedError, InvalidCommandError } from "../../client/types.ts";
import { HttpClient } from "../../phones/http_client.ts";
import { type HttpApp, HttpPhone } from "../../phones/http_phone.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { drainMicrotasks } from "../fakes/manual_clock.ts";
import { PipeEnd } from "../fakes/pipe.ts";

/** A phone, and the server's end of its connection. */
function open(app: HttpApp) {
  const [transport, server] = PipeEnd.pair();
  return { phone: new HttpPhone(new HttpClient(transport), app), server };
}

const answer = (status: number, body: string) =>
  `HTTP/1.1 ${status} OK\r\ncontent-type: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

const line = "AT Hill +0.500000000 rome-1 +1.500000-2.500000 9.25";

const report = {
  client: "rome-1",
  position: "+1.500000-2.500000",
  time: "9.25",
};

const query = { client: "rome-1", radiusKm: 1.5, bound: 3 };

const places = '{\n   "results" : [],\n   "status" : "ZERO_RESULTS"\n}\n';

Deno.test({
  name:
    "a phone reports with the digits of its report, and asks for the AT line",
  permissions: "none",
  async fn() {
    for (
      const [app, request, taken] of [
        [
          "http",
          "POST /report HTTP/1.1\r\nHost: localhost\r\n" +
          "Content-Type: application/json\r\nContent-Length: 57\r\n\r\n" +
          '{"id":"rome-1","lat":1.500000,"lon":-2.500000,"time":9.25}',
          '{"taken":1,"ignored":0}',
        ],
        [
          "owntracks",
          "POST /pub?u=rome-1 HTTP/1.1\r\nHost: localhost\r\n" +
          "Content-Type: application/json\r\nContent-Length: 75\r\n\r\n" +
          '{"_type":"location","lat":1.500000,"lon":-2.500000,"tst":9.25,"tid":"ph"}',
          "[]",
        ],
      ] as const
    ) {
      const { phone, server } = open(app);
      const at = phone.report(report);
      await drainMicrotasks();
      const sent = server.takeAll();
      const body = request.slice(request.indexOf("{"));
      assertEquals(
        sent,
        request.replace(/Length: \d+/, `Length: ${body.length}`) +
          "GET /position/rome-1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
      );
      server.sendText(answer(200, taken) + answer(200, `${line}\n`));
      assertEquals(await at, {
        line,
        server: "Hill",
        clockDifference: "+0.500000000",
        client: "rome-1",
        position: "+1.500000-2.500000",
        time: "9.25",
      });
    }
  },
});

Deno.test({
  name: "answers come in order, wherever they are split",
  permissions: "none",
  async fn() {
    const answers = answer(200, `${line}\n${places}\n`) +
      answer(404, "No report about this client is known.\n") +
      answer(200, '{"taken":1,"ignored":0}') + answer(200, `${line}\n`);
    for (let at = 0; at <= answers.length; at++) {
      const { phone, server } = open("http");
      const known = phone.nearby(query);
      const unknown = phone.nearby(query).catch((error) => error);
      const reported = phone.report(report);
      await drainMicrotasks();
      assertEquals(
        server.takeAll().split("\r\n")[0],
        "GET /nearby/rome-1?radius=1.5&bound=3 HTTP/1.1",
      );
      server.sendText(answers.slice(0, at));
      await drainMicrotasks();
      server.sendText(answers.slice(at));
      const { at: { line: found }, results, status } = await known;
      assertEquals([found, results, status], [line, [], "ZERO_RESULTS"]);
      const error = await unknown;
      assert(error instanceof InvalidCommandError);
      assert(error.message.endsWith("? WHATSAT rome-1 1.5 3"), error.message);
      assertEquals((await reported).line, line);
    }
  },
});

Deno.test({
  name: "an answer that does not mean that the report was taken is a fault",
  permissions: "none",
  async fn() {
    for (
      const [app, first, second, message] of [
        [
          "http",
          answer(200, '{"taken":0,"ignored":1}'),
          answer(200, line),
          'expected {"taken":1,"ignored":0}, found 200 {"taken":0,"ignored":1}',
        ],
        [
          "owntracks",
          answer(200, ""),
          answer(200, line),
          "expected [], found 200 ",
        ],
        [
          "owntracks",
          answer(400, "no\n"),
          answer(200, line),
          "expected [], found 400 no",
        ],
        [
          "http",
          answer(200, '{"taken":1,"ignored":0}'),
          answer(404, "No\n"),
          "expected an AT line, found 404 No",
        ],
      ] as const
    ) {
      const { phone, server } = open(app);
      const at = phone.report(report);
      server.sendText(first + second);
      const error = await assertRejects(() => at, InvalidCommandError);
      assertEquals(error.message, message);
    }
  },
});

Deno.test({
  name: "requests without an answer are rejected when the connection ends",
  permissions: "none",
  async fn() {
    for (const end of ["", answer(200, "[]"), "nonsense\r\n\r\n"]) {
      const { phone, server } = open("owntracks");
      const at = phone.report(report);
      const nearby = phone.nearby(query);
      server.sendText(end);
      await server.closeWrite();
      await assertRejects(() => at, DisconnectedError);
      await assertRejects(() => nearby, DisconnectedError);
      await assertRejects(() => phone.nearby(query), DisconnectedError);
    }
    const { phone, server } = open("http");
    const at = phone.report(report);
    phone.abort();
    await assertRejects(() => at, DisconnectedError);
    assert(server.other.isClosed);
  },
});

Deno.test({
  name: "a connection that is closed gets its last answers first",
  permissions: "none",
  async fn() {
    const { phone, server } = open("http");
    const nearby = phone.nearby(query);
    const closed = phone.close();
    await drainMicrotasks();
    assertEquals(server.other.isClosed, false);
    server.sendText(answer(200, `${line}\n${places}\n`));
    assertEquals((await nearby).at.line, line);
    await server.closeWrite();
    await closed;
    assert(server.other.isClosed);
  },
});
