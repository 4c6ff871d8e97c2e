import fc from "../../fast_check.ts";
import { maxPageReports, sweptReports } from "../../../peers/limits.ts";
import { root } from "../../../peers/store/digest_tree.ts";
import { ReportSource } from "../../../replica/report_source.ts";
import { fingerprint } from "../../../peers/store/fingerprint.ts";
import {
  ReportStore,
  type StoreLimits,
} from "../../../peers/store/report_store.ts";
import {
  heardAtOf,
  makeReport,
  parseReport,
} from "../../../protocol/report.ts";
import type { Report } from "../../../protocol/report.ts";
import { assert, assertEquals, assertThrows } from "../../assert.ts";
import { assertProperty } from "../../property.ts";

/** A report heard at one time, about a client whose own clock may be wrong. */
function heard(client: string, heardAt: number, time = heardAt): Report {
  return makeReport("Hill", { seconds: heardAt, nanoseconds: 0 }, {
    verb: "IAMAT",
    client,
    position: "+34-118",
    time: String(time),
  });
}

function openMemory(limits: Partial<StoreLimits>): ReportStore {
  return new ReportStore({
    maxClients: Infinity,
    maxTableBytes: Infinity,
    sourceShare: 1,
    clientTtlSeconds: undefined,
    nowSeconds: () => 10 ** 9,
    ...limits,
  });
}

/** The clients that a memory knows, of those named. */
function known(store: ReportStore, clients: readonly string[]): string[] {
  return clients.filter((client) => store.get(client) !== undefined);
}

Deno.test({
  name: "heardAtOf() is when the server heard, whatever the client's clock",
  permissions: "none",
  fn() {
    for (const time of [0, 99, 100, 5_000]) {
      assertEquals(heardAtOf(heard("kiwi", 100, time).line), 100);
    }
  },
});

Deno.test({
  name: "Memory forgets those heard longest ago when there is no room",
  permissions: "none",
  fn() {
    const store = openMemory({ maxClients: 3 });
    const clients = ["a", "b", "c", "d", "e"];
    // The client's own time is of no account here.
    store.put(heard("b", 20, 900));
    store.put(heard("a", 30, 1));
    store.put(heard("c", 10, 500));
    assertEquals(store.raisedHorizon, undefined);
    store.put(heard("d", 40, 7));
    assertEquals(known(store, clients), ["a", "b", "d"]);
    assertEquals(store.raisedHorizon, 10);
    assertEquals(store.size, 3);
    // One that was heard before all others is itself the one to forget.
    assertEquals(store.put(heard("e", 15)), "forgotten");
    assertEquals(store.raisedHorizon, 15);
    assertEquals(known(store, clients), ["a", "b", "d"]);
    // News of a client that is known needs no room.
    store.put(heard("a", 50, 2));
    store.put(heard("e", 60));
    assertEquals(known(store, clients), ["a", "d", "e"]);
  },
});

Deno.test({
  name: "Memory with few clients forgets just the one heard longest ago",
  permissions: "none",
  fn() {
    const maxClients = 40;
    const store = openMemory({ maxClients });
    const count = 211;
    const clients = Array.from({ length: count }, (_, at) => `client-${at}`);
    for (const at of clients.keys()) {
      // Every time comes once, and in no order, as 211 is a prime.
      const heardAt = (61 * at) % count;
      store.put(heard(clients[heardAt], heardAt));
      const filled = Math.min(at + 1, maxClients);
      assertEquals(known(store, clients).length, filled, `after ${at}`);
    }
    assertEquals(known(store, clients), clients.slice(-maxClients));
  },
});

Deno.test({
  name: "Memory never holds more than its limit, and forgets few at a time",
  permissions: "none",
  fn() {
    const maxClients = 2_000;
    const store = openMemory({ maxClients });
    for (let index = 0; index < 10_000; index++) {
      store.put(heard(`client-${index}`, index + 1));
      assert(store.size <= maxClients);
    }
    assert(store.size > maxClients * 0.9);
    const newest = Array.from(
      { length: 1_000 },
      (_, index) => `client-${9_999 - index}`,
    );
    assertEquals(known(store, newest).length, newest.length);
  },
});

