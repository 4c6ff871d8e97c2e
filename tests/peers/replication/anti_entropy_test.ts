import fc from "../../fast_check.ts";
import { root } from "../../../peers/store/digest_tree.ts";
import { hashClient } from "../../../peers/store/fingerprint.ts";
import type { FloodRouter } from "../../../peers/replication/flood_router.ts";
import { parseMessage } from "../../../peers/replication/messages.ts";
import type { Outbox } from "../../../peers/replication/outbox.ts";
import { parseReport } from "../../../protocol/report.ts";
import { assert, assertEquals } from "../../assert.ts";
import { assertProperty } from "../../property.ts";
import { openHerd } from "../../fakes/memory_herd.ts";
import { linkUp } from "../links/link_up.ts";
import { reportOf } from "../reports.ts";
import { takeAllLines, takeLines } from "./take_lines.ts";

/** What went over a link while two servers compared. */
interface Crossing {
  readonly reports: string[];
  /** Bytes of everything else. */
  overheadBytes: number;
}

/** Lets two servers compare what they know, until neither has more to say. */
function compare(hill: FloodRouter, smith: FloodRouter): Crossing {
  const crossing: Crossing = { reports: [], overheadBytes: 0 };
  const toSmith = hill.link("Smith");
  const toHill = smith.link("Hill");
  hill.compare("Smith");
  while (
    deliver(toSmith, "Hill", smith, crossing) +
        deliver(toHill, "Smith", hill, crossing) > 0
  );
  hill.unlink("Smith");
  smith.unlink("Hill");
  return crossing;
}

function deliver(
  outbox: Outbox,
  from: string,
  to: FloodRouter,
  crossing: Crossing,
): number {
  let count = 0;
  for (let lines; (lines = takeLines(outbox)).length > 0;) {
    for (const line of lines) {
      count += 1;
      const report = parseReport(line, () => true);
      if (report !== undefined) {
        crossing.reports.push(line);
        to.accept(report, from);
      } else {
        crossing.overheadBytes += line.length + 1;
        to.receive(from, parseMessage(line, () => true)!);
      }
    }
  }
  return count;
}

function isEqual(one: FloodRouter, other: FloodRouter): boolean {
  const [lines, others] = [[...one.lines()].sort(), [...other.lines()].sort()];
  return lines.length === others.length &&
    lines.every((line, index) => line === others[index]);
}

/** Two servers that know the same `count` clients. */
function agreeing(count: number): [FloodRouter, FloodRouter] {
  const [hill, smith] = [openHerd(), openHerd()];
  for (let index = 0; index < count; index++) {
    const report = reportOf(`client-${index}`, 1_000);
    hill.accept(report);
    smith.accept(report);
  }
  return [hill, smith];
}

Deno.test({
  name: "compare() makes two servers equal, whatever each of them knows",
  permissions: "none",
  fn() {
    const client = fc.nat(400).map((index) => `client-${index}`);
    // Few times, so that many are equal, and some that differ by less than 1 s.
    const time = fc.constantFrom(1, 2, 3, 3.25, 3.5, 4);
    const knowledge = fc.array(
      fc.record({ client, time, server: fc.constantFrom("Hill", "Smith") }),
      { maxLength: 600, size: "max" },
    );
    assertProperty(
      fc.property(knowledge, knowledge, knowledge, (both, ours, theirs) => {
        const [hill, smith] = [openHerd(), openHerd()];
        for (const { client, server, time } of both) {
          const report = reportOf(client, time, server);
          hill.accept(report);
          smith.accept(report);
        }
        for (const { client, server, time } of ours) {
          hill.accept(reportOf(client, time, server));
        }
        for (const { client, server, time } of theirs) {
          smith.accept(reportOf(client, time, server));
        }
        compare(hill, smith);
        assert(isEqual(hill, smith));
        assertEquals(
          hill.digests.digestOf(root),
          smith.digests.digestOf(root),
        );
        // Who agrees has nothing more to say than one line.
        const again = compare(hill, smith);
        assertEquals(again.reports, []);
        assert(again.overheadBytes < 300);
      }),
      { numRuns: 60 },
    );
  },
});

Deno.test({
  name: "compare() costs a line where a hundred thousand clients agree",
  permissions: "none",
  fn() {
    const { overheadBytes, reports } = compare(...agreeing(100_000));
    assertEquals(reports, []);
    assert(overheadBytes < 300, `${overheadBytes} bytes`);
  },
});

Deno.test({
  name: "compare() sends ten reports where ten of a hundred thousand differ",
  permissions: "none",
  fn() {
    const changes: [string, (hill: FloodRouter, smith: FloodRouter) => void][] =
      [
        ["only Hill knows them", (hill) => addTen(hill, "new", 1_000)],
        ["only Smith knows them", (_, smith) => addTen(smith, "new", 1_000)],
        ["Hill knows newer", (hill) => addTen(hill, "client", 2_000)],
        ["Smith knows newer", (_, smith) => addTen(smith, "client", 2_000)],
      ];
    for (const [what, change] of changes) {
      const [hill, smith] = agreeing(100_000);
      change(hill, smith);
      const { overheadBytes, reports } = compare(hill, smith);
      assert(isEqual(hill, smith), what);
      assertEquals(reports.length, 10, what);
      assert(overheadBytes < 20_000, `${what}: ${overheadBytes} bytes`);
    }
  },
});

