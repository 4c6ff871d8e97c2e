import { LimitCounts } from "../../runtime/limit_counts.ts";
import { assertEquals } from "../assert.ts";
import { ManualClock } from "../fakes/manual_clock.ts";

Deno.test({
  name: "LimitCounts counts every hit, and logs each limit once a minute",
  permissions: "none",
  async fn() {
    const clock = new ManualClock();
    const logged: string[] = [];
    const counts = new LimitCounts(
      clock,
      (level, _connection, event, { hits, limit } = {}) =>
        logged.push(`${level} ${event} ${limit} ${hits}`),
    );
    assertEquals([...counts.hits], []);
    for (let second = 0; second < 90; second++) {
      counts.hit("connections");
      await clock.advance(1_000);
    }
    counts.hit("pipelined");
    assertEquals([...counts.hits], [["connections", 90], ["pipelined", 1]]);
    assertEquals(logged, [
      "warning limit reached connections 1",
      "warning limit reached connections 61",
      "warning limit reached pipelined 1",
    ]);
  },
});
