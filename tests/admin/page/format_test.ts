import * as format from "../../../admin/page/format.js";
import { assertEquals } from "../../assert.ts";

Deno.test({
  name: "format: counts, latencies, sizes, rates, durations, positions",
  permissions: "none",
  fn() {
    assertEquals([0, 999, 1234567].map(format.count), [
      "0",
      "999",
      "1,234,567",
    ]);
    assertEquals(
      [0, 5e-5, 0.0012, 0.9996, 3, 61].map(format.latency),
      ["0 µs", "50 µs", "1.2 ms", "1 s", "3 s", "61 s"],
    );
    assertEquals(
      [0, 999, 1500, 143e6].map(format.bytes),
      ["0 B", "999 B", "1.5 kB", "143 MB"],
    );
    assertEquals([0, 0.4, 12.3, 1234].map(format.rate), [
      "0",
      "0.4",
      "12",
      "1,234",
    ]);
    assertEquals(
      [-1, 59, 3599, 7200, 1e6].map(format.duration),
      ["0 s", "59 s", "59 min", "2 h", "11 days"],
    );
    assertEquals(
      format.position(34.06893, -118.445127),
      "34.06893° N, 118.44513° W",
    );
  },
});

Deno.test({
  name: "format: times of day are in UTC, and ages lie behind or ahead",
  permissions: "none",
  fn() {
    assertEquals(format.timeOfDay(1520023934.9), "20:52:14");
    assertEquals(format.timeOfDay(Infinity), "–");
    assertEquals(
      [0.4, -0.4, 3, 90, 7200, -5, -90_000].map(format.age),
      [
        "now",
        "now",
        "3 s ago",
        "90 s ago",
        "2 h ago",
        "5 s ahead",
        "25 h ahead",
      ],
    );
  },
});

Deno.test({
  name: "format: a client's time may be any number",
  permissions: "none",
  fn() {
    assertEquals(
      format.clientTime(1520023934.9),
      "2018-03-02 20:52:14 UTC",
    );
    assertEquals(format.clientTime(999999999999999), "999999999999999 s");
  },
});
