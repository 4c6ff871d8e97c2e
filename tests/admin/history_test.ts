import { answerHistory } from "../../admin/history.ts";
import { maxHistoryAnswers } from "../../admin/limits.ts";
import {
  maxPageBytes,
  maxPageRecords,
  pieceRecords,
} from "../../history/limits.ts";
import { escapeBytes } from "../../log/escape.ts";
import { textOfBytes } from "../../protocol/bytes.ts";
import { assert, assertEquals } from "../assert.ts";
import { historySite, MemoryHistory } from "../fakes/memory_history.ts";

/** A site, and how often a piece of an answer had to wait for its turn. */
function open(reader: MemoryHistory | undefined) {
  const turns = { count: 0 };
  const site = {
    ...historySite(reader),
    nextPiece: () => {
      turns.count += 1;
      return Promise.resolve();
    },
  };
  const get = (query: string) =>
    answerHistory(`http://127.0.0.1:8200/history.json${query}`, site);
  return { get, turns };
}

const records = Array.from(
  { length: 2_500 },
  (_, n) => `AT Hill +0.000000000 kiwi +1-2 ${1_000 + n}`,
);

Deno.test({
  name: "/history.json gives pages of a client's records",
  permissions: "none",
  async fn() {
    const { get, turns } = open(new MemoryHistory(records));
    const first = await get("?id=kiwi");
    assertEquals(first.status, 200);
    assertEquals(
      first.headers.get("content-type"),
      "application/json; charset=utf-8",
    );
    const page = await first.json();
    assertEquals(page.server, "Hill");
    assertEquals(page.client, "kiwi");
    assertEquals(page.records.length, maxPageRecords);
    assertEquals(page.records[0], {
      at: records[0],
      latitude: 1,
      longitude: -2,
      effective: 1_000,
    });
    // The rest of the loop has its turn between pieces.
    assert(turns.count >= maxPageRecords / pieceRecords, `${turns.count}`);
    const found: string[] = [];
    let cursor = "";
    do {
      const { next, records }: {
        next: string | null;
        records: { at: string }[];
      } = await (await get(`?id=kiwi${cursor}`)).json();
      found.push(...records.map(({ at }) => at));
      cursor = next === null ? "" : `&cursor=${encodeURIComponent(next)}`;
    } while (cursor !== "");
    assertEquals(found, records);
  },
});

Deno.test({
  name: "/history.json gives one record for at=, and no cursor",
  permissions: "none",
  async fn() {
    const { get } = open(new MemoryHistory(records));
    const page = await (await get("?at=1500.5&id=kiwi")).json();
    assertEquals(page.records.map(({ at }: { at: string }) => at), [
      records[500],
    ]);
    assertEquals(page.next, null);
  },
});

Deno.test({
  name: "/history.json asks for a bounded number of records and bytes",
  permissions: "none",
  async fn() {
    const history = new MemoryHistory(records);
    const { get } = open(history);
    await (await get("?id=kiwi&limit=3")).text();
    await (await get("?id=kiwi")).text();
    assertEquals(
      history.queries.map(({ limit, maxBytes }) => [limit, maxBytes]),
      [
        [3, maxPageBytes],
        [maxPageRecords, maxPageBytes],
      ],
    );
  },
});

Deno.test({
  name: "/history.json escapes IDs as the log does",
  permissions: "none",
  async fn() {
    const id = '\x00\xff"\\';
    const record = `AT Hill +0.000000000 ${id} +1-2 5 tid=\xff`;
    const { get } = open(new MemoryHistory([record]));
    const shown = textOfBytes(escapeBytes(id));
    const page = await (await get(`?id=${encodeURIComponent(shown)}`)).json();
    assertEquals(page.client, shown);
    assertEquals(page.records[0].at, `AT Hill +0.000000000 ${shown} +1-2 5`);
    assertEquals(page.records[0].attributes, "tid=\\xff");
  },
});

Deno.test({
  name: "/history.json says what is wrong",
  permissions: "none",
  async fn() {
    const history = new MemoryHistory(records);
    const { get } = open(history);
    for (
      const [query, status, text] of [
        ["", 400, "expected id=ID with an ID as the log writes it"],
        ["?id=a%20b", 400, "expected id=ID with an ID as the log writes it"],
        ["?id=a%5Cq", 400, "expected id=ID with an ID as the log writes it"],
        ["?id=kiwi&at=soon", 400, "at: expected now, "],
        [
          "?id=kiwi&cursor=x",
          400,
          "cursor: expected the value of next in the page before",
        ],
      ] as const
    ) {
      const response = await get(query);
      assertEquals(response.status, status, query);
      const body = await response.text();
      assert(body.startsWith(text), body);
    }
    history.fault = "the disk is away";
    const broken = await get("?id=kiwi");
    assertEquals(broken.status, 503);
    assertEquals(
      await broken.text(),
      "the history cannot be read now: the disk is away\n",
    );
    const none = await open(undefined).get("?id=kiwi");
    assertEquals(none.status, 404);
    assertEquals(
      await none.text(),
      "the server records no history; --history DAYS does\n",
    );
  },
});

Deno.test({
  name: "/history.json is refused while too many answers are under way",
  permissions: "none",
  async fn() {
    const { get } = open(new MemoryHistory(records));
    const opened = await Promise.all(
      Array.from({ length: maxHistoryAnswers }, () => get("?id=kiwi")),
    );
    assertEquals((await get("?id=kiwi")).status, 503);
    // One is read to its end, another one is given up.
    await opened[0].text();
    await opened[1].body!.cancel();
    for (const expected of [200, 200, 503]) {
      const response = await get("?id=kiwi");
      assertEquals(response.status, expected);
      if (expected === 200) opened.push(response);
    }
    await Promise.all(opened.slice(2).map(({ body }) => body!.cancel()));
    assertEquals((await get("?at=5&id=kiwi")).status, 200);
  },
});
