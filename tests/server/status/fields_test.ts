import { pageFiles } from "../../../admin/page.ts";
import { verbs } from "../../../protocol/command.ts";
import { pageColumns, pagePlots } from "../../../server/status/page_fields.ts";
import { walk } from "../../../server/status/field.ts";
import { serverStatus } from "../../../server/status/fields.ts";
import { valueAt } from "../../../server/status/values.js";
import { assert, assertEquals } from "../../assert.ts";

const fields = walk(serverStatus);

Deno.test("no two metrics, columns or plots have the same name", () => {
  const names = fields.flatMap(({ field: { items, metric } }) => [
    metric?.name,
    ...Object.values(items?.fields ?? {}).map(({ metric }) => metric?.name),
  ]);
  for (
    const all of [
      names.filter((name) => name !== undefined),
      fields.flatMap(({ field }) => field.column?.title ?? []),
      pageColumns.servers.map(({ title }) => title),
      pageColumns.gateways.map(({ title }) => title),
      pagePlots.map(({ title }) => title),
    ]
  ) {
    assert(all.length > 1);
    assertEquals([...new Set(all)], all);
  }
});

Deno.test("every verb has a metric, a column and a place on the dashboard", () => {
  const counted = fields.filter(({ path }) => path[0] === "lines");
  for (const verb of verbs) {
    const found = counted.find(({ path }) => path[1] === verb.toLowerCase());
    const { column, metric, page } = found!.field;
    assertEquals(metric!.name, `herd_${column!.title}_total`);
    assert(metric!.help.endsWith(`(${verb})`));
    assertEquals(page!.title, verb);
  }
});

Deno.test("the dashboard's columns are in order, and have values", () => {
  // Other columns may be between them.
  const known = [
    "Clients",
    "Connections",
    "IAMAT",
    "WHATSAT",
    "Invalid",
    "Links",
    "Log",
    "Places",
    "Limit hits",
    "Up for",
  ];
  assertEquals(
    pageColumns.servers.map(({ title }) => title)
      .filter((title) => known.includes(title)),
    known,
  );
  assertEquals(
    pageColumns.gateways.map(({ path }) => path.join(".")),
    ["ports", "reports", "reasons", "example"].map((name) =>
      `gateways.${name}`
    ),
  );
  const { gateways, servers } = pageColumns;
  for (const { path } of [...servers, ...gateways, ...pagePlots]) {
    assert(valueAt(serverStatus.initial, path) !== undefined, path.join("."));
  }
  assertEquals(valueAt({}, ["connections", "open"]), undefined);
});

Deno.test("the dashboard serves the fields, and every module that the page imports", async () => {
  const { text } = pageFiles.get("/page/status_fields.js")!;
  const served = await import(
    `data:text/javascript,${encodeURIComponent(text)}`
  );
  assertEquals({ ...served }, { pageColumns, pagePlots });
  for (const [path, { text }] of pageFiles) {
    for (const [, imported] of text.matchAll(/\bfrom "([^"]+)"/g)) {
      const { pathname } = new URL(imported, `http://127.0.0.1${path}`);
      assert(pageFiles.has(pathname), `${path} imports ${imported}`);
    }
  }
});
