import fc from "../fast_check.ts";
import { bytesOfText, textOfBytes } from "../../protocol/bytes.ts";
import { Body, BodyError } from "../../places/trim.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { assertProperty } from "../property.ts";
import {
  legacyNothing,
  legacyPage,
  legacyRefusals,
  styleNames,
} from "../fakes/legacy_bodies.ts";

const cut = (text: string, bound: number) =>
  textOfBytes(new Body(bytesOfText(text)).cut(bound));

/** The text without its final newline. */
const withoutFinalNewline = (text: string) =>
  text.endsWith("\n") ? text.slice(0, -1) : text;

const google = `{
   "html_attributions" : [],
   "next_page_token" : "abc",
   "results" : [
      {
         "name" : "Caf\u00e9 ] } \\" , [",
         "types" : [ "a", "b" ]
      },
      {
         "name" : "\u65e5\u672c\\\\",
         "results" : [ 1, 2, 3 ]
      },
      {
         "name" : "\\u003cb\\u003e \u{1f95d}"
      }
   ],
   "status" : "OK"
}
`;

const googleCutToTwo = `{
   "html_attributions" : [],
   "next_page_token" : "abc",
   "results" : [
      {
         "name" : "Caf\u00e9 ] } \\" , [",
         "types" : [ "a", "b" ]
      },
      {
         "name" : "\u65e5\u672c\\\\",
         "results" : [ 1, 2, 3 ]
      }
   ],
   "status" : "OK"
}`;

const googleCutToOne = `{
   "html_attributions" : [],
   "next_page_token" : "abc",
   "results" : [
      {
         "name" : "Caf\u00e9 ] } \\" , [",
         "types" : [ "a", "b" ]
      }
   ],
   "status" : "OK"
}`;

const googleCutToNone = `{
   "html_attributions" : [],
   "next_page_token" : "abc",
   "results" : [],
   "status" : "OK"
}`;

Deno.test({
  name: "a cut body is the service's own text, byte for byte",
  permissions: "none",
  fn() {
    assertEquals(cut(google, 20), withoutFinalNewline(google));
    assertEquals(cut(google, 3), withoutFinalNewline(google));
    assertEquals(cut(google, 2), googleCutToTwo);
    assertEquals(cut(google, 1), googleCutToOne);
    assertEquals(cut(google, 0), googleCutToNone);
    assertEquals(
      cut(withoutFinalNewline(google), 20),
      withoutFinalNewline(google),
    );
    assertEquals(cut(withoutFinalNewline(google), 1), googleCutToOne);
  },
});

Deno.test({
  name: "a page of 20 cut to a bound equals a page of that size, in any format",
  permissions: "none",
  fn() {
    for (const style of styleNames) {
      for (const bound of [1, 2, 5, 19, 20]) {
        assertEquals(
          cut(legacyPage(20, style), bound),
          withoutFinalNewline(legacyPage(bound, style)),
          `${style} ${bound}`,
        );
      }
      const none = withoutFinalNewline(legacyPage(0, style));
      assertEquals(
        cut(legacyPage(20, style), 0),
        // The bracket stays on its own line.
        style === "google2023"
          ? none.replace('"results" : []', '"results" : \n   []')
          : none,
        style,
      );
    }
  },
});

Deno.test({
  name: "a body can be cut repeatedly",
  permissions: "none",
  fn() {
    const body = new Body(bytesOfText(google));
    for (const bound of [0, 3, 1, 2, 1, 20, 0]) {
      assertEquals(textOfBytes(body.cut(bound)), cut(google, bound));
    }
    assertEquals(textOfBytes(body.text), withoutFinalNewline(google));
  },
});

Deno.test({
  name: "a body without results is unchanged for any bound",
  permissions: "none",
  fn() {
    const texts = [
      ...styleNames.map((style) => legacyNothing(style)),
      ...Object.values(legacyRefusals),
    ];
    for (const bound of [0, 5, 20]) {
      for (const text of texts) {
        assertEquals(cut(text, bound), withoutFinalNewline(text));
      }
      // An array without results becomes [].
      assertEquals(
        cut('{"results":[ \n ],"status":""}', bound),
        '{"results":[],"status":""}',
      );
    }
  },
});

Deno.test({
  name: "a body's status is that of the outermost object",
  permissions: "none",
  fn() {
    const statusOf = (text: string) => new Body(bytesOfText(text)).status;
    assertEquals(statusOf(google), "OK");
    assertEquals(statusOf(legacyNothing("compact")), "ZERO_RESULTS");
    assertEquals(statusOf(legacyRefusals.wrongKey), "REQUEST_DENIED");
    assertEquals(statusOf(legacyRefusals.unknownError), "UNKNOWN_ERROR");
    assertEquals(
      statusOf(
        '{"a":{"status":"no"},"results":[],"st\\u0061tus":"\\u004f\\u004B"}',
      ),
      "OK",
    );
  },
});

