/**
 * Patterns of IDs, `identity/patterns.ts`.
 *
 * An input is a pattern, LF, and an ID. For every input:
 *
 * - a pattern has a fault if and only if the reference refuses it;
 * - an ID matches if and only if the reference says so, as a text and between
 *   other bytes of a buffer.
 *
 * @module
 */
import { ClientPatterns, faultOfPattern } from "../../../identity/patterns.ts";
import { isPattern, matches } from "../reference/tokens.ts";
import { demand, demandSame, type Target } from "../target.ts";
import { place } from "./surroundings.ts";

/** The code under test. */
interface Tested {
  readonly faultOf: typeof faultOfPattern;
  readonly create: (
    patterns: readonly string[],
  ) => Pick<ClientPatterns, "includes" | "includesSpan">;
}

const real: Tested = {
  faultOf: faultOfPattern,
  create: (patterns) => new ClientPatterns(patterns),
};

/** @param tested Parts to replace. */
export function patternsTarget(tested: Partial<Tested> = {}): Target {
  const { create, faultOf } = { ...real, ...tested };
  return {
    name: "patterns",
    tokens: ["/*", "*", "/", "a/*\na/", "fam/", "fam", "\n", "a"],
    check(input) {
      const [pattern, id = ""] = input.split("\n", 2);
      const fault = faultOf(pattern);
      demandSame("a pattern", fault === undefined, isPattern(pattern));
      if (fault !== undefined) {
        demand("one line of text", /^[\x20-\x7e]+$/.test(fault));
        return fault;
      }
      const expected = matches(pattern, id);
      const patterns = create([pattern]);
      demandSame("a match", patterns.includes(id), expected);
      for (const { bytes, end, start } of place(id)) {
        const found = patterns.includesSpan(bytes, start, end);
        demandSame("a match in a buffer", found, expected);
      }
      return `${pattern.endsWith("*")} ${expected} ${
        id.startsWith(pattern.slice(0, -1))
      }`;
    },
  };
}
