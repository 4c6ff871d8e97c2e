import fc from "fast-check";
import {
  catchUpWriteBytes,
  maxLineMarks,
  maxWriteBytes,
} from "../../peers/limits.ts";
import { root } from "../../peers/digests.ts";
import { Outbox } from "../../peers/outbox.ts";
import { Table } from "../../peers/table.ts";
import { assert, assertEquals } from "../assert.ts";
import { openHerd } from "../fakes/memory_herd.ts";
import { reportOf } from "./reports.ts";

Deno.test({
  name: "Table keeps the newest report of each client, in any order of arrival",
  permissions: "none",
  fn() {
    const arrivals = fc.array(
      fc.tuple(fc.constantFrom("kiwi", "pear"), fc.nat(20), fc.nat(3)),
    );
    fc.assert(
      fc.property(arrivals, fc.infiniteStream(fc.nat()), (arrivals, chance) => {
        const reports = arrivals.map(([client, time, server]) =>
          reportOf(client, time, `Server${server}`)
        );
        const shuffled = reports
          .map((report) => ({ report, rank: chance.next().value! }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ report }) => report);
        const [one, other] = [new Table(), new Table()];
        for (const report of reports) one.put(report);
        for (const report of shuffled) other.put(report);
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
    const herd = openHerd();
    const outboxes = new Map(
      ["Jaquez", "Smith"].map((name) => [name, herd.link(name)]),
    );
    const fromClient = reportOf("kiwi", 1);
    assertEquals(herd.accept(fromClient), "newer");
    assertEquals(outboxes.get("Jaquez")!.take(), [fromClient.line]);
    assertEquals(outboxes.get("Smith")!.take(), [fromClient.line]);
    const fromSmith = reportOf("kiwi", 2, "Campbell");
    assertEquals(herd.accept(fromSmith, "Smith"), "newer");
    assertEquals(outboxes.get("Jaquez")!.take(), [fromSmith.line]);
    assertEquals(outboxes.get("Smith")!.take(), []);
    assertEquals(herd.newest("kiwi"), fromSmith.line);
  },
});

Deno.test({
  name: "Herd lets what is known already go no further",
  permissions: "none",
  fn() {
    const herd = openHerd();
    const outbox = herd.link("Smith");
    herd.accept(reportOf("kiwi", 5));
    outbox.take();
    assertEquals(herd.accept(reportOf("kiwi", 5)), "known");
    assertEquals(herd.accept(reportOf("kiwi", 4), "Jaquez"), "known");
    assertEquals(outbox.take(), []);
    assertEquals(herd.newest("kiwi"), reportOf("kiwi", 5).line);
    assertEquals(herd.clients, 1);
  },
});

Deno.test({
  name: "Herd does not tell a neighbour what it has told us meanwhile",
  permissions: "none",
  fn() {
    const herd = openHerd();
    const outbox = herd.link("Smith");
    herd.accept(reportOf("kiwi", 5));
    herd.accept(reportOf("pear", 5));
    herd.accept(reportOf("kiwi", 5), "Smith");
    herd.accept(reportOf("pear", 4), "Smith");
    assertEquals(outbox.take(), [reportOf("pear", 5).line]);
    herd.accept(reportOf("kiwi", 6));
    herd.accept(reportOf("kiwi", 7), "Smith");
    assertEquals(outbox.take(), []);
  },
});

Deno.test({
  name: "Herd keeps nothing for a neighbour that is not linked",
  permissions: "none",
  fn() {
    const herd = openHerd();
    const outbox = herd.link("Smith");
    herd.unlink("Smith");
    herd.accept(reportOf("kiwi", 2));
    assertEquals(outbox.take(), []);
    assertEquals(herd.link("Smith").take(), []);
  },
});

Deno.test({
  name: "Outbox keeps one entry a client, the newest",
  permissions: "none",
  fn() {
    const outbox = new Outbox();
    for (let time = 0; time < 100; time++) {
      outbox.put("kiwi", reportOf("kiwi", time).line);
    }
    assertEquals(outbox.waiting, 1);
    assertEquals(outbox.take(), [reportOf("kiwi", 99).line]);
    assertEquals(outbox.waiting, 0);
  },
});

Deno.test({
  name: "Outbox takes within the limit, and live reports before a catch-up",
  permissions: "none",
  fn() {
    const line = "x".repeat(1_000);
    const past = Array.from({ length: 200 }, (_, index) => `past ${index}`);
    const lines = past.map((text) => text.padEnd(1_000)).values();
    const outbox = new Outbox({ next: () => lines.next().value });
    for (let client = 0; client < 400; client++) {
      outbox.put(String(client), line);
    }
    const first = outbox.take();
    assert(first.length * 1_001 <= maxWriteBytes + 1_001);
    const second = outbox.take();
    assertEquals(first.length + second.length, 400);
    const third = outbox.take();
    assertEquals(third[0].trimEnd(), "past 0");
    assert(third.length * 1_001 <= catchUpWriteBytes + 1_001);
    outbox.put("live", line);
    assertEquals(outbox.take(), [line]);
    let rest = third.length;
    for (let lines; (lines = outbox.take()).length > 0;) rest += lines.length;
    assertEquals(rest, 200);
  },
});

Deno.test({
  name: "Outbox announces in lines that are not too long, and each thing once",
  permissions: "none",
  fn() {
    const outbox = new Outbox();
    const count = 3_000;
    for (let fingerprint = 0; fingerprint < count; fingerprint++) {
      outbox.announce({ fingerprint, leaf: 1 });
      for (let time = 0; time < 2; time++) {
        outbox.want({ fingerprint, leaf: 1 });
      }
    }
    outbox.direct("PRUNE", "Hill");
    outbox.direct("GRAFT", "Hill");
    for (let chore = 0; chore < 2; chore++) outbox.ripen();
    const lines = outbox.take();
    assertEquals(lines[0], "GRAFT Hill");
    for (const verb of ["HAVE", "WANT"]) {
      const marks = lines
        .filter((line) => line.startsWith(verb))
        .map((line) => line.split(" ").length - 1);
      assert(marks.every((marks) => marks <= maxLineMarks), `${marks}`);
      assertEquals(marks.reduce((sum, marks) => sum + marks), count);
    }
    assertEquals(outbox.take(), []);
  },
});
