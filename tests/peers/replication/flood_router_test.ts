import fc from "../../fast_check.ts";
import { ReportTable } from "../../../peers/store/report_table.ts";
import { parseReport } from "../../../protocol/report.ts";
import { assertEquals } from "../../assert.ts";
import { assertProperty } from "../../property.ts";
import { openRouter } from "../../fakes/memory_herd.ts";
import { linkUp } from "../links/link_up.ts";
import { reportOf } from "../reports.ts";
import { takeAllLines, takeLines } from "./take_lines.ts";

const admitAll = () => undefined;

Deno.test({
  name:
    "ReportTable keeps each client's newest report, in any order of arrival",
  permissions: "none",
  fn() {
    const arrivals = fc.array(
      fc.tuple(fc.constantFrom("kiwi", "pear"), fc.nat(20), fc.nat(3)),
    );
    assertProperty(
      fc.property(arrivals, fc.infiniteStream(fc.nat()), (arrivals, chance) => {
        const reports = arrivals.map(([client, time, server]) =>
          reportOf(client, time, `Server${server}`)
        );
        const shuffled = reports
          .map((report) => ({ report, rank: chance.next().value! }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ report }) => report);
        const [one, other] = [new ReportTable(), new ReportTable()];
        for (const report of reports) one.put(report, undefined, admitAll);
        for (const report of shuffled) other.put(report, undefined, admitAll);
        assertEquals(one.get("kiwi"), other.get("kiwi"));
        assertEquals(one.get("pear"), other.get("pear"));
        assertEquals(one.size, other.size);
        assertEquals([...one.records()].length, one.size);
      }),
    );
  },
});

Deno.test({
  name:
    "FloodRouter forwards new reports to all linked neighbours but the sender",
  permissions: "none",
  fn() {
    const router = openRouter({ catchUp: false });
    const outboxes = new Map(
      ["Jaquez", "Smith"].map((name) => [name, linkUp(router, name)]),
    );
    const fromClient = reportOf("kiwi", 1);
    assertEquals(router.accept(fromClient), "newer");
    assertEquals(takeLines(outboxes.get("Jaquez")!), [fromClient.line]);
    assertEquals(takeLines(outboxes.get("Smith")!), [fromClient.line]);
    const fromSmith = reportOf("kiwi", 2, "Campbell");
    assertEquals(router.accept(fromSmith, "Smith"), "newer");
    assertEquals(takeLines(outboxes.get("Jaquez")!), [fromSmith.line]);
    assertEquals(takeLines(outboxes.get("Smith")!), []);
    assertEquals(router.newest("kiwi"), fromSmith.line);
  },
});

Deno.test({
  name: "FloodRouter does not forward reports that are not newer",
  permissions: "none",
  fn() {
    const router = openRouter({ catchUp: false });
    const outbox = linkUp(router, "Smith");
    router.accept(reportOf("kiwi", 5));
    takeLines(outbox);
    assertEquals(router.accept(reportOf("kiwi", 5)), "known");
    assertEquals(router.accept(reportOf("kiwi", 4), "Jaquez"), "known");
    assertEquals(takeLines(outbox), []);
    assertEquals(router.newest("kiwi"), reportOf("kiwi", 5).line);
    assertEquals(router.clients, 1);
  },
});

Deno.test({
  name: "acceptOwn() stores and floods no report that its client sends again",
  permissions: "none",
  fn() {
    const router = openRouter({ catchUp: false });
    const outbox = linkUp(router, "Smith");
    const parse = (line: string) => parseReport(line, () => true)!;
    const stored = "AT Smith +1.000000000 kiwi +1+1 7";
    router.accept(parse(stored), "Jaquez");
    assertEquals(takeLines(outbox), [stored]);
    // Whichever was heard later, and by whatever server.
    for (const again of ["AT Hill +2.000000000", "AT Hill +0.500000000"]) {
      const report = parse(`${again} kiwi +1+1 7`);
      assertEquals(router.acceptOwn(report), "repeated");
    }
    assertEquals(router.newest("kiwi"), stored);
    assertEquals(takeLines(outbox), []);
    // A neighbour's report is ordered as everywhere, whatever it repeats.
    const later = "AT Campbell +3.000000000 kiwi +1+1 7";
    assertEquals(router.accept(parse(later), "Jaquez"), "newer");
    assertEquals(takeLines(outbox), [later]);
    const moved = "AT Hill +4.000000000 kiwi +1+2 7";
    assertEquals(router.acceptOwn(parse(moved)), "newer");
    assertEquals(takeLines(outbox), [moved]);
    // It is no more than that one report.
    assertEquals(router.acceptOwn(parse(later)), "known");
    assertEquals(router.counts, {
      newer: 3,
      known: 1,
      repeated: 2,
      ahead: 0,
      forgotten: 0,
      deleted: 0,
      apart: 0,
      share: 0,
    });
  },
});

Deno.test({
  name: "FloodRouter does not send a neighbour a report that it has sent",
  permissions: "none",
  fn() {
    const router = openRouter();
    const outbox = linkUp(router, "Smith");
    for (const client of ["kiwi", "pear", "plum"]) {
      router.accept(reportOf(client, 5));
    }
    router.accept(reportOf("pear", 5), "Smith");
    router.accept(reportOf("plum", 4), "Smith");
    assertEquals(
      takeLines(outbox),
      [reportOf("kiwi", 5).line, reportOf("plum", 5).line],
    );
  },
});

Deno.test({
  name: "FloodRouter removes from a backlog reports that the neighbour sends",
  permissions: "none",
  fn() {
    const router = openRouter({ catchUp: false });
    const outbox = linkUp(router, "Smith");
    const fallBehind = () => {
      for (let client = 0; outbox.backlog === 0; client++) {
        router.accept(reportOf(`other-${client}`, router.clients));
      }
    };
    const take = () =>
      takeAllLines(outbox).filter((line) => !line.includes("other"));
    fallBehind();
    router.accept(reportOf("kiwi", 5));
    router.accept(reportOf("pear", 5));
    router.accept(reportOf("kiwi", 5), "Smith");
    router.accept(reportOf("pear", 4), "Smith");
    assertEquals(take(), [reportOf("pear", 5).line]);
    fallBehind();
    router.accept(reportOf("kiwi", 6));
    router.accept(reportOf("kiwi", 7), "Smith");
    assertEquals(take(), []);
  },
});

Deno.test({
  name: "FloodRouter keeps no reports for a neighbour that is not linked",
  permissions: "none",
  fn() {
    const router = openRouter({ catchUp: false });
    const outbox = linkUp(router, "Smith");
    router.unlink("Smith");
    router.accept(reportOf("kiwi", 2));
    assertEquals(takeLines(outbox), []);
    assertEquals(takeLines(router.link("Smith")), [
      "SEEN 0 0",
      `TREE ${router.treeKey}`,
    ]);
  },
});
