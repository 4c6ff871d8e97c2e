import fc from "../../fast_check.ts";
import {
  maxPageBytes,
  maxPageReports,
  sweptReports,
} from "../../../peers/limits.ts";
import { root } from "../../../peers/store/digest_tree.ts";
import { ReportSource } from "../../../replica/report_source.ts";
import { fingerprint } from "../../../peers/store/fingerprint.ts";
import {
  ReportStore,
  type StoreLimits,
} from "../../../peers/store/report_store.ts";
import { makeDeletion } from "../../../protocol/deletion.ts";
import { heardSecondsOf } from "../../../protocol/order.ts";
import { makeReport, parseReport } from "../../../protocol/report.ts";
import type { Report } from "../../../protocol/report.ts";
import { assert, assertEquals, assertThrows } from "../../assert.ts";
import { assertProperty } from "../../property.ts";
import { timestampOf } from "../../fakes/timestamp.ts";
import { reportOf } from "../reports.ts";

/** A report received at one time from a client whose clock may be wrong. */
function received(
  client: string,
  receivedAt: number,
  time = receivedAt,
): Report {
  return makeReport("Hill", { seconds: receivedAt, nanoseconds: 0 }, {
    verb: "IAMAT",
    client,
    position: "+34-118",
    time: String(time),
  });
}

function openStore(limits: Partial<StoreLimits>): ReportStore {
  return new ReportStore({
    maxClients: Infinity,
    maxTableBytes: Infinity,
    sourceShare: 1,
    clientTtlSeconds: undefined,
    now: () => timestampOf(10 ** 9),
    ...limits,
  });
}

/** Those of the clients that are in a store. */
function stored(store: ReportStore, clients: readonly string[]): string[] {
  return clients.filter((client) => store.get(client) !== undefined);
}

Deno.test({
  name:
    "heardSecondsOf() is the time at the origin, not that of the client's clock",
  permissions: "none",
  fn() {
    for (const time of [0, 99, 100, 5_000]) {
      assertEquals(heardSecondsOf(received("kiwi", 100, time).line), 100);
    }
  },
});

Deno.test({
  name: "ReportStore expires the oldest reports when it is full",
  permissions: "none",
  fn() {
    const store = openStore({ maxClients: 3 });
    const clients = ["a", "b", "c", "d", "e"];
    // The client's own time does not matter here.
    store.put(received("b", 20, 900));
    store.put(received("a", 30, 1));
    store.put(received("c", 10, 500));
    assertEquals(store.raisedHorizon, undefined);
    store.put(received("d", 40, 7));
    assertEquals(stored(store, clients), ["a", "b", "d"]);
    assertEquals(store.raisedHorizon, timestampOf(10));
    assertEquals(store.size, 3);
    // A report that is older than all others expires itself.
    assertEquals(store.put(received("e", 15)), "forgotten");
    assertEquals(store.raisedHorizon, timestampOf(15));
    assertEquals(stored(store, clients), ["a", "b", "d"]);
    // A new report of a stored client needs no room.
    store.put(received("a", 50, 2));
    store.put(received("e", 60));
    assertEquals(stored(store, clients), ["a", "d", "e"]);
  },
});

Deno.test({
  name: "ReportStore with few clients expires only the oldest report",
  permissions: "none",
  fn() {
    const maxClients = 40;
    const store = openStore({ maxClients });
    const count = 211;
    const clients = Array.from({ length: count }, (_, at) => `client-${at}`);
    for (const at of clients.keys()) {
      // Each time once, in mixed order, as 211 is a prime.
      const receivedAt = (61 * at) % count;
      store.put(received(clients[receivedAt], receivedAt));
      const filled = Math.min(at + 1, maxClients);
      assertEquals(stored(store, clients).length, filled, `after ${at}`);
    }
    assertEquals(stored(store, clients), clients.slice(-maxClients));
  },
});

Deno.test({
  name:
    "ReportStore never exceeds its limit, and expires few reports at a time",
  permissions: "none",
  fn() {
    const maxClients = 2_000;
    const store = openStore({ maxClients });
    for (let index = 0; index < 10_000; index++) {
      store.put(received(`client-${index}`, index + 1));
      assert(store.size <= maxClients);
    }
    assert(store.size > maxClients * 0.9);
    const newest = Array.from(
      { length: 1_000 },
      (_, index) => `client-${9_999 - index}`,
    );
    assertEquals(stored(store, newest).length, newest.length);
  },
});