Deno.test({
  name: "other formats of JSON are preserved",
  permissions: "none",
  fn() {
    assertEquals(
      cut('{"results":[1,2,3],"status":"OK"}', 2),
      '{"results":[1,2],"status":"OK"}',
    );
    assertEquals(
      cut('{\n"results" :\n[\n{"a":1} ,\n{"b":2}\n] , "status":"OK"}', 1),
      '{\n"results" :\n[\n{"a":1}\n] , "status":"OK"}',
    );
    assertEquals(
      cut(
        '{\t"results"\r\n: [ "]" ,\t-1.5e+3\r\n, [[]],{},null\t] ,"status":""}',
        4,
      ),
      '{\t"results"\r\n: [ "]" ,\t-1.5e+3\r\n, [[]],{}\t] ,"status":""}',
    );
  },
});

Deno.test({
  name:
    "every run of newlines becomes one, and the body has none at its start or end",
  permissions: "none",
  fn() {
    assertEquals(
      cut('\n\n{\n\n\n"results":[],\n"status":"OK"\n\n}\n\n\n', 5),
      '{\n"results":[],\n"status":"OK"\n}',
    );
    assertEquals(
      cut('\n{"results":[1,\n\n2,\n\n\n3\n\n],"status":"OK"\n}', 2),
      '{"results":[1,\n2\n],"status":"OK"\n}',
    );
    assertEquals(
      cut('\r\n\r\n{\r\n\r\n"results":[1],\r\n"status":"OK"\n\r\n}\r\n', 5),
      '{\r\n"results":[1],\r\n"status":"OK"\n}',
    );
    // With the LF after the body, such a CR would make an empty line.
    for (const end of ["\n\r", "\n\r\r\n", "\r\n\r"]) {
      assertEquals(
        cut('{"results":[1,2],"status":"OK"}' + end, 1),
        '{"results":[1],"status":"OK"}',
      );
    }
    // An escaped newline is not a newline of the text.
    assertEquals(
      cut('{"results":["\\n\\n"],"status":"\\n\\n"}', 1),
      '{"results":["\\n\\n"],"status":"\\n\\n"}',
    );
  },
});

Deno.test({
  name:
    "results are found with an escaped key, and only in the outermost object",
  permissions: "none",
  fn() {
    assertEquals(
      cut('{"r\\u0065sult\\u0073":[1,2],"status":"OK"}', 1),
      '{"r\\u0065sult\\u0073":[1],"status":"OK"}',
    );
    assertEquals(
      cut(
        '{"a":{"results":[1,2]},"b":"results","results":[1,2],"status":""}',
        1,
      ),
      '{"a":{"results":[1,2]},"b":"results","results":[1],"status":""}',
    );
    assertEquals(
      cut('{"x\\"results":[1,2],"\\\\":[3,4],"results":[5,6],"status":""}', 1),
      '{"x\\"results":[1,2],"\\\\":[3,4],"results":[5],"status":""}',
    );
  },
});

Deno.test({
  name: "duplicate results are all cut to the bound",
  permissions: "none",
  fn() {
    assertEquals(
      cut('{"results":[1,2],"status":"OK","results":[3,4,5]}', 1),
      '{"results":[1],"status":"OK","results":[3]}',
    );
    assertEquals(
      cut('{"results":[1],"status":"OK","results":[3,4,5]}', 2),
      '{"results":[1],"status":"OK","results":[3,4]}',
    );
    assertEquals(
      cut('{"results":{"a":[1,2]},"results":[3,4],"status":"OK"}', 0),
      '{"results":{"a":[1,2]},"results":[],"status":"OK"}',
    );
  },
});

