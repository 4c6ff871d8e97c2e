/**
 * Attributes, `protocol/attributes.ts`.
 *
 * For every field:
 *
 * - it is accepted if it is what the grammar in docs/PROTOCOL.md says, here in
 *   a second implementation;
 * - what is accepted is formatted to the same bytes.
 *
 * @module
 */
import {
  type Attributes,
  formatAttributes,
  parseAttributes,
} from "../../../protocol/attributes.ts";
import type { ByteString } from "../../../protocol/bytes.ts";
import { isAttributes, limits } from "../reference/attributes.ts";
import { demandSame, magnitude, type Target } from "../target.ts";

/** @param parse The parser under test. */
export function attributesTarget(
  parse: (field: ByteString) => Attributes | undefined = parseAttributes,
): Target {
  return {
    name: "attributes",
    tokens: [
      "accuracy=14",
      "altitude=-71.5",
      "battery=100",
      "course=360",
      "speed=0.00000001",
      "source=owntracks",
      "tid=mx",
      "999999999",
      "999999999.00000001",
      "%20",
      "%2C",
      "%41",
      "%7F",
      ",",
      "=",
      "-0",
      ".0",
      "1e3",
    ],
    check(field) {
      const parsed = parse(field);
      const expected = isAttributes(field);
      demandSame("whether it is valid", parsed !== undefined, expected);
      if (parsed === undefined) return `${magnitude(field.length)}`;
      demandSame("the same bytes", formatAttributes(parsed), field);
      return [...parsed.keys()].map((key) => key in limits ? key : "text")
        .join();
    },
  };
}
