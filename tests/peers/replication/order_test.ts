import fc from "../../fast_check.ts";
import { isNewer } from "../../../protocol/order.ts";
import { parseReport } from "../../../protocol/report.ts";
import { assertEquals } from "../../assert.ts";
import { openRouter } from "../../fakes/memory_herd.ts";
import { assertProperty } from "../../property.ts";
import { anyRecord } from "../../protocol/arbitraries.ts";
import { takeLines } from "./take_lines.ts";

Deno.test({
  name: "every server keeps the same report, in whatever order reports arrive",
  permissions: "none",
  fn() {
    const records = fc.uniqueArray(anyRecord, { minLength: 1, maxLength: 8 });
    const orders = records.chain((records) =>
      fc.tuple(
        fc.constant(records),
        fc.shuffledSubarray(records, { minLength: records.length }),
      )
    );
    assertProperty(
      fc.property(orders, (orders) => {
        const stored = orders.map((records) => {
          const router = openRouter();
          const outbox = router.link("Jaquez");
          for (const record of records) {
            router.accept(parseReport(record, () => true)!, "Smith");
          }
          const forwarded = takeLines(outbox)
            .filter((line) => line.startsWith("AT "));
          assertEquals(forwarded.at(-1), router.newestRecord("kiwi"));
          return router.newestRecord("kiwi");
        });
        const newest = orders[0].reduce((newest, record) =>
          isNewer(record, newest) ? record : newest
        );
        assertEquals(stored, [newest, newest]);
      }),
    );
  },
});