Deno.test({
  name: "compare() sends a server that has lost everything just the reports",
  permissions: "none",
  fn() {
    for (const [one, other] of [[1_000, 0], [0, 1_000]]) {
      const [hill, smith] = [openHerd(), openHerd()];
      for (let index = 0; index < one; index++) {
        hill.accept(reportOf(`client-${index}`, 1));
      }
      for (let index = 0; index < other; index++) {
        smith.accept(reportOf(`client-${index}`, 1));
      }
      const { overheadBytes, reports } = compare(hill, smith);
      assert(isEqual(hill, smith));
      assertEquals(reports.length, 1_000);
      assert(overheadBytes < 1_000, `${overheadBytes} bytes`);
    }
  },
});

Deno.test({
  name: "compare() sends lists that are too long for a line in parts",
  permissions: "none",
  fn() {
    // Someone could choose IDs so that all have one hash: here 4,096 do. The
    // pairs of endings lead the hash from one state to the same next state.
    let crowded = [""];
    for (const pair of collidingBlocks(12)) {
      crowded = pair.flatMap((block) => crowded.map((start) => start + block));
    }
    const [hill, smith] = [openHerd(), openHerd()];
    for (const client of crowded) hill.accept(reportOf(client, 1));
    for (const client of crowded.slice(1)) smith.accept(reportOf(client, 1));
    const { reports } = compare(hill, smith);
    assertEquals(reports, [reportOf(crowded[0], 1).line]);
  },
});

Deno.test({
  name: "compare() does not take two clients with one hash for the same",
  permissions: "none",
  fn() {
    const [[one, other]] = collidingBlocks(1);
    assertEquals(hashClient(one), hashClient(other));
    const never = 0;
    for (const ours of [[12, 3], [12, never], [12, 8], [never, 3]]) {
      for (const theirs of [[10, 8], [never, 8], [12, 8]]) {
        for (const isDialler of [true, false]) {
          const [hill, smith] = [ours, theirs].map((times) => {
            const replica = openHerd();
            [one, other].forEach((client, index) => {
              const time = times[index];
              if (time !== never) replica.accept(reportOf(client, time));
            });
            return replica;
          });
          if (isDialler) compare(hill, smith);
          else compare(smith, hill);
          assert(isEqual(hill, smith), `${ours} and ${theirs}`);
        }
      }
    }
  },
});

Deno.test({
  name: "compare() does not begin again while a comparison is going on",
  permissions: "none",
  fn() {
    const hill = openHerd();
    for (let index = 0; index < 2_000; index++) {
      hill.accept(reportOf(`client-${index}`, 1));
    }
    const toSmith = linkUp(hill, "Smith");
    // Smith knows nothing: all is to be sent, and more than fits one write.
    hill.receive("Smith", {
      verb: "DIGEST",
      node: root,
      digests: Array(16).fill(0),
    });
    const lines = takeLines(toSmith);
    hill.compare("Smith");
    lines.push(...takeAllLines(toSmith));
    assertEquals(lines.length, 2_000);
    assert(lines.every((line) => line.startsWith("AT ")));
    hill.compare("Smith");
    assertEquals(takeLines(toSmith).length, 1);
  },
});

Deno.test({
  name: "a server without catch-up neither compares nor answers",
  permissions: "none",
  fn() {
    const hill = openHerd();
    const smith = openHerd({ catchUp: false });
    hill.accept(reportOf("kiwi", 1));
    smith.accept(reportOf("pear", 1));
    compare(hill, smith);
    compare(smith, hill);
    assertEquals([hill.clients, smith.clients], [1, 1]);
  },
});

/**
 * Pairs of texts such that a client ID may go on with either and have the same
 * hash, whichever it is.
 */
function collidingBlocks(count: number): [string, string][] {
  const pairs: [string, string][] = [];
  let start = "";
  while (pairs.length < count) {
    const seen = new Map<number, string>();
    for (let index = 0;; index++) {
      // Scattered: short texts that differ little hardly ever collide.
      const scattered = (index * 2_654_435_761) % 36 ** 6;
      const block = scattered.toString(36).padStart(6, "0");
      const hash = hashClient(start + block);
      const other = seen.get(hash);
      if (other !== undefined) {
        pairs.push([block, other]);
        start += block;
        break;
      }
      seen.set(hash, block);
    }
  }
  return pairs;
}

function addTen(replica: FloodRouter, kind: string, time: number): void {
  for (let index = 0; index < 10; index++) {
    replica.accept(reportOf(`${kind}-${index * 37}`, time));
  }
}
