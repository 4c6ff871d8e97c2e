import {
  formatMessage,
  parseMessage,
} from "../../../peers/replication/messages.ts";
import type { Outbox } from "../../../peers/replication/outbox.ts";
import type { FloodRouter } from "../../../peers/replication/flood_router.ts";
import {
  fingerprint,
  formatFingerprint,
} from "../../../peers/store/fingerprint.ts";
import { parseReport } from "../../../protocol/report.ts";
import { assert, assertEquals } from "../../assert.ts";
import { openHerd } from "../../fakes/memory_herd.ts";
import { linkUp } from "../links/link_up.ts";
import { reportOf } from "../reports.ts";
import { takeLines } from "./take_lines.ts";

const isServer = () => true;

/** Gives a server a line as if a neighbour had sent it. */
function tell(replica: FloodRouter, from: string, line: string): void {
  const report = parseReport(line, isServer);
  if (report !== undefined) replica.accept(report, from);
  else replica.receive(from, parseMessage(line, isServer)!);
}

/** A server linked with two others that can send it the reports of a third. */
function openHill(): { hill: FloodRouter; jaquez: Outbox; smith: Outbox } {
  const hill = openHerd();
  return { hill, jaquez: linkUp(hill, "Jaquez"), smith: linkUp(hill, "Smith") };
}

/** The verbs of the lines that wait. */
function verbs(outbox: Outbox): string[] {
  return takeLines(outbox).map((line) => line.split(" ")[0]);
}

/** A report of Singleton's that Hill has by way of Jaquez. */
const report = (time: number) => reportOf("kiwi", time, "Singleton");

Deno.test({
  name: "a neighbour that tells what others told first is asked to hold back",
  permissions: "none",
  fn() {
    const { hill, jaquez, smith } = openHill();
    hill.accept(report(1), "Jaquez");
    assertEquals(takeLines(smith), [report(1).line]);
    hill.accept(report(1), "Smith");
    assertEquals(takeLines(smith), ["PRUNE Singleton"]);
    // Once is enough, and who tells first is never asked.
    hill.accept(report(2), "Jaquez");
    hill.accept(report(2), "Smith");
    assertEquals(takeLines(smith), []);
    assertEquals(takeLines(jaquez), []);
    // Until the neighbour must have read it: then it is told again.
    hill.onHeartbeat("Smith");
    hill.accept(report(3), "Jaquez");
    hill.accept(report(3), "Smith");
    assertEquals(takeLines(smith), ["PRUNE Singleton"]);
  },
});

Deno.test({
  name: "a server's own reports always come straight from it",
  permissions: "none",
  fn() {
    const { hill, smith } = openHill();
    const own = reportOf("kiwi", 1, "Smith");
    hill.accept(own, "Jaquez");
    takeLines(smith);
    hill.accept(own, "Smith");
    assertEquals(takeLines(smith), []);
  },
});

Deno.test({
  name: "a duplicate is no reason to prune the only way that is left",
  permissions: "none",
  fn() {
    const { hill, smith } = openHill();
    hill.accept(report(1), "Jaquez");
    hill.unlink("Jaquez");
    takeLines(smith);
    hill.accept(report(1), "Smith");
    assertEquals(takeLines(smith), []);
    // And neither is an old report, that may be all that the neighbour knows.
    const { hill: other, smith: toSmith } = openHill();
    other.accept(report(2), "Jaquez");
    takeLines(toSmith);
    other.accept(report(1), "Smith");
    assertEquals(takeLines(toSmith), []);
  },
});

Deno.test({
  name: "what a neighbour wants held back is announced, and sent on demand",
  permissions: "none",
  fn() {
    const { hill, jaquez, smith } = openHill();
    tell(hill, "Smith", "PRUNE Singleton");
    hill.accept(report(1), "Jaquez");
    assertEquals(hill.needsMaintenance, true);
    assertEquals(takeLines(smith), []);
    hill.runMaintenance();
    assertEquals(takeLines(smith), []);
    hill.runMaintenance();
    const [have, ...others] = takeLines(smith);
    assert(/^HAVE [0-9a-f]{18}$/.test(have), have);
    assertEquals(others, []);
    assertEquals(hill.needsMaintenance, false);
    // Other servers' reports are not held back, nor are they for others.
    hill.accept(reportOf("pear", 1, "Campbell"), "Jaquez");
    assertEquals(verbs(smith), ["AT"]);
    hill.accept(report(2));
    assertEquals(verbs(jaquez), ["AT"]);
    // Who wants one gets that one, and the others when it asks for them.
    hill.accept(report(3), "Jaquez");
    tell(hill, "Smith", have.replace("HAVE", "WANT"));
    assertEquals(takeLines(smith), []);
    const mark = have.slice(5, 9) +
      formatFingerprint(fingerprint(report(3).line));
    tell(hill, "Smith", `WANT ${mark}`);
    assertEquals(takeLines(smith), [report(3).line]);
    hill.accept(report(4), "Jaquez");
    assertEquals(takeLines(smith), []);
    tell(hill, "Smith", "GRAFT Singleton");
    hill.accept(report(5), "Jaquez");
    assertEquals(takeLines(smith), [report(5).line]);
  },
});

