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
import { openRouter } from "../../fakes/memory_herd.ts";
import { linkAligned, linkUp } from "../links/link_up.ts";
import { reportOf } from "../reports.ts";
import { takeAllLines, takeLines } from "./take_lines.ts";

const isServer = () => true;

/** Lets a server receive a line from a neighbour. */
function receive(router: FloodRouter, from: string, line: string): void {
  const report = parseReport(line, isServer);
  if (report !== undefined) router.accept(report, from);
  else router.receive(from, parseMessage(line, isServer)!);
}

/** Creates Hill with its links to Jaquez and Smith. */
function openHill(): { hill: FloodRouter; jaquez: Outbox; smith: Outbox } {
  const hill = openRouter();
  return { hill, jaquez: linkUp(hill, "Jaquez"), smith: linkUp(hill, "Smith") };
}

/** The verbs of the lines of the next write. */
function verbs(outbox: Outbox): string[] {
  return takeLines(outbox).map((line) => line.split(" ")[0]);
}

/** A report whose origin is Singleton. */
const report = (time: number) => reportOf("kiwi", time, "Singleton");

Deno.test({
  name: "a neighbour is asked to hold back reports that another sends sooner",
  permissions: "none",
  fn() {
    const { hill, jaquez, smith } = openHill();
    hill.accept(report(1), "Jaquez");
    assertEquals(takeLines(smith), [report(1).line]);
    hill.accept(report(1), "Smith");
    assertEquals(takeLines(smith), ["PRUNE Singleton"]);
    // PRUNE is sent once, and never to the neighbour that is first.
    hill.accept(report(2), "Jaquez");
    hill.accept(report(2), "Smith");
    assertEquals(takeLines(smith), []);
    assertEquals(takeLines(jaquez), []);
    // After a heartbeat it is sent again.
    hill.onHeartbeat("Smith");
    hill.accept(report(3), "Jaquez");
    hill.accept(report(3), "Smith");
    assertEquals(takeLines(smith), ["PRUNE Singleton"]);
  },
});

Deno.test({
  name: "a neighbour is not asked to hold back its own reports",
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
  name: "a duplicate does not prune the only link that is left",
  permissions: "none",
  fn() {
    const { hill, smith } = openHill();
    hill.accept(report(1), "Jaquez");
    hill.unlink("Jaquez");
    takeLines(smith);
    hill.accept(report(1), "Smith");
    assertEquals(takeLines(smith), []);
    // Neither does an older report, which may be the neighbour's newest.
    const { hill: other, smith: toSmith } = openHill();
    other.accept(report(2), "Jaquez");
    takeLines(toSmith);
    other.accept(report(1), "Smith");
    assertEquals(takeLines(toSmith), []);
  },
});

Deno.test({
  name: "reports that are held back are announced, and sent on request",
  permissions: "none",
  fn() {
    const { hill, jaquez, smith } = openHill();
    receive(hill, "Smith", "PRUNE Singleton");
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
    // Reports of other servers, and for other neighbours, are sent at once.
    hill.accept(reportOf("pear", 1, "Campbell"), "Jaquez");
    assertEquals(verbs(smith), ["AT"]);
    hill.accept(report(2));
    assertEquals(verbs(jaquez), ["AT"]);
    // A request for a replaced report is ignored.
    hill.accept(report(3), "Jaquez");
    receive(hill, "Smith", have.replace("HAVE", "WANT"));
    assertEquals(takeLines(smith), []);
    const id = have.slice(5, 9) +
      formatFingerprint(fingerprint(report(3).line));
    receive(hill, "Smith", `WANT ${id}`);
    assertEquals(takeLines(smith), [report(3).line]);
    hill.accept(report(4), "Jaquez");
    assertEquals(takeLines(smith), []);
    receive(hill, "Smith", "GRAFT Singleton");
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
      ["it announces it too", (hill, have) => receive(hill, "Smith", have)],
      ["there is a newer one", (hill) => hill.accept(report(2), "Smith")],
    ];
    const { hill: other, smith: haveFrom } = openHill();
    receive(other, "Smith", "PRUNE Singleton");
    other.accept(report(1), "Jaquez");
    for (let run = 0; run < 2; run++) other.runMaintenance();
    const [have] = takeLines(haveFrom);
    for (const [why, act] of drop) {
      for (let runs = 0; runs <= 2; runs++) {
        const { hill, smith } = openHill();
        receive(hill, "Smith", "PRUNE Singleton");
        hill.accept(report(1), "Jaquez");
        for (let run = 0; run < runs; run++) hill.runMaintenance();
        act(hill, have);
        for (let run = 0; run < 3; run++) hill.runMaintenance();
        const isAnnounced = verbs(smith).includes("HAVE");
        assertEquals(isAnnounced, false, `${why} after ${runs} runs`);
      }
    }
  },
});