Deno.test({
  name: "a text that is not an answer to a Nearby Search is rejected",
  permissions: "none",
  fn() {
    for (
      const bytes of [
        "",
        "\n",
        "<!DOCTYPE html><html></html>",
        "null",
        "true",
        "7",
        '"results"',
        "[]",
        '[{"results":[],"status":"OK"}]',
        "{}",
        '{"results":[]}',
        '{"status":"OK"}',
        '{"results":{},"status":"OK"}',
        '{"results":null,"status":"OK"}',
        '{"results":"[]","status":"OK"}',
        '{"results":[1],"results":{},"status":"OK"}',
        '{"results":[],"status":1}',
        '{"results":[],"status":null}',
        '{"error":{"code":403}}',
        // The right shape, but not JSON.
        '{"results":[1,],"status":"OK"}',
        "{'results':[],'status':'OK'}",
        '{"results":[],"status":"O\nK"}',
        '{"results":[],"status":"OK"}}',
        '{"results":[],"status":"OK"}{}',
        '{"results":[],"status":"OK"} <!-- -->',
        '{"results":[],"status":"OK"}\0',
        '\xef\xbb\xbf{"results":[],"status":"OK"}',
        // Not UTF-8: a stray byte, an overlong slash, a surrogate.
        '{"results":["\xff"],"status":"OK"}',
        '{"results":["\xc0\xaf"],"status":"OK"}',
        '{"results":["\xed\xa0\x80"],"status":"OK"}',
        '{"results":["\xe6\x97"],"status":"OK"}',
      ]
    ) assertThrows(() => new Body(bytes), BodyError);
  },
});

Deno.test({
  name: "a body that is truncated at any place is rejected",
  permissions: "none",
  fn() {
    for (const style of styleNames) {
      const bytes = withoutFinalNewline(bytesOfText(legacyPage(2, style)));
      new Body(bytes);
      for (let length = 0; length < bytes.length; length++) {
        assertThrows(() => new Body(bytes.slice(0, length)), BodyError);
      }
    }
  },
});

Deno.test({
  name: "results of any depth are cut",
  permissions: "none",
  fn() {
    const lists = "[".repeat(100_000) + "]".repeat(100_000);
    const objects = '{"a":'.repeat(100_000) + "0" + "}".repeat(100_000);
    for (const deep of [lists, objects]) {
      const text = `{"a":${deep},"results":[1,${deep},2],"status":"OK"}`;
      // Not assertEquals, which would print a difference of megabytes.
      assert(cut(text, 3) === text);
      assert(cut(text, 2) === text.replace(/,2]/, "]"));
      assert(cut(text, 1) === `{"a":${deep},"results":[1],"status":"OK"}`);
    }
  },
});

Deno.test({
  name:
    "a body of 4 MB is cut, whether one result, millions of them, or newlines",
  permissions: "none",
  fn() {
    const around = (results: string) =>
      `{"results":[${results}],"status":"OK"}`;
    const long = '"' + 'Caf\u00e9 \\" '.repeat(360_000) + '"';
    assert(cut(around(`${long},${long}`), 1) === around(long));
    assert(cut(around(`1,${long}`), 1) === around("1"));
    assert(cut(around("1,".repeat(2_000_000) + "1"), 2) === around("1,1"));
    const newlines = "\n".repeat(4_000_000);
    assert(cut(newlines + around("1") + newlines, 1) === around("1"));
    assert(cut(around(`1,${newlines}2`), 2) === around("1,\n2"));
  },
});

// Arbitraries for the properties below. They produce JSON as text, so that it
// has forms that no formatter writes.

const oneOf = fc.constantFrom<string[]>;

const space = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  oneOf(
    " ",
    "\n",
    "   ",
    "\n\n",
    "\r\n",
    "\r\n\r\n",
    "\n \n",
    "\t\r",
    "\n\r\n",
  ),
);

const string = fc.array(
  fc.oneof(
    oneOf(..."aOK 019[]{},:/\u00e9\u00fc\u65e5\u{1f95d}\u2028\x7f"),
    oneOf(
      ...['\\"', "\\\\", "\\/", "\\n", "\\r", "\\u0041", "\\u000a", "\\u0022"],
      ...["\\u005C", "\\ud83e\\udd5d", "\\ud83e", "\\u65e5"],
    ),
  ),
  { maxLength: 8 },
).map((parts) => `"${parts.join("")}"`);

const scalar = fc.oneof(
  string,
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(JSON.stringify),
  oneOf("0", "-0", "1E+5", "2.50e-7", "1e999", "true", "false", "null"),
);

/** A word as a JSON string, with each character plain or escaped. */
const spelled = (word: string) =>
  fc.tuple(...Array.from(word, (character) => {
    const hex = character.charCodeAt(0).toString(16).padStart(4, "0");
    return fc.oneof(
      { weight: 3, arbitrary: fc.constant(character) },
      oneOf(`\\u${hex}`, `\\u${hex.toUpperCase()}`),
    );
  })).map((characters) => `"${characters.join("")}"`);

const spaced = (text: fc.Arbitrary<string>) =>
  fc.tuple(space, text, space).map((parts) => parts.join(""));

const member = (key: fc.Arbitrary<string>, value: fc.Arbitrary<string>) =>
  fc.tuple(spaced(key), spaced(value)).map((parts) => parts.join(":"));

