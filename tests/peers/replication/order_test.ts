import fc from "../../fast_check.ts";
import { isNewer } from "../../../protocol/order.ts";
import { parseReport } from "../../../protocol/report.ts";
import { assertEquals } from "../../assert.ts";
import { openRouter } from "../../fakes/memory_herd.ts";
import { assertProperty } from "../../property.ts";
import { anyReportLine } from "../../protocol/arbitraries.ts";
import { takeLines } from "./take_lines.ts";

Deno.test({
  name: "every server keeps the same report, in whatever order reports arrive",
  permissions: "none",
  fn() {
    const lines = fc.uniqueArray(anyReportLine, { minLength: 1, maxLength: 8 });
    const orders = lines.chain((lines) =>
      fc.tuple(
        fc.constant(lines),
        fc.shuffledSubarray(lines, { minLength: lines.length }),
      )
    );
    assertProperty(
      fc.property(orders, (orders) => {
        const stored = orders.map((lines) => {
          const router = openRouter();
          const outbox = router.link("Jaquez");
          for (const line of lines) {
            router.accept(parseReport(line, () => true)!, "Smith");
          }
          const forwarded = takeLines(outbox)
            .filter((line) => line.startsWith("AT "));
          assertEquals(forwarded.at(-1), router.newest("kiwi"));
          return router.newest("kiwi");
        });
        const newest = orders[0].reduce((newest, line) =>
          isNewer(line, newest) ? line : newest
        );
        assertEquals(stored, [newest, newest]);
      }),
    );
  },
});
