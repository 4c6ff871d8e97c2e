import type { Context } from "../../bench/measure.ts";
import {
  measureFault,
  RestartedHerd,
} from "../../bench/measures/convergence.ts";
import { assignCores } from "../../bench/processes.ts";
import { summarizeOutage } from "../../bench/propagation/outage_summary.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertThrows,
} from "../assert.ts";

const pure = { permissions: "none" } as const;

/** Calls back with a context. */
async function withContext(
  act: (context: Context) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "convergence-" });
  try {
    await act({
      cores: assignCores(),
      folder,
      round: 1,
      secondsAPoint: 1,
      add: () => {},
      missing: () => {},
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test(
  "an outage is the longest update that a fault may have affected",
  pure,
  () => {
    const faultMs = 10_000;
    const probe = (atMs: number, tookMs?: number) => ({
      sentMs: faultMs + atMs,
      tookMs,
    });
    const usual = [probe(-1_501, 900), probe(-1_500, 3), probe(-501, 7)];
    const affected = [probe(-500, 8), probe(-1, 120), probe(300, 20)];
    assertEquals(summarizeOutage([...usual, ...affected], faultMs), {
      outageMs: 120,
      usualMs: 7,
      lost: 0,
    });
    // Lost updates count before the fault too, but not in the warm-up.
    const lost = [probe(-1_600), probe(-700), probe(0), probe(5)];
    assertEquals(summarizeOutage([...usual, ...affected, ...lost], faultMs), {
      outageMs: 120,
      usualMs: 7,
      lost: 3,
    });
    assertThrows(
      () => summarizeOutage(usual, faultMs),
      Error,
      "before the fault and after",
    );
  },
);

Deno.test({
  name: "no update is lost when a server on the path is killed or frozen",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withContext(async (context) => {
      for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
        const outage = await measureFault(context, { signal, watchedMs: 500 });
        assertEquals(outage.lost, 0);
        assert(outage.usualMs > 0 && outage.outageMs > 0);
      }
    }),
});

Deno.test({
  name: "a restarted server is ready when it knows all clients",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withContext(async (context) => {
      await using herd = await RestartedHerd.start(context);
      assert(await herd.measure(0, 1) > 0);
      // Enough to take a while.
      await herd.fill(20_000);
      assert(await herd.measure(20_000, 2) > 0);
      await assertRejects(
        () => herd.measure(19_999, 1),
        Error,
        "Campbell knows 20000 clients, not 19999",
      );
    }),
});
