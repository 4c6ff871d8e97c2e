import { maxPageBytes, maxPageRecords } from "../../../history/limits.ts";
import { maxHistoryReads } from "../../../replica/history.ts";
import { assertEquals, assertMatch } from "../../assert.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import { MemoryHistory } from "../../fakes/memory_history.ts";
import { makeToken } from "../../identity/make_token.ts";
import { tokens } from "../identities_with.ts";
import { type GatewayChoices, openGateway } from "../open_gateway.ts";
import { type ReadAnswer, readAnswers, summary } from "./answers.ts";

const seconds = 1_800_000_000;

const record = (client: string, time: number, attributes = "") =>
  `AT Hill +0.000000000 ${client} +1-2 ${time}${attributes}`;

/** A gateway, and a function that asks it for a path. */
async function open(chosen: GatewayChoices) {
  const gateway = await openGateway("HTTP", { seconds, ...chosen });
  const client = gateway.connect(chosen.tokens ? "192.0.2.1" : undefined);
  const get = async (
    path: string,
    token?: string,
    method = "GET",
  ): Promise<ReadAnswer> => {
    const fields = token === undefined
      ? ""
      : `Authorization: Bearer ${token}\r\n`;
    client.sendText(
      `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`,
    );
    await drainMicrotasks();
    const [answer] = readAnswers(
      client.takeAll(),
      method === "HEAD" ? [0] : [],
    );
    return answer;
  };
  return { ...gateway, get };
}

Deno.test({
  name: "GET /history/ID gives what the server has recorded, page by page",
  permissions: "none",
  async fn() {
    const history = new MemoryHistory([
      record("old%20phone", 1, " accuracy=4"),
      record("old%20phone", 2),
      record("old%20phone", 3),
      record("pear", 1),
    ]);
    const { get, traffic } = await open({ history });
    const all = await get("/history/old%20phone");
    assertEquals(all.headers.get("content-type"), "application/json");
    assertEquals(all.headers.get("cache-control"), "no-store");
    assertEquals(
      summary(all),
      '200 {"server":"Hill","client":"old%20phone","records":[\n' +
        '{"at":"AT Hill +0.000000000 old%20phone +1-2 1","latitude":1,"longitude":-2,"effective":1.000000000,"attributes":"accuracy=4"},\n' +
        '{"at":"AT Hill +0.000000000 old%20phone +1-2 2","latitude":1,"longitude":-2,"effective":2.000000000},\n' +
        '{"at":"AT Hill +0.000000000 old%20phone +1-2 3","latitude":1,"longitude":-2,"effective":3.000000000}\n' +
        '],"next":null}\n',
    );
    const first = JSON.parse((await get("/history/pear?limit=1")).body);
    assertEquals(first.records.length, 1);
    const { body } = await get("/history/old%20phone?from=2&limit=1");
    const { next, records } = JSON.parse(body);
    assertEquals(records[0].at, record("old%20phone", 2));
    const rest = JSON.parse(
      (await get(`/history/old%20phone?from=2&cursor=${next}`)).body,
    );
    assertEquals(rest.records[0].at, record("old%20phone", 3));
    assertEquals(rest.next, null);
    const at = JSON.parse((await get("/history/old%20phone?at=2.5")).body);
    assertEquals(at.records[0].at, record("old%20phone", 2));
    assertEquals(history.queries.at(-1)!.maxBytes, maxPageBytes);
    assertEquals(history.queries[0].limit, maxPageRecords);
    // The log has no copy of the answer.
    const [logged] = traffic.lines.filter((line) => line.includes("records"));
    assertMatch(logged, /^> 200 3 records, \d+ bytes$/);
    const none = JSON.parse((await get("/history/nobody")).body);
    assertEquals([none.client, none.records], ["nobody", []]);
  },
});

Deno.test({
  name: "GET /history/ID says what is wrong",
  permissions: "none",
  async fn() {
    const history = new MemoryHistory([]);
    const { get } = await open({ history });
    for (
      const [path, answer] of [
        ["/history/a?at=soon", /^400 at: expected now, /],
        ["/history/a?id=b", /^400 The path has the ID/],
        ["/history/a?format=xml", /^400 expected .*found format\.\n/],
        ["/history/a?cursor=x", /^400 cursor: expected the value of next/],
      ] as const
    ) {
      assertMatch(summary(await get(path)), answer);
    }
    assertMatch(summary(await get("/history/a", undefined, "PUT")), /^405 /);
    assertEquals((await get("/history/a", undefined, "HEAD")).status, 200);
    history.fault = "a path of this machine";
    assertEquals(
      summary(await get("/history/a")),
      "503 The history cannot be read now.\n",
    );
    const without = await open({});
    assertEquals(
      summary(await without.get("/history/a")),
      "404 This server records no history.\n",
    );
  },
});

Deno.test({
  name: "GET /history/ID is permitted by sees, and not with last",
  permissions: "none",
  async fn() {
    const history = new MemoryHistory([record("fam/a", 1), record("oskar", 1)]);
    const { get, refusals } = await open({ history, tokens: tokens() });
    const all = makeToken({ sees: ["fam/*"] });
    const last = makeToken({ sees: ["fam/*"], last: true });
    assertMatch(summary(await get("/history/fam/a")), /^401 /);
    assertMatch(summary(await get("/history/fam/a", all)), /^200 /);
    assertMatch(summary(await get("/history/oskar", all)), /^403 /);
    assertMatch(
      summary(await get("/history/fam/a", last)),
      /^403 The token permits the newest position only\./,
    );
    assertMatch(summary(await get(`/t/${all}/history/fam/a`)), /^403 /);
    assertEquals(history.queries.map(({ client }) => client), ["fam/a"]);
    assertEquals(refusals.counts.get("query"), 2);
  },
});

Deno.test({
  name: "histories that hang are few, and no query for places waits for them",
  permissions: "none",
  async fn() {
    let reads = 0;
    const history = {
      read() {
        reads += 1;
        return new Promise<never>(() => {});
      },
    };
    const { backend, connect, get } = await open({
      history,
      limits: { maxQueriesInTotal: 1 },
    });
    for (let count = 0; count < maxHistoryReads + 2; count++) {
      connect().sendText(
        "GET /history/kiwi HTTP/1.1\r\nHost: localhost\r\n\r\n",
      );
    }
    await drainMicrotasks();
    assertEquals(reads, maxHistoryReads);
    const report = "/?id=kiwi&lat=1&lon=2&timestamp=1800000000";
    assertEquals((await get(report, undefined, "POST")).status, 200);
    assertEquals(await get("/nearby/kiwi"), undefined);
    assertEquals(backend.queries.length, 1);
  },
});