Deno.test({
  name: "ReportStore expires reports after their time to live",
  permissions: "none",
  fn() {
    let nowSeconds = 100;
    const store = openStore({
      clientTtlSeconds: 10,
      now: () => timestampOf(nowSeconds),
    });
    store.put(received("kiwi", 100, 900));
    nowSeconds = 109;
    assert(store.get("kiwi") !== undefined);
    nowSeconds = 110;
    assertEquals(store.get("kiwi"), undefined);
    assertEquals([...store.records()], []);
    assertEquals(store.put(received("kiwi", 100, 900)), "forgotten");
    assertEquals(store.put(received("pear", 99)), "forgotten");
    // Sweeps remove the client, and later the next one.
    for (const client of ["kiwi", "plum"]) {
      store.put(received(client, nowSeconds));
      nowSeconds += 20;
      assert(store.needsSweep);
      for (let sweeps = 0; sweeps < 3; sweeps++) store.sweep(1);
      assertEquals(store.size, 0);
      assertEquals(store.needsSweep, false);
    }
    nowSeconds = 110;
    // A later report with an earlier client time is stored after that.
    assert(typeof store.put(received("kiwi", 110, 5)) === "object");
    assertEquals(store.get("kiwi"), received("kiwi", 110, 5).line);
  },
});

Deno.test({
  name: "ReportStore removes later the reports that a sweep has not reached",
  permissions: "none",
  fn() {
    let nowSeconds = 100;
    const store = openStore({
      clientTtlSeconds: 10,
      now: () => timestampOf(nowSeconds),
    });
    for (let index = 0; index < 10; index++) {
      store.put(received(`client-${index}`, 100 + index));
    }
    for (let left = 10; left > 0; left--) {
      assertEquals(store.size, left);
      nowSeconds = 120 - left;
      // One sweep for each client, and one that starts in the middle.
      for (let sweeps = 0; sweeps <= left; sweeps++) store.sweep(1);
    }
    assertEquals(store.size, 0);
  },
});

Deno.test({
  name: "ReportStore removes expired reports a few at a time",
  permissions: "none",
  fn() {
    const store = openStore({});
    const count = 3 * sweptReports;
    for (let index = 0; index < count; index++) {
      store.put(received(`client-${index}`, index + 1));
    }
    assertEquals(store.needsSweep, false);
    store.raiseHorizon(timestampOf(count - 5));
    assertEquals(store.raiseHorizon(timestampOf(7)), "known");
    let sweeps = 0;
    while (store.needsSweep) {
      const before = store.size;
      store.sweep(sweptReports);
      assert(before - store.size <= sweptReports + 100);
      sweeps += 1;
    }
    assertEquals(store.size, 5);
    assert(sweeps >= 3);
  },
});

Deno.test({
  name: "ReportStore's digests depend only on the stored reports",
  permissions: "none",
  fn() {
    const arrivals = fc.array(
      fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 9 })),
      { maxLength: 80 },
    );
    assertProperty(fc.property(arrivals, fc.nat(9), (arrivals, horizon) => {
      const store = openStore({});
      for (const [client, time] of arrivals) {
        store.put(received(`client-${client}`, time));
      }
      if (horizon > 0) store.raiseHorizon(timestampOf(horizon));
      while (store.needsSweep) store.sweep(10);
      // The same reports, stored in another order.
      const other = openStore({});
      const lines = [...store.records()];
      for (const line of lines.toReversed()) {
        other.put(parseReport(line, () => true)!);
      }
      assertEquals(other.size, store.size);
      for (let node = 0; node < 69_905; node += 17) {
        const [ours, theirs] = [store.digests, other.digests];
        assertEquals(ours.digestOf(node), theirs.digestOf(node));
        assertEquals(ours.countOf(node), theirs.countOf(node));
      }
      assertEquals(store.digests.countOf(root), lines.length);
      const sum = lines.map(fingerprint).reduce(
        (sum, next) => sum ^ BigInt(next),
        0n,
      );
      assertEquals(BigInt(store.digests.digestOf(root)), sum);
    }));
  },
});