const list = (item: fc.Arbitrary<string>) =>
  fc.tuple(fc.array(spaced(item), { maxLength: 3 }), space)
    .map(([items, space]) => `[${items.join(",") || space}]`);

const object = (item: fc.Arbitrary<string>) =>
  fc.tuple(fc.array(item, { maxLength: 3 }), space)
    .map(([members, space]) => `{${members.join(",") || space}}`);

const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    list(tie("value")),
    object(member(
      fc.oneof(string, spelled("results"), spelled("status")),
      tie("value"),
    )),
  ),
}));

/** Members besides `results` and `status`, some of them duplicate. */
const otherMembers = fc.array(
  member(
    fc.oneof(string, oneOf('"a"', '"__proto__"', '"next_page_token"')),
    value,
  ),
  { maxLength: 3 },
);

/** The parts of a body: before the results, the results, and the rest. */
const anyBody = fc.record({
  lead: space,
  before: otherMembers,
  key: spaced(spelled("results")),
  gap: space,
  items: fc.array(fc.tuple(space, value, space), { maxLength: 6 }),
  emptySpace: space,
  after: otherMembers,
  status: member(spelled("status"), string),
  isStatusFirst: fc.boolean(),
  trail: fc.tuple(space, space).map((parts) => parts.join("")),
});

type BodyParts = typeof anyBody extends fc.Arbitrary<infer Parts> ? Parts
  : never;

function write(body: BodyParts, resultsText: string): string {
  const { after, before, gap, isStatusFirst, key, lead, status, trail } = body;
  const members = [...before, `${key}:${gap}[${resultsText}]`, ...after];
  if (isStatusFirst) members.unshift(status);
  else members.push(status);
  return `${lead}{${members.join(",")}}${trail}`;
}

function writeAll(body: BodyParts): string {
  const items = body.items.map((parts) => parts.join(""));
  return write(body, items.join(",") || body.emptySpace);
}

/**
 * The same body with only its first items, and the original text after the last
 * one.
 */
function writeFirst(body: BodyParts, bound: number): string {
  const { items } = body;
  if (bound === 0 || items.length === 0) return write(body, "");
  if (bound >= items.length) return writeAll(body);
  const kept = items.slice(0, bound).map((parts) => parts.join(""));
  kept[bound - 1] = items[bound - 1].slice(0, 2).join("") + items.at(-1)![2];
  return write(body, kept.join(","));
}

/**
 * The text without empty lines, without its final newline, and without any CR
 * after that.
 */
function withoutEmptyLines(text: string): string {
  return text.split(/(?<=\n)/)
    .filter((line) => line !== "\n" && line !== "\r\n")
    .join("").replace(/\r?\n[\r\n]*$/, "");
}

const anyBound = fc.nat(7);

const many = { numRuns: 1_000 };

Deno.test({
  name: "any JSON is cut to its first results, byte for byte",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(anyBody, anyBound, (body, bound) => {
        assertEquals(
          cut(writeAll(body), bound),
          withoutEmptyLines(writeFirst(body, bound)),
        );
      }),
      many,
    );
  },
});

Deno.test({
  name:
    "JSON.parse() of a cut body returns the first results, and all else unchanged",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(anyBody, anyBound, (body, bound) => {
        const text = writeAll(body);
        const { results, ...rest } = JSON.parse(text);
        const { results: kept, ...restOfCut } = JSON.parse(cut(text, bound));
        assertEquals(kept, results.slice(0, bound));
        assertEquals(restOfCut, rest);
        assertEquals(new Body(bytesOfText(text)).status, rest.status);
      }),
      many,
    );
  },
});

Deno.test({
  name: "cutting twice equals cutting once to the smaller bound",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(anyBody, anyBound, anyBound, (body, first, second) => {
        const text = writeAll(body);
        assertEquals(
          cut(cut(text, first), second),
          cut(text, Math.min(first, second)),
        );
      }),
      many,
    );
  },
});

Deno.test({
  name: "a bound that keeps every result removes only empty lines",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(anyBody, fc.nat(2), (body, more) => {
        fc.pre(body.items.length > 0);
        const text = writeAll(body);
        assertEquals(
          cut(text, body.items.length + more),
          withoutEmptyLines(text),
        );
      }),
      many,
    );
  },
});

Deno.test({
  name: "no cut body has an empty line, or a newline at its start or end",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(anyBody, anyBound, (body, bound) => {
        const text = cut(writeAll(body), bound);
        assert(!/\n\r?\n|^\n|\n\r?$/.test(text), JSON.stringify(text));
      }),
      many,
    );
  },
});
