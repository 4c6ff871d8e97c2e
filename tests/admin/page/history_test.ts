import { History } from "../../../admin/page/history.js";
import { quantileOf } from "../../../admin/page/values.js";
import {
  DurationCounter,
  quantile,
} from "../../../server/status/distribution.ts";
import type { ServerStatus } from "../../../server/status/status.ts";
import { assert, assertEquals } from "../../assert.ts";
import { fakeStatus } from "../../fakes/herd_status.ts";
import type { Given } from "../../fakes/observed_server.ts";

/** A herd of two that has been told so many reports. */
function told(
  time: number,
  iamat: Record<string, number>,
  more: Given<ServerStatus> = {},
  seen = ["North", "South"],
) {
  const servers = Object.fromEntries(
    Object.entries(iamat).map(([name, count]) => [name, {
      lines: { iamat: count, whatsat: 0, invalid: 0 },
      ...more,
    }]),
  );
  return fakeStatus({
    names: ["North", "South"],
    links: [["North", "South"]],
    seen,
    time,
    servers,
  });
}

Deno.test({
  name: "history: rates are differences by the second",
  permissions: "none",
  fn() {
    const history = new History();
    assertEquals(history.add(told(100, { North: 1000, South: 50 })), false);
    assertEquals(history.updatesPerSecond, undefined);
    history.add(told(102, { North: 1100, South: 60 }));
    assertEquals(history.points.at(-1)?.updates, [50, 5]);
    // Sooner than a second, as when a link goes down: no point of its own.
    assertEquals(history.add(told(102.1, { North: 9000, South: 60 })), false);
    // South was started anew.
    history.add(told(103, { North: 1100, South: 7 }));
    assertEquals(history.points.at(-1)?.updates, [0, 7]);
    assertEquals(history.updatesPerSecond, 7);
  },
});

Deno.test({
  name: "history: what a single server learns from neighbours is told apart",
  permissions: "none",
  fn() {
    const history = new History();
    const reports = (newer: number) => ({
      reports: { newer, known: 0, forgotten: 0 },
    });
    history.add(told(100, { North: 0 }, reports(0), ["North"]));
    history.add(told(101, { North: 10 }, reports(35), ["North"]));
    assertEquals(history.points.at(-1)?.updates, [10, 0]);
    assertEquals(history.points.at(-1)?.elsewhere, 25);
  },
});

Deno.test({
  name: "history: quantiles are those of the last seconds, of all servers",
  permissions: "none",
  fn() {
    const slow = new DurationCounter();
    const history = new History();
    const add = (time: number) =>
      history.add(
        told(time, { North: 0, South: 0 }, { whatsatSeconds: slow.read() }),
      );
    for (let index = 0; index < 100; index++) slow.add(30);
    add(100);
    assertEquals(history.add(told(101, { North: 0, South: 0 })), true);
    for (let index = 0; index < 100; index++) slow.add(0.0015);
    add(102);
    // 100 values of the first two seconds between 1 and 2 ms, and none before.
    const { WHATSAT, Propagation } = history.points.at(-1)!.quantiles;
    assert(WHATSAT !== null && WHATSAT.p50 > 0.001 && WHATSAT.p50 <= 0.002);
    assertEquals(Propagation, null);
    for (let time = 103; time < 300; time++) add(time);
    assertEquals(history.points.at(-1)?.quantiles.WHATSAT, null);
    assertEquals(history.points.length, 121);
  },
});

Deno.test({
  name: "history: a quantile is what the servers' own code says",
  permissions: "none",
  fn() {
    const counter = new DurationCounter();
    for (let index = 1; index <= 500; index++) counter.add(index / 3000);
    const reading = counter.read();
    for (const share of [0, 0.01, 0.5, 0.9, 0.99, 1]) {
      assertEquals(
        quantileOf(reading.buckets, reading.count, share),
        quantile(reading, undefined, share),
      );
    }
  },
});