/** All pages of a selection; `between` is called after each. */
function pagesOf(
  store: ReportStore,
  matches: (client: string) => boolean,
  limit: number,
  between: () => void = () => {},
): (readonly string[])[] {
  const pages: (readonly string[])[] = [];
  let cursor: string | undefined;
  do {
    const { lines, next } = store.select(matches, limit, cursor);
    pages.push(lines);
    cursor = next;
    between();
  } while (cursor !== undefined);
  return pages;
}

// So many that some leaves have several clients.
const manyClients = Array.from({ length: 2_000 }, (_, index) => `c${index}`);

Deno.test({
  name: "select() returns each matching client once, in pages",
  permissions: "none",
  fn() {
    const store = openStore({});
    for (const client of manyClients) store.put(received(client, 10));
    assertProperty(
      fc.property(
        fc.integer({ min: 1, max: 700 }),
        fc.nat(9),
        (limit, digit) => {
          const matches = (client: string) => client.endsWith(String(digit));
          const pages = pagesOf(store, matches, limit);
          assert(pages.every(({ length }) => length <= limit));
          assertEquals(
            pages.flat().sort(),
            manyClients.filter(matches)
              .map((client) => received(client, 10).line).sort(),
          );
        },
      ),
      { numRuns: 30, examples: [[1, 0]] },
    );
  },
});

Deno.test({
  name:
    "select() returns all clients that are present throughout, amid changes",
  permissions: "none",
  fn() {
    const store = openStore({ now: () => timestampOf(20) });
    for (const client of manyClients) store.put(received(client, 10));
    let added = 0;
    const pages = pagesOf(store, (client) => client.startsWith("c"), 7, () => {
      store.put(received(`n${added}`, 10));
      store.putDeletion(makeDeletion(`n${added - 5}`, timestampOf(10)));
      store.put(received(manyClients[added % manyClients.length], 20));
      added += 1;
    });
    const clients = pages.flat().map((line) => line.split(" ")[3]);
    assertEquals(clients.sort(), manyClients.toSorted());
  },
});

Deno.test({
  name:
    "select() limits the reports examined for a page, and skips expired ones",
  permissions: "none",
  fn() {
    let nowSeconds = 15;
    const store = openStore({
      clientTtlSeconds: 10,
      now: () => timestampOf(nowSeconds),
    });
    for (let index = 0; index <= maxPageReports; index++) {
      store.put(received(`c${index}`, 10));
    }
    const { lines, next } = store.select(() => false, 1);
    assertEquals(lines, []);
    assert(next !== undefined);
    assertEquals(store.select(() => false, 1, next).next, undefined);
    store.put(received("late", 19));
    nowSeconds = 20;
    const lateLines = pagesOf(store, () => true, 10).flat();
    assertEquals(lateLines, [received("late", 19).line]);
  },
});

Deno.test({
  name: "select() limits the bytes examined for a page",
  permissions: "none",
  fn() {
    const store = openStore({});
    const filler = "x".repeat(60_000);
    const clients = Array.from({ length: 40 }, (_, index) => filler + index);
    for (const client of clients) store.put(received(client, 10));
    for (const matches of [() => true, () => false]) {
      const pages = pagesOf(store, matches, 1_000);
      assert(pages.length >= 40 * filler.length / maxPageBytes - 1);
      for (const lines of pages) {
        const bytes = lines.reduce((sum, { length }) => sum + length, 0);
        assert(bytes < maxPageBytes + 2 * filler.length, `${bytes}`);
      }
      assertEquals(pages.flat().length, matches() ? clients.length : 0);
    }
  },
});