Deno.test({
  name: "Memory forgets a client when its time to live is over",
  permissions: "none",
  fn() {
    let nowSeconds = 100;
    const store = openMemory({
      clientTtlSeconds: 10,
      nowSeconds: () => nowSeconds,
    });
    store.put(heard("kiwi", 100, 900));
    nowSeconds = 109;
    assert(store.get("kiwi") !== undefined);
    nowSeconds = 110;
    assertEquals(store.get("kiwi"), undefined);
    assertEquals([...store.linesBelow(root)], []);
    assertEquals(store.put(heard("kiwi", 100, 900)), "forgotten");
    assertEquals(store.put(heard("pear", 99)), "forgotten");
    // Its place is free after a while, and so is that of the next one.
    for (const client of ["kiwi", "plum"]) {
      store.put(heard(client, nowSeconds));
      nowSeconds += 20;
      assert(store.needsSweep);
      for (let sweeps = 0; sweeps < 3; sweeps++) store.sweep(1);
      assertEquals(store.size, 0);
      assertEquals(store.needsSweep, false);
    }
    nowSeconds = 110;
    // A client whose clock was ahead is heard again.
    assert(typeof store.put(heard("kiwi", 110, 5)) === "object");
    assertEquals(store.get("kiwi"), heard("kiwi", 110, 5).line);
  },
});

Deno.test({
  name: "Memory frees later what a sweep has left",
  permissions: "none",
  fn() {
    let nowSeconds = 100;
    const store = openMemory({
      clientTtlSeconds: 10,
      nowSeconds: () => nowSeconds,
    });
    for (let index = 0; index < 10; index++) {
      store.put(heard(`client-${index}`, 100 + index));
    }
    for (let left = 10; left > 0; left--) {
      assertEquals(store.size, left);
      nowSeconds = 120 - left;
      // One sweep a client, and one that begins in the middle of the circle.
      for (let sweeps = 0; sweeps <= left; sweeps++) store.sweep(1);
    }
    assertEquals(store.size, 0);
  },
});

Deno.test({
  name: "Memory frees what is forgotten, a little at a time",
  permissions: "none",
  fn() {
    const store = openMemory({});
    const count = 3 * sweptReports;
    for (let index = 0; index < count; index++) {
      store.put(heard(`client-${index}`, index + 1));
    }
    assertEquals(store.needsSweep, false);
    store.raiseHorizon(count - 5);
    assertEquals(store.raiseHorizon(7), "known");
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
  name: "Memory's digests depend on what is stored, and on nothing else",
  permissions: "none",
  fn() {
    const arrivals = fc.array(
      fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 9 })),
      { maxLength: 80 },
    );
    assertProperty(fc.property(arrivals, fc.nat(9), (arrivals, horizon) => {
      const store = openMemory({});
      for (const [client, time] of arrivals) {
        store.put(heard(`client-${client}`, time));
      }
      if (horizon > 0) store.raiseHorizon(horizon);
      while (store.needsSweep) store.sweep(10);
      // The same, told anew in another order.
      const other = openMemory({});
      const lines = [...store.linesBelow(root)];
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

/** All pages of a selection; `between` is called behind each. */
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

// Enough that some leaves have several clients.
const manyClients = Array.from({ length: 2_000 }, (_, index) => `c${index}`);

Deno.test({
  name: "select() gives each client that is picked once, in pages",
  permissions: "none",
  fn() {
    const store = openMemory({});
    for (const client of manyClients) store.put(heard(client, 10));
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
              .map((client) => heard(client, 10).line).sort(),
          );
        },
      ),
      { numRuns: 30, examples: [[1, 0]] },
    );
  },
});

Deno.test({
  name: "select() gives what is there all the time, whatever comes and goes",
  permissions: "none",
  fn() {
    const store = openMemory({});
    for (const client of manyClients) store.put(heard(client, 10));
    let added = 0;
    const pages = pagesOf(store, (client) => client.startsWith("c"), 7, () => {
      store.put(heard(`n${added}`, 10));
      store.forget(`n${added - 5}`, 10);
      store.put(heard(manyClients[added % manyClients.length], 20));
      added += 1;
    });
    const clients = pages.flat().map((line) => line.split(" ")[3]);
    assertEquals(clients.sort(), manyClients.toSorted());
  },
});

Deno.test({
  name: "select() looks at so many reports for a page, and at no forgotten one",
  permissions: "none",
  fn() {
    let nowSeconds = 15;
    const store = openMemory({
      clientTtlSeconds: 10,
      nowSeconds: () => nowSeconds,
    });
    for (let index = 0; index <= maxPageReports; index++) {
      store.put(heard(`c${index}`, 10));
    }
    const { lines, next } = store.select(() => false, 1);
    assertEquals(lines, []);
    assert(next !== undefined);
    assertEquals(store.select(() => false, 1, next).next, undefined);
    store.put(heard("late", 19));
    nowSeconds = 20;
    const shown = pagesOf(store, () => true, 10).flat();
    assertEquals(shown, [heard("late", 19).line]);
  },
});

Deno.test({
  name: "select() refuses a cursor that it has not made",
  permissions: "none",
  fn() {
    const store = openMemory({});
    for (const cursor of ["", "0", "x ", "-1 ", "123456 "]) {
      assertThrows(() => store.select(() => true, 1, cursor), RangeError);
    }
  },
});

