import { Durations } from "../../phones/durations.ts";
import { assert, assertEquals } from "../assert.ts";

Deno.test({
  name: "quantiles of durations are exact to 1 %, and the longest is exact",
  permissions: "none",
  fn() {
    const durations = new Durations();
    assertEquals(durations.quantileMs(0.5), undefined);
    for (let ms = 1_000; ms > 0; ms--) durations.add(ms / 7);
    for (const share of [0.001, 0.5, 0.9, 0.99]) {
      const exact = share * 1_000 / 7;
      const found = durations.quantileMs(share)!;
      assert(found >= exact && found <= exact * 1.0101, `${share}: ${found}`);
    }
    assertEquals(durations.quantileMs(1), 1_000 / 7);
    assertEquals(durations.longestMs, 1_000 / 7);
    assertEquals(durations.total, 1_000);
    durations.add(0);
    assert(durations.quantileMs(0)! < 0.002);
  },
});
