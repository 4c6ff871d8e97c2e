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

/** The status of a herd of two servers that have received these reports. */
function statusOf(
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
  name: "history: rates are differences per second",
  permissions: "none",
  fn() {
    const history = new History();
    assertEquals(history.add(statusOf(100, { North: 1000, South: 50 })), false);
    assertEquals(history.updatesPerSecond, undefined);
    history.add(statusOf(102, { North: 1100, South: 60 }));
    assertEquals(history.points.at(-1)?.updates, [50, 5]);
    // A status sent early, as when a link goes down, adds no point.
    assertEquals(
      history.add(statusOf(102.1, { North: 9000, South: 60 })),
      false,
    );
    // South was restarted.
    history.add(statusOf(103, { North: 1100, South: 7 }));
    assertEquals(history.points.at(-1)?.updates, [0, 7]);
    assertEquals(history.updatesPerSecond, 7);
  },
});

Deno.test({
  name: "history: rates continue when the server's clock is set back",
  permissions: "none",
  fn() {
    const history = new History();
    for (const [seconds, time] of [[0, 100], [1, 101], [2, 40], [3, 9_000]]) {
      const status = statusOf(seconds, { North: seconds * 10, South: 0 });
      history.add({ ...status, time });
    }
    assertEquals(history.points.length, 3);
    assertEquals(history.updatesPerSecond, 10);
  },
});

Deno.test({
  name:
    "history: reports from servers of other processes are counted elsewhere",
  permissions: "none",
  fn() {
    const history = new History();
    const reports = (newer: number) => ({
      reports: { newer, known: 0, forgotten: 0 },
    });
    history.add(statusOf(100, { North: 0 }, reports(0), ["North"]));
    history.add(statusOf(101, { North: 10 }, reports(35), ["North"]));
    assertEquals(history.points.at(-1)?.updates, [10, 0]);
    assertEquals(history.points.at(-1)?.elsewhere, 25);
  },
});

Deno.test({
  name: "history: quantiles are of the last seconds and of all servers",
  permissions: "none",
  fn() {
    const slow = new DurationCounter();
    const history = new History();
    const add = (time: number) =>
      history.add(
        statusOf(time, { North: 0, South: 0 }, { whatsatSeconds: slow.read() }),
      );
    for (let index = 0; index < 100; index++) slow.add(30);
    add(100);
    assertEquals(history.add(statusOf(101, { North: 0, South: 0 })), true);
    for (let index = 0; index < 100; index++) slow.add(0.0015);
    add(102);
    // Since the first status, 100 values between 1 and 2 ms were added.
    const { WHATSAT, Propagation } = history.points.at(-1)!.quantiles;
    assert(WHATSAT !== null && WHATSAT.p50 > 0.001 && WHATSAT.p50 <= 0.002);
    assertEquals(Propagation, null);
    for (let time = 103; time < 300; time++) add(time);
    assertEquals(history.points.at(-1)?.quantiles.WHATSAT, null);
    assertEquals(history.points.length, 121);
  },
});

Deno.test({
  name: "history: quantiles are equal to those of the servers' code",
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