Deno.test({
  name: "select() and getRecord() give attributes, and get() does not",
  permissions: "none",
  fn() {
    const store = openStore({ clientTtlSeconds: 10 ** 9 - 5 });
    for (const [client, attributes] of [["kiwi", "tid=k"], ["pear", ""]]) {
      store.put(reportOf(client, 10, "Hill", attributes));
    }
    store.put(reportOf("plum", 5, "Hill", "tid=p"));
    const [kiwi, pear] = ["kiwi", "pear"].map((client) =>
      reportOf(client, 10).line
    );
    assertEquals(store.select(() => true, 9), {
      lines: [kiwi, pear],
      attributes: ["tid=k", ""],
      next: undefined,
    });
    assertEquals([store.get("kiwi"), store.get("plum")], [kiwi, undefined]);
    assertEquals(
      ["kiwi", "pear", "plum", "fig"].map((client) => store.getRecord(client)),
      [`${kiwi} tid=k`, pear, undefined, undefined],
    );
  },
});

Deno.test({
  name: "select() refuses invalid cursors",
  permissions: "none",
  fn() {
    const store = openStore({});
    for (const cursor of ["", "0", "x ", "-1 0", "1 1234567", "1 0 "]) {
      assertThrows(() => store.select(() => true, 1, cursor), RangeError);
    }
  },
});

Deno.test({
  name: "putDeletion() removes a report only if it was not heard later",
  permissions: "none",
  fn() {
    const removed: string[] = [];
    const store = new ReportStore(
      {
        maxClients: 9,
        maxTableBytes: Infinity,
        sourceShare: 1,
        clientTtlSeconds: undefined,
        now: () => timestampOf(12),
      },
      (client) => removed.push(client),
    );
    store.put(received("kiwi", 10));
    store.put(received("pear", 11));
    for (const client of ["kiwi", "pear", "plum"]) {
      store.putDeletion(makeDeletion(client, timestampOf(10)));
    }
    assertEquals(stored(store, ["kiwi", "pear"]), ["pear"]);
    assertEquals([store.size, removed], [1, ["kiwi"]]);
  },
});

Deno.test({
  name:
    "ReportStore limits the bytes of its table, and keeps the newest reports",
  permissions: "none",
  fn() {
    const maxTableBytes = 2 ** 21;
    const store = openStore({ maxTableBytes });
    // Three times what there is room for, of very different lengths.
    const clients = Array.from(
      { length: 6_000 },
      (_, index) => `${index}-`.padEnd(index % 7 === 0 ? 7_000 : 20, "x"),
    );
    for (const [index, client] of clients.entries()) {
      store.put(received(client, index + 1));
      assert(store.tableBytes <= maxTableBytes, `${store.tableBytes} bytes`);
    }
    const kept = stored(store, clients);
    assert(kept.length > 500, `${kept.length} clients`);
    assertEquals(kept.slice(-500), clients.slice(-500));
  },
});

Deno.test({
  name: "ReportStore also makes room when known clients' lines grow",
  permissions: "none",
  fn() {
    const maxTableBytes = 2 ** 21;
    const store = openStore({ maxTableBytes });
    const position = (digits: number) => `+1.${"0".repeat(digits)}-118`;
    for (let step = 1; step <= 4_000; step++) {
      store.put(makeReport("Hill", { seconds: step, nanoseconds: 0 }, {
        verb: "IAMAT",
        client: `client-${step % 1_000}`,
        position: position(step),
        time: String(step),
      }));
      assert(store.tableBytes <= maxTableBytes, `${store.tableBytes} bytes`);
    }
    assert(store.raisedHorizon !== undefined);
    assert(store.get("client-0") !== undefined);
  },
});

Deno.test({
  name: "ReportStore lets no source displace the clients of others",
  permissions: "none",
  fn() {
    let nowSeconds = 10_000;
    const store = openStore({
      maxClients: 1_600,
      sourceShare: 1 / 16,
      now: () => timestampOf(nowSeconds),
    });
    const flooder = new ReportSource("192.0.2.1");
    const put = (client: string, source?: ReportSource) =>
      store.put(received(client, nowSeconds), source);
    const phones = Array.from({ length: 200 }, (_, index) => `phone-${index}`);
    const sources = phones.map((_, index) =>
      new ReportSource(`203.0.113.${index}`)
    );
    const results: Record<string, number> = {};
    for (let second = 0; second < 600; second++) {
      nowSeconds += 1;
      for (let index = 0; index < 100; index++) {
        const result = put(`junk-${second}-${index}`, flooder);
        const name = typeof result === "string" ? result : "stored";
        results[name] = (results[name] ?? 0) + 1;
      }
      for (let index = second % 60; index < phones.length; index += 60) {
        assert(typeof put(phones[index], sources[index]) === "object");
      }
    }
    assertEquals(stored(store, phones).length, phones.length);
    assertEquals(store.raisedHorizon, undefined);
    // Half of the table, and what its one connection may add beyond that.
    assert(results.stored <= 1_600 / 2 + 4, `${results.stored} stored`);
    assert(results.share > 50_000);
    // Clients that the source has may go on.
    assert(typeof put("junk-0-0", flooder) === "object");
    // A phone behind the same address is taken, and a neighbour's reports are.
    const late = new ReportSource("192.0.2.1");
    assert(typeof put("late-phone", late) === "object");
    assert(typeof put("of-a-neighbour") === "object");
  },
});

