import fc from "fast-check";
import { sweptReports } from "../../../peers/limits.ts";
import { root } from "../../../peers/store/digest_tree.ts";
import { fingerprint } from "../../../peers/store/fingerprint.ts";
import {
  Memory,
  type MemoryLimits,
} from "../../../peers/store/report_store.ts";
import {
  heardAtOf,
  makeReport,
  parseReport,
} from "../../../protocol/report.ts";
import type { Report } from "../../../protocol/report.ts";
import { assert, assertEquals } from "../../assert.ts";
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

function openMemory(limits: Partial<MemoryLimits>): Memory {
  return new Memory({
    maxClients: Infinity,
    clientTtlSeconds: undefined,
    nowSeconds: () => 0,
    ...limits,
  });
}

/** The clients that a memory knows, of those named. */
function known(memory: Memory, clients: readonly string[]): string[] {
  return clients.filter((client) => memory.get(client) !== undefined);
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
    const memory = openMemory({ maxClients: 3 });
    const clients = ["a", "b", "c", "d", "e"];
    // The client's own time is of no account here.
    memory.put(heard("b", 20, 900));
    memory.put(heard("a", 30, 1));
    memory.put(heard("c", 10, 500));
    assertEquals(memory.raisedHorizon, undefined);
    memory.put(heard("d", 40, 7));
    assertEquals(known(memory, clients), ["a", "b", "d"]);
    assertEquals(memory.raisedHorizon, 10);
    assertEquals(memory.size, 3);
    // One that was heard before all others is itself the one to forget.
    assertEquals(memory.put(heard("e", 15)), "forgotten");
    assertEquals(memory.raisedHorizon, 15);
    assertEquals(known(memory, clients), ["a", "b", "d"]);
    // News of a client that is known needs no room.
    memory.put(heard("a", 50, 2));
    memory.put(heard("e", 60));
    assertEquals(known(memory, clients), ["a", "d", "e"]);
  },
});

Deno.test({
  name: "Memory with few clients forgets just the one heard longest ago",
  permissions: "none",
  fn() {
    const maxClients = 40;
    const memory = openMemory({ maxClients });
    const count = 211;
    const clients = Array.from({ length: count }, (_, at) => `client-${at}`);
    for (const at of clients.keys()) {
      // Every time comes once, and in no order, as 211 is a prime.
      const heardAt = (61 * at) % count;
      memory.put(heard(clients[heardAt], heardAt));
      const filled = Math.min(at + 1, maxClients);
      assertEquals(known(memory, clients).length, filled, `after ${at}`);
    }
    assertEquals(known(memory, clients), clients.slice(-maxClients));
  },
});

Deno.test({
  name: "Memory never holds more than its limit, and forgets few at a time",
  permissions: "none",
  fn() {
    const maxClients = 2_000;
    const memory = openMemory({ maxClients });
    for (let index = 0; index < 10_000; index++) {
      memory.put(heard(`client-${index}`, index + 1));
      assert(memory.size <= maxClients);
    }
    assert(memory.size > maxClients * 0.9);
    const newest = Array.from(
      { length: 1_000 },
      (_, index) => `client-${9_999 - index}`,
    );
    assertEquals(known(memory, newest).length, newest.length);
  },
});

Deno.test({
  name: "Memory forgets a client when its time to live is over",
  permissions: "none",
  fn() {
    let nowSeconds = 100;
    const memory = openMemory({
      clientTtlSeconds: 10,
      nowSeconds: () => nowSeconds,
    });
    memory.put(heard("kiwi", 100, 900));
    nowSeconds = 109;
    assert(memory.get("kiwi") !== undefined);
    nowSeconds = 110;
    assertEquals(memory.get("kiwi"), undefined);
    assertEquals([...memory.linesBelow(root)], []);
    assertEquals(memory.put(heard("kiwi", 100, 900)), "forgotten");
    assertEquals(memory.put(heard("pear", 99)), "forgotten");
    // Its place is free after a while, and so is that of the next one.
    for (const client of ["kiwi", "plum"]) {
      memory.put(heard(client, nowSeconds));
      nowSeconds += 20;
      assert(memory.needsSweep);
      for (let sweeps = 0; sweeps < 3; sweeps++) memory.sweep(1);
      assertEquals(memory.size, 0);
      assertEquals(memory.needsSweep, false);
    }
    nowSeconds = 110;
    // A client whose clock was ahead is heard again.
    assert(typeof memory.put(heard("kiwi", 110, 5)) === "object");
    assertEquals(memory.get("kiwi"), heard("kiwi", 110, 5).line);
  },
});

Deno.test({
  name: "Memory frees later what a sweep has left",
  permissions: "none",
  fn() {
    let nowSeconds = 100;
    const memory = openMemory({
      clientTtlSeconds: 10,
      nowSeconds: () => nowSeconds,
    });
    for (let index = 0; index < 10; index++) {
      memory.put(heard(`client-${index}`, 100 + index));
    }
    for (let left = 10; left > 0; left--) {
      assertEquals(memory.size, left);
      nowSeconds = 120 - left;
      // One sweep a client, and one that begins in the middle of the circle.
      for (let sweeps = 0; sweeps <= left; sweeps++) memory.sweep(1);
    }
    assertEquals(memory.size, 0);
  },
});

Deno.test({
  name: "Memory frees what is forgotten, a little at a time",
  permissions: "none",
  fn() {
    const memory = openMemory({});
    const count = 3 * sweptReports;
    for (let index = 0; index < count; index++) {
      memory.put(heard(`client-${index}`, index + 1));
    }
    assertEquals(memory.needsSweep, false);
    memory.raiseHorizon(count - 5);
    assertEquals(memory.raiseHorizon(7), false);
    let sweeps = 0;
    while (memory.needsSweep) {
      const before = memory.size;
      memory.sweep(sweptReports);
      assert(before - memory.size <= sweptReports + 100);
      sweeps += 1;
    }
    assertEquals(memory.size, 5);
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
      const memory = openMemory({});
      for (const [client, time] of arrivals) {
        memory.put(heard(`client-${client}`, time));
      }
      if (horizon > 0) memory.raiseHorizon(horizon);
      while (memory.needsSweep) memory.sweep(10);
      // The same, told anew in another order.
      const other = openMemory({});
      const lines = [...memory.linesBelow(root)];
      for (const line of lines.toReversed()) {
        other.put(parseReport(line, () => true)!);
      }
      assertEquals(other.size, memory.size);
      for (let node = 0; node < 69_905; node += 17) {
        const [ours, theirs] = [memory.digests, other.digests];
        assertEquals(ours.digestOf(node), theirs.digestOf(node));
        assertEquals(ours.countOf(node), theirs.countOf(node));
      }
      assertEquals(memory.digests.countOf(root), lines.length);
      const sum = lines.map(fingerprint).reduce(
        (sum, next) => sum ^ BigInt(next),
        0n,
      );
      assertEquals(BigInt(memory.digests.digestOf(root)), sum);
    }));
  },
});
