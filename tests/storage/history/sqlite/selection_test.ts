import { RecordSelection } from "../../../../storage/history/sqlite/selection.ts";
import { encodeBytes } from "../../../../protocol/bytes.ts";
import { assertEquals } from "../../../assert.ts";
import { at, inOrder, reportAt } from "../records.ts";

Deno.test("a forged cursor holds no more records than its page needs", () => {
  const zero = "0.000000000";
  const selection = new RecordSelection({
    limit: 1,
    maxBytes: 1_000,
    cursor: [zero, zero, zero, 99_999].join("_"),
  });
  const records = Array.from(
    { length: 200 },
    (_, second) => reportAt("kiwi", second).record,
  );
  selection.add(encodeBytes(records.join("\n")), 0, records.length);
  // Nothing after this time is read or held.
  assertEquals(selection.boundary, at(1));
  assertEquals(selection.page.records, records.slice(0, 1));
});

Deno.test("records with equal times are given once, page by page", () => {
  const records = Array.from(
    { length: 300 },
    (_, number) => reportAt("kiwi", 5, at(5), `accuracy=${number}`).record,
  );
  const lines = encodeBytes(
    [...records, reportAt("kiwi", 6).record].toReversed().join("\n"),
  );
  const given: string[] = [];
  let cursor: string | undefined;
  do {
    const selection = new RecordSelection({ limit: 7, maxBytes: 1e6, cursor });
    selection.add(lines, 0, Infinity);
    given.push(...selection.page.records);
    cursor = selection.page.next;
  } while (cursor !== undefined);
  assertEquals(given, inOrder([...records, reportAt("kiwi", 6).record]));
});