Deno.test({
  name: "forget() removes a client that was heard until then, and no other",
  permissions: "none",
  fn() {
    const gone: string[] = [];
    const store = new ReportStore(
      {
        maxClients: 9,
        maxTableBytes: Infinity,
        sourceShare: 1,
        clientTtlSeconds: undefined,
        nowSeconds: () => 10 ** 9,
      },
      (client) => gone.push(client),
    );
    store.put(heard("kiwi", 10));
    store.put(heard("pear", 11));
    for (const client of ["kiwi", "pear", "plum"]) store.forget(client, 10);
    assertEquals(known(store, ["kiwi", "pear"]), ["pear"]);
    assertEquals([store.size, gone], [1, ["kiwi"]]);
  },
});

Deno.test({
  name: "ReportStore keeps its table within its bytes, and the newest in it",
  permissions: "none",
  fn() {
    const maxTableBytes = 2 ** 21;
    const store = openMemory({ maxTableBytes });
    // Three times what there is room for, of very different lengths.
    const clients = Array.from(
      { length: 6_000 },
      (_, index) => `${index}-`.padEnd(index % 7 === 0 ? 7_000 : 20, "x"),
    );
    for (const [index, client] of clients.entries()) {
      store.put(heard(client, index + 1));
      assert(store.tableBytes <= maxTableBytes, `${store.tableBytes} bytes`);
    }
    const kept = known(store, clients);
    assert(kept.length > 500, `${kept.length} clients`);
    assertEquals(kept.slice(-500), clients.slice(-500));
  },
});

Deno.test({
  name: "ReportStore makes room where known clients' lines grow, too",
  permissions: "none",
  fn() {
    const maxTableBytes = 2 ** 21;
    const store = openMemory({ maxTableBytes });
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
    const store = openMemory({
      maxClients: 1_600,
      sourceShare: 1 / 16,
      nowSeconds: () => nowSeconds,
    });
    const flooder = new ReportSource("192.0.2.1");
    const put = (client: string, source?: ReportSource) =>
      store.put(heard(client, nowSeconds), source);
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
    assertEquals(known(store, phones).length, phones.length);
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
  name:
    "ReportStore takes a share a minute beyond shares, from all connections",
  permissions: "none",
  fn() {
    let nowSeconds = 6_000;
    const store = openMemory({
      maxClients: 1_600,
      sourceShare: 1 / 16,
      nowSeconds: () => nowSeconds,
    });
    /** Clients that are taken from connections with one client each. */
    const fill = (minute: string) => {
      let stored = 0;
      for (let index = 0; index < 1_000; index++) {
        const source = new ReportSource("192.0.2.1");
        const report = heard(`${minute}-${index}`, nowSeconds);
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
  name: "ReportStore lets a horizon wait that is ahead of the clock",
  permissions: "none",
  fn() {
    let nowSeconds = 100;
    const store = openMemory({ nowSeconds: () => nowSeconds });
    store.put(heard("kiwi", 90));
    assertEquals(store.raiseHorizon(500), "waits");
    assertEquals(store.raiseHorizon(500), "known");
    assertEquals(store.raiseHorizon(200), "waits");
    assertEquals(known(store, ["kiwi"]), ["kiwi"]);
    assertEquals(store.raisedHorizon, undefined);
    assertEquals(store.raiseHorizon(80), "raised");
    nowSeconds = 300;
    assertEquals(store.raiseWaitingHorizons(), true);
    assertEquals(store.raisedHorizon, 200);
    assertEquals(known(store, ["kiwi"]), []);
    assertEquals(store.hasWaitingHorizon, true);
    assertEquals(store.raiseWaitingHorizons(), false);
    nowSeconds = 600;
    assertEquals(store.raiseWaitingHorizons(), true);
    assertEquals([store.raisedHorizon, store.hasWaitingHorizon], [500, false]);
    // However many there are, the next ones are kept.
    for (let seconds = 5_000; seconds > 1_000; seconds -= 10) {
      store.raiseHorizon(seconds);
    }
    nowSeconds = 1_010;
    assertEquals(store.raiseWaitingHorizons(), true);
    assertEquals(store.raisedHorizon, 1_010);
  },
});

Deno.test({
  name: "ReportStore never moves the horizon past the clock to make room",
  permissions: "none",
  fn() {
    const nowSeconds = 100;
    const store = openMemory({ maxClients: 3, nowSeconds: () => nowSeconds });
    for (const client of ["a", "b", "c"]) store.put(heard(client, 900));
    assertEquals(store.put(heard("kiwi", 100)), "forgotten");
    assertEquals(store.raisedHorizon, 100);
    assertEquals(known(store, ["a", "b", "c", "kiwi"]), ["a", "b", "c"]);
  },
});