Deno.test({
  name: "ReportStore limits additions beyond shares to one share a minute",
  permissions: "none",
  fn() {
    let nowSeconds = 6_000;
    const store = openStore({
      maxClients: 1_600,
      sourceShare: 1 / 16,
      now: () => timestampOf(nowSeconds),
    });
    /** Clients that are taken from connections with one client each. */
    const fill = (minute: string) => {
      let stored = 0;
      for (let index = 0; index < 1_000; index++) {
        const source = new ReportSource("192.0.2.1");
        const report = received(`${minute}-${index}`, nowSeconds);
        if (typeof store.put(report, source) === "object") stored += 1;
      }
      return stored;
    };
    assertEquals(fill("first"), 1_600 / 2 + 1_600 / 16 + 1);
    assertEquals(fill("same"), 0);
    nowSeconds += 60;
    assertEquals(fill("next"), 1_600 / 16 + 1);
  },
});

Deno.test({
  name: "ReportStore delays a horizon that is ahead of the clock",
  permissions: "none",
  fn() {
    let nowSeconds = 100;
    const store = openStore({ now: () => timestampOf(nowSeconds) });
    store.put(received("kiwi", 90));
    assertEquals(store.raiseHorizon(timestampOf(500)), "waits");
    assertEquals(store.raiseHorizon(timestampOf(500)), "known");
    assertEquals(store.raiseHorizon(timestampOf(200)), "waits");
    assertEquals(stored(store, ["kiwi"]), ["kiwi"]);
    assertEquals(store.raisedHorizon, undefined);
    assertEquals(store.raiseHorizon(timestampOf(80)), "raised");
    nowSeconds = 300;
    assertEquals(store.raiseWaitingHorizons(), true);
    assertEquals(store.raisedHorizon, timestampOf(200));
    assertEquals(stored(store, ["kiwi"]), []);
    assertEquals(store.hasWaitingHorizon, true);
    assertEquals(store.raiseWaitingHorizons(), false);
    nowSeconds = 600;
    assertEquals(store.raiseWaitingHorizons(), true);
    assertEquals([store.raisedHorizon, store.hasWaitingHorizon], [
      timestampOf(500),
      false,
    ]);
    // However many there are, the last one that is near is kept, and so are
    // those of a clock that is far ahead.
    for (let index = 1; index <= 100; index++) {
      store.raiseHorizon(timestampOf(nowSeconds + index / 50));
      store.raiseHorizon(timestampOf(10 ** 6 + index * 1_000));
    }
    nowSeconds += 2;
    assertEquals(store.raiseWaitingHorizons(), true);
    assertEquals(store.raisedHorizon, timestampOf(nowSeconds));
    nowSeconds = 10 ** 9;
    assertEquals(store.raiseWaitingHorizons(), true);
    assertEquals(store.raisedHorizon, timestampOf(10 ** 6 + 100_000));
  },
});

Deno.test({
  name: "ReportStore never moves the horizon past the clock to make room",
  permissions: "none",
  fn() {
    const nowSeconds = 100;
    const store = openStore({
      maxClients: 3,
      now: () => timestampOf(nowSeconds),
    });
    for (const client of ["a", "b", "c"]) store.put(received(client, 900));
    assertEquals(store.put(received("kiwi", 100)), "forgotten");
    assertEquals(store.raisedHorizon, timestampOf(100));
    assertEquals(stored(store, ["a", "b", "c", "kiwi"]), ["a", "b", "c"]);
  },
});