Deno.test({
  name: "an announcement is dropped when the neighbour has the report",
  permissions: "none",
  fn() {
    const drop: [string, (hill: FloodRouter, have: string) => void][] = [
      ["it sends the report", (hill) => hill.accept(report(1), "Smith")],
      ["it announces it too", (hill, have) => tell(hill, "Smith", have)],
      ["there is a newer one", (hill) => hill.accept(report(2), "Smith")],
    ];
    const { hill: other, smith: haveFrom } = openHill();
    tell(other, "Smith", "PRUNE Singleton");
    other.accept(report(1), "Jaquez");
    for (let chore = 0; chore < 2; chore++) other.runMaintenance();
    const [have] = takeLines(haveFrom);
    for (const [why, happen] of drop) {
      for (let chores = 0; chores <= 2; chores++) {
        const { hill, smith } = openHill();
        tell(hill, "Smith", "PRUNE Singleton");
        hill.accept(report(1), "Jaquez");
        for (let chore = 0; chore < chores; chore++) hill.runMaintenance();
        happen(hill, have);
        for (let chore = 0; chore < 3; chore++) hill.runMaintenance();
        const isAnnounced = verbs(smith).includes("HAVE");
        assertEquals(isAnnounced, false, `${why} after ${chores} chores`);
      }
    }
  },
});

Deno.test({
  name: "a neighbour is asked for what it has and we have not",
  permissions: "none",
  fn() {
    const { hill, smith } = openHill();
    hill.accept(report(1), "Jaquez");
    const have = (time: number) =>
      formatMessage({
        verb: "HAVE",
        ids: [{ leaf: 7, fingerprint: fingerprint(report(time).line) }],
      });
    takeLines(smith);
    tell(hill, "Smith", have(1));
    assertEquals(takeLines(smith), []);
    tell(hill, "Smith", have(2));
    assertEquals(takeLines(smith), [have(2).replace("HAVE", "WANT")]);
  },
});

Deno.test({
  name: "a neighbour that has news after all is asked to send at once again",
  permissions: "none",
  fn() {
    const { hill, jaquez, smith } = openHill();
    hill.accept(report(1), "Jaquez");
    hill.accept(report(1), "Smith");
    assertEquals(takeLines(smith), ["PRUNE Singleton"]);
    // This one may have been under way when Smith read that.
    hill.accept(report(2), "Smith");
    assertEquals(takeLines(smith), []);
    hill.onHeartbeat("Smith");
    hill.accept(report(3), "Smith");
    assertEquals(takeLines(smith), ["GRAFT Singleton"]);
    // Now Jaquez is the one that is late.
    takeLines(jaquez);
    hill.accept(report(3), "Jaquez");
    assertEquals(takeLines(jaquez), ["PRUNE Singleton"]);
  },
});

Deno.test({
  name: "the horizon is told to all neighbours, once",
  permissions: "none",
  fn() {
    const hill = openHerd({ maxClients: 2 });
    const [jaquez, smith] = [linkUp(hill, "Jaquez"), linkUp(hill, "Smith")];
    for (const [index, client] of ["a", "b", "c"].entries()) {
      hill.accept(reportOf(client, index + 1), "Jaquez");
    }
    assertEquals(takeLines(jaquez), ["HORIZON 1"]);
    assertEquals(takeLines(smith), [
      reportOf("a", 1).line,
      reportOf("b", 2).line,
      "HORIZON 1",
      reportOf("c", 3).line,
    ]);
    tell(hill, "Smith", "HORIZON 1");
    tell(hill, "Smith", "HORIZON 0.5");
    assertEquals(takeLines(jaquez), []);
    tell(hill, "Smith", "HORIZON 2.5");
    assertEquals(takeLines(jaquez), ["HORIZON 2.5"]);
    assertEquals(takeLines(smith), []);
    assertEquals(hill.newest("b"), undefined);
    assertEquals(hill.newest("c"), reportOf("c", 3).line);
    assertEquals(hill.accept(reportOf("d", 2)), "forgotten");
    // Who comes later hears of it too.
    assertEquals(takeLines(hill.link("Campbell")), ["HORIZON 2.5"]);
  },
});

Deno.test({
  name: "a new connection forgets what was agreed on the last one",
  permissions: "none",
  fn() {
    const { hill, smith } = openHill();
    tell(hill, "Smith", "PRUNE Singleton");
    hill.link("Smith");
    hill.accept(report(1), "Jaquez");
    assertEquals(takeLines(smith), [report(1).line]);
    // What we have asked for on the last one, nobody does on this one.
    hill.accept(report(1), "Smith");
    tell(hill, "Smith", `HAVE ${"0".repeat(18)}`);
    hill.link("Smith");
    assertEquals(takeLines(smith), ["SYNC"]);
    hill.accept(report(2), "Smith");
    assertEquals(takeLines(smith), []);
    // And a comparison begins anew.
    const lacking = `DIGEST -${" 0".repeat(16)}`;
    tell(hill, "Smith", lacking);
    tell(hill, "Smith", "SYNC");
    hill.link("Smith");
    assertEquals(takeLines(smith), ["SYNC"]);
    // News that waits is news all the same.
    hill.accept(report(3), "Jaquez");
    hill.link("Smith");
    assertEquals(takeLines(smith), [report(3).line]);
  },
});
