import {
  catchUpWriteBytes,
  freshBytes,
  maxLineMarks,
  maxWriteBytes,
} from "../../peers/limits.ts";
import { Outbox } from "../../peers/outbox.ts";
import { assert, assertEquals } from "../assert.ts";
import { reportOf } from "./reports.ts";
import { takeLines } from "./take_lines.ts";

/** Adds reports about other clients until one has to wait by client. */
function fallBehind(outbox: Outbox): void {
  for (let client = 0; outbox.backlog === 0; client++) {
    outbox.put(reportOf(`other-${client}`, 1));
  }
}

function withoutOthers(lines: string[]): string[] {
  return lines.filter((line) => !line.includes("other"));
}

Deno.test({
  name: "Outbox passes reports on in their order while its batch has room",
  permissions: "none",
  fn() {
    const outbox = new Outbox();
    const lines: string[] = [];
    for (let time = 0; time < 100; time++) {
      const report = reportOf(`client-${time % 3}`, time);
      outbox.put(report);
      lines.push(report.line);
      report.bytes.fill(0);
    }
    assertEquals([outbox.waiting, outbox.backlog], [100, 0]);
    assertEquals(takeLines(outbox), lines);
    assertEquals(outbox.waiting, 0);
    outbox.put(reportOf("kiwi", 1));
    assertEquals(takeLines(outbox), [reportOf("kiwi", 1).line]);
    assertEquals(takeLines(outbox), []);
  },
});

Deno.test({
  name: "Outbox keeps one entry a client, the newest, when its batch is full",
  permissions: "none",
  fn() {
    const outbox = new Outbox();
    fallBehind(outbox);
    const { waiting } = outbox;
    for (let time = 0; time < 100; time++) outbox.put(reportOf("kiwi", time));
    assertEquals([outbox.waiting, outbox.backlog], [waiting + 1, 2]);
    const lines = takeLines(outbox);
    assertEquals(lines.length, waiting + 1);
    assertEquals(withoutOthers(lines), [reportOf("kiwi", 99).line]);
    assertEquals([outbox.waiting, outbox.backlog], [0, 0]);
  },
});

Deno.test({
  name: "Outbox lets no report overtake a newer one about its client",
  permissions: "none",
  fn() {
    const outbox = new Outbox();
    outbox.put(reportOf("kiwi", 1));
    fallBehind(outbox);
    outbox.put(reportOf("kiwi", 2));
    const { line } = reportOf("pear", 1);
    outbox.putWanted("pear", line);
    outbox.put(reportOf("pear", 2));
    assertEquals(withoutOthers(takeLines(outbox)), [
      reportOf("kiwi", 1).line,
      reportOf("kiwi", 2).line,
      reportOf("pear", 2).line,
    ]);
  },
});

Deno.test({
  name: "Outbox sends what was asked for as it is by then",
  permissions: "none",
  fn() {
    const outbox = new Outbox();
    outbox.putWanted("pear", reportOf("pear", 1).line);
    outbox.put(reportOf("pear", 2));
    assertEquals(takeLines(outbox), [reportOf("pear", 2).line]);
  },
});

Deno.test({
  name: "Outbox forgets what waits by client and the neighbour knows",
  permissions: "none",
  fn() {
    const outbox = new Outbox();
    fallBehind(outbox);
    for (const client of ["kiwi", "pear", "plum"]) {
      outbox.put(reportOf(client, 5));
    }
    outbox.forget(reportOf("kiwi", 5));
    outbox.forget(reportOf("pear", 4));
    outbox.forget(reportOf("fig", 9));
    outbox.drop("plum", 0);
    const lines = withoutOthers(takeLines(outbox));
    assertEquals(lines, [reportOf("pear", 5).line]);
  },
});

Deno.test({
  name: "Outbox takes within the limit, and live reports before a catch-up",
  permissions: "none",
  fn() {
    const past = Array.from({ length: 200 }, (_, index) => `past ${index}`);
    const lines = past.map((text) => text.padEnd(1_000)).values();
    const outbox = new Outbox({ next: () => lines.next().value });
    const live = (client: number) =>
      reportOf(`${client}`.padEnd(1_000, "x"), 1);
    const lineBytes = live(0).line.length + 1;
    for (let client = 0; client < 400; client++) outbox.put(live(client));
    const freshLines = Math.ceil(freshBytes / lineBytes);
    assertEquals(outbox.backlog, 400 - freshLines);
    const first = takeLines(outbox);
    assert(first.length * lineBytes <= maxWriteBytes + lineBytes);
    const second = takeLines(outbox);
    assertEquals(first.length + second.length, 400);
    const third = takeLines(outbox);
    assertEquals(third[0].trimEnd(), "past 0");
    assert(third.length * 1_001 <= catchUpWriteBytes + 1_001);
    outbox.put(live(0));
    assertEquals(takeLines(outbox), [live(0).line]);
    let rest = third.length;
    for (let lines; (lines = takeLines(outbox)).length > 0;) {
      rest += lines.length;
    }
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
      outbox.announcements.add({ fingerprint, leaf: 1 });
      for (let time = 0; time < 2; time++) {
        outbox.want({ fingerprint, leaf: 1 });
      }
    }
    outbox.direct("PRUNE", "Hill");
    outbox.direct("GRAFT", "Hill");
    for (let chore = 0; chore < 2; chore++) outbox.announcements.ripen();
    const lines = takeLines(outbox);
    assertEquals(lines[0], "GRAFT Hill");
    for (const verb of ["HAVE", "WANT"]) {
      const marks = lines
        .filter((line) => line.startsWith(verb))
        .map((line) => line.split(" ").length - 1);
      assert(marks.every((marks) => marks <= maxLineMarks), `${marks}`);
      assertEquals(marks.reduce((sum, marks) => sum + marks), count);
    }
    assertEquals(takeLines(outbox), []);
  },
});

Deno.test({
  name: "Outbox gives a sign of life only if it has nothing else to say",
  permissions: "none",
  fn() {
    const outbox = new Outbox();
    assertEquals(outbox.takePing().text, "PING\n");
    outbox.put(reportOf("kiwi", 1));
    assertEquals(outbox.takePing().text, `${reportOf("kiwi", 1).line}\n`);
    assertEquals(outbox.waiting, 0);
  },
});
