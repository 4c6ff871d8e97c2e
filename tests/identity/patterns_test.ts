import fc from "../fast_check.ts";
import {
  ClientPatterns,
  faultOfId,
  faultOfPattern,
  faultOfPatterns,
} from "../../identity/patterns.ts";
import { encodeBytes } from "../../protocol/bytes.ts";
import { assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";
import { anyClient } from "../protocol/arbitraries.ts";

Deno.test({
  name: "a pattern is an ID or prefix/*, and other patterns are named",
  permissions: "none",
  fn() {
    const cases: Record<string, string | undefined> = {
      "mira/pixel": undefined,
      "kiwi.cs.ucla.edu": undefined,
      "fam/*": undefined,
      "a/b/*": undefined,
      "//*": undefined,
      "/": undefined,
      "\xff\0": undefined,
      "a,b": undefined,
      "": "it is empty",
      "*": "* is not at its end, after /",
      "mira*": "* is not at its end, after /",
      "*/pixel": "* is not at its end, after /",
      "mira/*/pixel": "* is not at its end, after /",
      "mira/**": "* is not at its end, after /",
      "*/*": "it contains * twice",
      "/*": "nothing is before /*",
      "a b": "it contains white space",
      "a\n": "it contains white space",
      "a b/*": "it contains white space",
      ["x".repeat(1024)]: undefined,
      ["x".repeat(1025)]: "it has over 1024 bytes",
      ["x".repeat(1023) + "/*"]: "it has over 1024 bytes",
    };
    for (const [pattern, fault] of Object.entries(cases)) {
      assertEquals(faultOfPattern(pattern), fault, JSON.stringify(pattern));
    }
    assertEquals(faultOfId("mira/*"), "it contains *");
    const many = Array.from({ length: 65 }, (_, index) => `${index}`);
    assertEquals(faultOfPatterns(many.slice(1)), undefined);
    assertEquals(
      faultOfPatterns(many),
      "expected at most 64 patterns, found 65",
    );
    assertEquals(
      faultOfPatterns(["a", "b*"]),
      "pattern 2: expected an ID or prefix/*, but * is not at its end, after /",
    );
  },
});

Deno.test({
  name: "prefix/* includes the longer IDs that begin with prefix/",
  permissions: "none",
  fn() {
    const patterns = new ClientPatterns(["fam/*", "van"]);
    for (const id of ["fam/a", "fam/a/b", "fam//", "fam/*", "van"]) {
      assertEquals(patterns.includes(id), true, id);
    }
    for (const id of ["fam", "fam/", "fama", "Fam/a", "/fam/a", "van/a", ""]) {
      assertEquals(patterns.includes(id), false, id);
    }
    assertEquals(new ClientPatterns([]).includes("van"), false);
  },
});

Deno.test({
  name:
    "a span of a buffer is included if its bytes are, and nothing around it counts",
  permissions: "none",
  fn() {
    // Few different bytes, so that IDs match often.
    const word = fc.string({
      unit: fc.constantFrom("a", "/", "\xe9"),
      minLength: 1,
      maxLength: 5,
    });
    const pattern = fc.oneof(word, word.map((prefix) => `${prefix}/*`));
    const property = fc.property(
      fc.array(pattern, { maxLength: 4 }),
      fc.oneof(word, anyClient),
      word,
      (list, client, around) => {
        const patterns = new ClientPatterns(list);
        const expected = list.some((pattern) =>
          pattern.endsWith("*")
            ? client.startsWith(pattern.slice(0, -1)) &&
              client.length >= pattern.length
            : client === pattern
        );
        assertEquals(patterns.includes(client), expected);
        const bytes = encodeBytes(around + client + around);
        const start = around.length;
        const end = start + client.length;
        assertEquals(patterns.includesSpan(bytes, start, end), expected);
      },
    );
    assertProperty(property, { numRuns: 2_000 });
  },
});
