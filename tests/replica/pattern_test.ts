import fc from "../fast_check.ts";
import { createMatcher } from "../../replica/pattern.ts";
import { assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";

Deno.test({
  name: "createMatcher() matches any number of bytes with each *",
  permissions: "none",
  fn() {
    const anyText = fc.array(fc.constantFrom("a", "b", "*", ".", "\n"), {
      maxLength: 8,
    }).map((characters) => characters.join(""));
    assertProperty(
      fc.property(anyText, anyText, (pattern, client) => {
        const expression = pattern.split("*").map(RegExp.escape).join(".*");
        assertEquals(
          createMatcher(pattern)(client),
          new RegExp(`^${expression}$`, "s").test(client),
        );
      }),
      { numRuns: 2_000, examples: [["a*a", "a"], ["*", ""], ["ab*ba", "aba"]] },
    );
  },
});
