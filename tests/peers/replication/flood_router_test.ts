import fc from "../../fast_check.ts";
import { root } from "../../../peers/store/digest_tree.ts";
import { ReportTable } from "../../../peers/store/report_table.ts";
import { assertEquals } from "../../assert.ts";
import { assertProperty } from "../../property.ts";
import { openHerd } from "../../fakes/memory_herd.ts";
import { reportOf } from "../reports.ts";
import { takeAllLines, takeLines } from "./take_lines.ts";

const admitAll = () => undefined;

Deno.test({
  name: "Table keeps the newest report of each client, in any order of arrival",
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
        assertEquals([...one.linesBelow(root)].length, one.size);
      }),
    );
  },
});

Deno.test({
  name: "Herd floods news to all linked neighbours but the one it came from",
  permissions: "none",
  fn() {
    const replica = openHerd({ catchUp: false });
    const outboxes = new Map(
      ["Jaquez", "Smith"].map((name) => [name, replica.link(name)]),
    );
    const fromClient = reportOf("kiwi", 1);
    assertEquals(replica.accept(fromClient), "newer");
    assertEquals(takeLines(outboxes.get("Jaquez")!), [fromClient.line]);
    assertEquals(takeLines(outboxes.get("Smith")!), [fromClient.line]);
    const fromSmith = reportOf("kiwi", 2, "Campbell");
    assertEquals(replica.accept(fromSmith, "Smith"), "newer");
    assertEquals(takeLines(outboxes.get("Jaquez")!), [fromSmith.line]);
    assertEquals(takeLines(outboxes.get("Smith")!), []);
    assertEquals(replica.newest("kiwi"), fromSmith.line);
  },
});

Deno.test({
  name: "Herd lets what is known already go no further",
  permissions: "none",
  fn() {
    const replica = openHerd({ catchUp: false });
    const outbox = replica.link("Smith");
    replica.accept(reportOf("kiwi", 5));
    takeLines(outbox);
    assertEquals(replica.accept(reportOf("kiwi", 5)), "known");
    assertEquals(replica.accept(reportOf("kiwi", 4), "Jaquez"), "known");
    assertEquals(takeLines(outbox), []);
    assertEquals(replica.newest("kiwi"), reportOf("kiwi", 5).line);
    assertEquals(replica.clients, 1);
  },
});

Deno.test({
  name: "Herd does not tell a neighbour back what it has just told us",
  permissions: "none",
  fn() {
    const replica = openHerd();
    const outbox = replica.link("Smith");
    for (const client of ["kiwi", "pear", "plum"]) {
      replica.accept(reportOf(client, 5));
    }
    replica.accept(reportOf("pear", 5), "Smith");
    replica.accept(reportOf("plum", 4), "Smith");
    assertEquals(
      takeLines(outbox),
      [reportOf("kiwi", 5).line, reportOf("plum", 5).line],
    );
  },
});

Deno.test({
  name: "Herd does not tell a slow neighbour what it has told us meanwhile",
  permissions: "none",
  fn() {
    const replica = openHerd({ catchUp: false });
    const outbox = replica.link("Smith");
    const fallBehind = () => {
      for (let client = 0; outbox.backlog === 0; client++) {
        replica.accept(reportOf(`other-${client}`, replica.clients));
      }
    };
    const take = () =>
      takeAllLines(outbox).filter((line) => !line.includes("other"));
    fallBehind();
    replica.accept(reportOf("kiwi", 5));
    replica.accept(reportOf("pear", 5));
    replica.accept(reportOf("kiwi", 5), "Smith");
    replica.accept(reportOf("pear", 4), "Smith");
    assertEquals(take(), [reportOf("pear", 5).line]);
    fallBehind();
    replica.accept(reportOf("kiwi", 6));
    replica.accept(reportOf("kiwi", 7), "Smith");
    assertEquals(take(), []);
  },
});

Deno.test({
  name: "Herd keeps nothing for a neighbour that is not linked",
  permissions: "none",
  fn() {
    const replica = openHerd({ catchUp: false });
    const outbox = replica.link("Smith");
    replica.unlink("Smith");
    replica.accept(reportOf("kiwi", 2));
    assertEquals(takeLines(outbox), []);
    assertEquals(takeLines(replica.link("Smith")), []);
  },
});
