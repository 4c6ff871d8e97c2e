/**
 * Properties that do not hold, for property_test.ts. `deno test` runs this file
 * only on request, as its name does not end in `_test`.
 *
 * @module
 */
import fc from "./fast_check.ts";
import { assert } from "./assert.ts";
import { assertProperty } from "./property.ts";

const large = fc.integer({ min: 0, max: 1_000_000_000 });

Deno.test({
  name: "every number is small",
  permissions: "none",
  fn() {
    assertProperty(fc.property(large, (number) => assert(number < 1_000)));
  },
});

Deno.test({
  name: "every number is small, after a while",
  permissions: "none",
  async fn() {
    await Promise.resolve();
    await assertProperty(
      fc.asyncProperty(large, async (number) => {
        await Promise.resolve();
        // Each seed leads to another smallest number.
        assert(number % 1_000_003 < 1_000);
      }),
      { examples: [[5]] },
    );
  },
});

Deno.test({
  name: "some number is both small and large",
  permissions: "none",
  fn() {
    assertProperty(fc.property(large, (number) => fc.pre(number < 0)));
  },
});
