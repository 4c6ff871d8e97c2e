import fc from "../fast_check.ts";
import { explainRefusal } from "../../commands/explain_refusal.ts";
import { parseCommand, syntaxOf, verbs } from "../../protocol/command.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { assertProperty } from "../property.ts";

const iamat = "IAMAT id position time";
const whatsat = "WHATSAT id radius bound";
const all = verbs.map(syntaxOf);

Deno.test({
  name: "explainRefusal() names the wrong field, and the syntax of the command",
  permissions: "none",
  fn() {
    const position = "+34.068930-118.445127";
    const cases: readonly (readonly [string, RegExp, string[]])[] = [
      ["", /^the line is empty$/, all],
      [" \t", /^the line is empty$/, all],
      ["hello", /^there is no command hello$/, all],
      ["toString 1 2 3", /no command toString$/, all],
      ["iamat k +1+1 1", /written in capitals: IAMAT$/, all],
      ["WhatsAt k 1 1", /written in capitals: WHATSAT$/, all],
      [`AT Hill +0.1 k ${position} 1`, /^AT is for servers/, all],
      ["IAMAT", /^the id is missing or wrong/, [iamat]],
      ["IAMAT kiwi", /^the position is missing or wrong/, [iamat]],
      ["IAMAT kiwi 1520023934", /^the position is missing or wrong/, [iamat]],
      [`IAMAT kiwi ${position}`, /^the time is missing or wrong/, [iamat]],
      ["IAMAT kiwi 34-118 1", /^the position 34-118 is wrong: .*sign/, [iamat]],
      ["IAMAT kiwi +91-118 1", /^the position \+91-118 is wrong/, [iamat]],
      [
        `IAMAT kiwi ${position} -1`,
        /^the time -1 is wrong: expected now, ISO 8601 .*, or POSIX seconds /,
        [iamat],
      ],
      [
        `IAMAT kiwi ${position} 1 2 3`,
        /^unexpected text after the time: 2 3$/,
        [iamat],
      ],
      ["WHATSAT kiwi 51 1", /^the radius 51 is wrong: .* 0 to 50/, [whatsat]],
      ["WHATSAT kiwi 50 2.5", /^the bound 2.5 is wrong: .*0 to 20/, [whatsat]],
      ["WHATSAT kiwi 1 21", /^the bound 21 is wrong/, [whatsat]],
      ["WHATSAT kiwi 1", /^the bound is missing or wrong/, [whatsat]],
      ["WHATSAT kiwi 1 1", /^this server has no report of kiwi$/, [whatsat]],
      [
        `IAMAT kiwi ${position} 1`,
        /^this server accepts no report for kiwi: a field may be too long$/,
        [iamat],
      ],
    ];
    for (const [line, why, syntax] of cases) {
      const explanation = explainRefusal(line);
      assertMatch(explanation.why, why);
      assertEquals(explanation.syntax, syntax);
    }
  },
});

Deno.test({
  name: "explainRefusal() says what a certificate may not permit",
  permissions: "none",
  fn() {
    for (
      const [line, why] of [
        [
          "IAMAT kiwi +1+1 1",
          "the certificate does not permit reports for kiwi",
        ],
        [
          "WHATSAT kiwi 1 1",
          "this server has no report of kiwi, or the certificate does not " +
          "permit queries for it",
        ],
        ["hello", "there is no command hello"],
      ]
    ) assertEquals(explainRefusal(line, true).why, why);
  },
});

Deno.test({
  name:
    "explainRefusal() gives a reason of the server only for a valid command",
  permissions: "none",
  fn() {
    const word = fc.constantFrom("IAMAT", "WHATSAT", "k", "+1+1", "1", "x", "");
    assertProperty(
      fc.property(fc.array(word, { maxLength: 5 }), (words) => {
        const line = words.join(" ");
        const isOfServer = /^this server/.test(explainRefusal(line).why);
        assert(isOfServer === (parseCommand(line) !== undefined), line);
      }),
    );
  },
});
