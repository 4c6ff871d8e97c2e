import { nearestRank } from "../../bench/hostile/lateness.ts";
import { attacks, measureAttack } from "../../bench/measures/hostile.ts";
import { assert, assertEquals } from "../assert.ts";

Deno.test({
  name: "nearestRank() is the least value that enough values do not exceed",
  permissions: "none",
  fn() {
    const values = Array.from({ length: 1_000 }, (_, index) => index + 1);
    assertEquals(
      [0, 0.0001, 0.5, 0.5001, 0.99, 0.999, 1].map((share) =>
        nearestRank(values, share)
      ),
      [1, 1, 500, 501, 990, 999, 1_000],
    );
    assertEquals(nearestRank([7], 0.999), 7);
    assert(Number.isNaN(nearestRank([], 0.5)));
  },
});

/** Measures an attack for half a second; returns its values by name. */
async function measure(point: string): Promise<Record<string, number>> {
  const attack = attacks.find((attack) => attack.point === point)!;
  const folder = await Deno.makeTempDir({ prefix: "bench-" });
  const samples: Readonly<Record<string, number>>[] = [];
  try {
    await measureAttack(
      {
        cores: { servers: [], load: [], description: "" },
        round: 1,
        secondsAPoint: 1,
        folder,
        add: (_subject, _point, values) => samples.push(values),
        missing: () => {},
      },
      attack,
      0.5,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  assertEquals(samples.length, 1);
  return samples[0];
}

for (const point of ["no attack", "burst of queries"]) {
  Deno.test({
    name: `the bench measures how late a server is: ${point}`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      const values = await measure(point);
      assert(Object.values(values).every((value) => value >= 0));
      assertEquals(values.unanswered, 0);
      assert(values.timerMostMs >= values.timerP999Ms);
      assert(values.timerMostMs >= values.ownMostMs);
      assert(values.clientMostMs >= values.clientP50Ms);
      // Some 14 bytes for each of 51,200 queries, and the report.
      assertEquals(values.attackMegabytes > 0.1, point !== "no attack");
    },
  });
}
