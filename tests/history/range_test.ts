import { maxCursorBytes, maxPageRecords } from "../../history/limits.ts";
import { readUrlQuery } from "../../history/range.ts";
import { assert, assertEquals } from "../assert.ts";

const now = { seconds: 1_796_146_205, nanoseconds: 0 };

function read(query: string) {
  return readUrlQuery(query, now);
}

/** The fault of a query. */
function faultOf(query: string): string {
  const read = readUrlQuery(query, now);
  assert("fault" in read, query);
  return read.fault;
}

Deno.test({
  name: "readUrlQuery() reads a time or a range, and the ID anywhere",
  permissions: "none",
  fn() {
    const limit = maxPageRecords;
    assertEquals(read("id=kiwi"), { id: "kiwi", range: { limit } });
    assertEquals(read(""), { id: undefined, range: { limit } });
    assertEquals(read("at=1520023934.5&id=a%26b+c%25"), {
      id: "a&b+c%",
      range: {
        to: { seconds: 1_520_023_934, nanoseconds: 500_000_000 },
        isNewestFirst: true,
        limit: 1,
      },
    });
    const from = { seconds: 1_796_083_200, nanoseconds: 0 };
    const to = { seconds: now.seconds - 7_200, nanoseconds: 0 };
    for (
      const times of [
        "from=today&to=2+hours+ago",
        "from=2026-12-01T00:00:00Z&to=2%20hours%20ago",
        "from=2026-12-01T02:00:00+02:00&to=2026-12-01T15:30:05Z",
      ]
    ) {
      assertEquals(read(`id=kiwi&${times}&limit=7&cursor=a%2Bb`), {
        id: "kiwi",
        range: { from, to, limit: 7, cursor: "a+b" },
      });
    }
  },
});

Deno.test({
  name: "readUrlQuery() says which parameter is wrong",
  permissions: "none",
  fn() {
    assertEquals(
      faultOf("id=a&b"),
      "expected id=ID, at=TIME, or from=TIME, to=TIME, limit=N and cursor=C, found b",
    );
    assertEquals(faultOf("id=a&id=b"), "id is given twice");
    assertEquals(faultOf("id=%ff"), "id is not UTF-8");
    assert(faultOf("at=soon").startsWith("at: expected now, "));
    assert(faultOf("from=soon").startsWith("from: "));
    for (const also of ["from=1", "to=1", "limit=1", "cursor=x"]) {
      assert(faultOf(`at=1&${also}`).startsWith("at gives one position"));
    }
    for (const limit of ["0", "-1", "1.5", "", `${maxPageRecords + 1}`]) {
      assertEquals(
        faultOf(`limit=${limit}`),
        `limit: expected a whole number from 1 to ${maxPageRecords}, found ${limit}`,
      );
    }
    for (const cursor of ["", "x".repeat(maxCursorBytes + 1)]) {
      assertEquals(
        faultOf(`cursor=${cursor}`),
        "cursor: expected the value of next in the page before",
      );
    }
  },
});
