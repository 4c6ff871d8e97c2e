import { herdOf } from "../../research/herds/shape.ts";
import { measureSpread } from "../../research/herds/spread.ts";
import { assert, assertEquals } from "../assert.ts";
import { topologyOf } from "../simulation/plan.ts";

/** The neighbours of each server, as names. */
const shapeOf = (count: number) =>
  [...topologyOf(herdOf(count)).neighbours.values()].map((neighbours) =>
    neighbours.map(({ name }) => name)
  );

Deno.test({
  name: "herds of any size have 2.4 links a server, and are always the same",
  permissions: "none",
  fn() {
    for (const count of [5, 10, 20, 40]) {
      const shape = shapeOf(count);
      assertEquals(shape.length, count);
      assertEquals(shape.flat().length / count, 2.4);
      assert(shape.every((neighbours) => neighbours.length >= 2));
      assertEquals(shape, shapeOf(count));
    }
    assertEquals(shapeOf(2), [["Server1"], ["Server0"]]);
    assertEquals(shapeOf(1), [[]]);
    assertEquals(shapeOf(3).map((neighbours) => neighbours.length), [2, 2, 2]);
  },
});

Deno.test({
  name: "an update reaches every server on short paths",
  permissions: "none",
  async fn() {
    assertEquals(await measureSpread(2), {
      crossings: 1,
      hopsMean: 1,
      hops: 1,
    });
    const { crossings, hops, hopsMean } = await measureSpread(5);
    assert(crossings >= 4 && crossings < 4.5, `${crossings}`);
    assert(hopsMean > 1.3 && hopsMean < 1.8, `${hopsMean}`);
    assert(hops >= 2 && hops <= 4, `${hops}`);
  },
});
