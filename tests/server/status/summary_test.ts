import { maxSummaryBytes } from "../../../replica/summaries.ts";
import { pageColumns } from "../../../server/status/page_fields.ts";
import { valueAt } from "../../../server/status/values.js";
import { formatSummary, parseSummary } from "../../../server/status/summary.ts";
import { assert, assertEquals } from "../../assert.ts";
import { fakeStatus } from "../../fakes/herd_status.ts";
import { serverFacts } from "../../fakes/observed_server.ts";

const [smith] = fakeStatus({ seen: ["Smith"], down: ["Smith Campbell"] })
  .servers;

Deno.test({
  name: "a summary has what another server's page shows, on one ASCII line",
  permissions: "none",
  fn() {
    const text = formatSummary({ ...smith, notReady: "no link\n\u{1f404}" });
    assert(/^[\x20-\x7e]+$/.test(text), text);
    const summary = parseSummary("Smith", text)!;
    assertEquals(summary.notReady, "no link\n\u{1f404}");
    assertEquals(summary.links.length, 3);
    assertEquals(summary.links[0].neighbour, "Campbell");
    assertEquals(summary.links[0].lastFailure, "connection refused");
    for (const { path } of pageColumns.servers) {
      assert(valueAt(summary, path) !== undefined, path.join("."));
    }
    assertEquals(valueAt(summary, ["log", "path"]), undefined);
  },
});

Deno.test({
  name:
    "a summary is never longer than its limit, and keeps links that are down",
  permissions: "none",
  fn() {
    const long = "\u{1f404}".repeat(5_000);
    const counts = Object.fromEntries(
      Array.from({ length: 99 }, (_, index) => [`count-${index}`, index]),
    );
    const links = Array.from({ length: 200 }, (_, index) => ({
      ...smith.links[0],
      neighbour: `server-${index}`,
      isUp: index !== 150,
    }));
    const facts = serverFacts("Smith", { limitHits: counts, links });
    const text = formatSummary(facts);
    assert(text.length <= maxSummaryBytes, `${text.length}`);
    const summary = parseSummary("Smith", text)!;
    assert(summary.links.length > 5);
    assertEquals(summary.links[0].neighbour, "server-150");
    assertEquals(Object.keys(summary.limitHits)[0], "count-98");
    const failing = serverFacts("Smith", {
      notReady: long,
      log: { fault: long },
      links: links.map((link) => ({ ...link, lastFailure: long })),
    });
    const shortened = formatSummary(failing);
    assert(shortened.length <= maxSummaryBytes, `${shortened.length}`);
    assert(parseSummary("Smith", shortened) !== undefined);
  },
});

Deno.test({
  name: "parseSummary() takes older and newer versions, and nothing else",
  permissions: "none",
  fn() {
    const parse = (value: unknown) =>
      parseSummary("Smith", JSON.stringify(value));
    const old = parse({ name: "Smith", clients: 5 })!;
    assertEquals([old.clients, old.links, old.notReady], [5, [], null]);
    const later = parse({ name: "Smith", colour: "red", log: { ink: 1 } })!;
    assertEquals(valueAt(later, ["colour"]), undefined);
    const long = "x".repeat(200);
    const many = Array.from({ length: 99 }, (_, index) => [`n${index}`, 1]);
    const wrong = [
      null,
      5,
      [],
      {},
      { name: "Hill" },
      { name: 5 },
      { name: "Smith", clients: "5" },
      { name: "Smith", notReady: 5 },
      { name: "Smith", notReady: long },
      { name: "Smith", log: null },
      { name: "Smith", log: [], links: {} },
      { name: "Smith", links: [null] },
      { name: "Smith", links: [{ neighbour: 5 }] },
      { name: "Smith", limitHits: { a: "b" } },
      { name: "Smith", limitHits: Object.fromEntries(many) },
      { name: "Smith", places: { requests: { [long]: 1 } } },
      { name: "Smith", extra: "x".repeat(maxSummaryBytes) },
    ];
    for (const value of wrong) {
      assertEquals(parse(value), undefined, JSON.stringify(value));
    }
    // JSON has no infinite numbers, but a number may be too large for a double.
    const infinite = [
      '{"name":"Smith","clients":1e999}',
      '{"name":"Smith","limitHits":{"a":-1e999}}',
    ];
    for (const text of ["", "x", "{", '{"name":"Smith"', ...infinite]) {
      assertEquals(parseSummary("Smith", text), undefined, text);
    }
    assertEquals(Object.hasOwn({}, "polluted"), false);
  },
});