Deno.test({
  name: "announced reports are requested unless they were received",
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
    receive(hill, "Smith", have(1));
    assertEquals(takeLines(smith), []);
    receive(hill, "Smith", have(2));
    assertEquals(takeLines(smith), [have(2).replace("HAVE", "WANT")]);
  },
});

Deno.test({
  name: "a pruned neighbour that is first again is asked to send at once",
  permissions: "none",
  fn() {
    const { hill, jaquez, smith } = openHill();
    hill.accept(report(1), "Jaquez");
    hill.accept(report(1), "Smith");
    assertEquals(takeLines(smith), ["PRUNE Singleton"]);
    // Smith may have sent this one before it received PRUNE.
    hill.accept(report(2), "Smith");
    assertEquals(takeLines(smith), []);
    hill.onHeartbeat("Smith");
    hill.accept(report(3), "Smith");
    assertEquals(takeLines(smith), ["GRAFT Singleton"]);
    // Now Jaquez is later.
    takeLines(jaquez);
    hill.accept(report(3), "Jaquez");
    assertEquals(takeLines(jaquez), ["PRUNE Singleton"]);
  },
});

Deno.test({
  name: "a raised horizon is sent to all neighbours once",
  permissions: "none",
  fn() {
    const hill = openRouter({ maxClients: 2 });
    const [jaquez, smith] = [linkUp(hill, "Jaquez"), linkUp(hill, "Smith")];
    for (const [index, client] of ["a", "b", "c"].entries()) {
      hill.accept(reportOf(client, index + 1), "Jaquez");
    }
    assertEquals(takeLines(jaquez), ["HORIZON 1.000000000"]);
    assertEquals(takeLines(smith), [
      reportOf("a", 1).line,
      reportOf("b", 2).line,
      "HORIZON 1.000000000",
      reportOf("c", 3).line,
    ]);
    receive(hill, "Smith", "HORIZON 1");
    receive(hill, "Smith", "HORIZON 0.5");
    assertEquals(takeLines(jaquez), []);
    receive(hill, "Smith", "HORIZON 2.5");
    assertEquals(takeLines(jaquez), ["HORIZON 2.500000000"]);
    assertEquals(takeLines(smith), []);
    assertEquals(hill.newest("b"), undefined);
    assertEquals(hill.newest("c"), reportOf("c", 3).line);
    assertEquals(hill.accept(reportOf("d", 2)), "forgotten");
    // A neighbour that is linked later receives it too.
    assertEquals(takeLines(hill.link("Campbell")), [
      "SEEN 0 0",
      `TREE ${hill.treeKey}`,
      "HORIZON 2.500000000",
    ]);
  },
});

Deno.test({
  name: "a new connection starts without the state of the last one",
  permissions: "none",
  fn() {
    const { hill, smith } = openHill();
    const key = ["SEEN 0 0", `TREE ${hill.treeKey}`];
    receive(hill, "Smith", "PRUNE Singleton");
    linkAligned(hill, "Smith");
    hill.accept(report(1), "Jaquez");
    assertEquals(takeAllLines(smith), [report(1).line, ...key, "SYNC"]);
    // PRUNE and WANT of the last connection are not sent on the new one.
    hill.accept(report(1), "Smith");
    receive(hill, "Smith", `HAVE ${"0".repeat(18)}`);
    linkAligned(hill, "Smith");
    assertEquals(takeLines(smith), [...key, "SYNC"]);
    hill.accept(report(2), "Smith");
    assertEquals(takeLines(smith), []);
    // A comparison starts again.
    const lacking = `DIGEST -${" 0".repeat(16)}`;
    receive(hill, "Smith", lacking);
    receive(hill, "Smith", "SYNC");
    linkAligned(hill, "Smith");
    assertEquals(takeLines(smith), [...key, "SYNC"]);
    // New reports that wait are kept.
    hill.accept(report(3), "Jaquez");
    linkAligned(hill, "Smith");
    assertEquals(takeAllLines(smith), [report(3).line, ...key, "SYNC"]);
  },
});
