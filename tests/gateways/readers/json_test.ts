import fc from "../../fast_check.ts";
import {
  isList,
  isObject,
  JsonNumber,
  type JsonValue,
  memberOf,
  repeated,
} from "../../../gateways/readers/json.ts";
import {
  parseJson,
  parseJsonInSteps,
} from "../../../gateways/readers/json_parser.ts";
import {
  maxJsonDepth,
  maxJsonTokenBytes,
  maxJsonValues,
  maxValuesInStep,
} from "../../../gateways/readers/limits.ts";
import { finish } from "../../../gateways/readers/steps.ts";
import { bytesOfText, textOfBytes } from "../../../protocol/bytes.ts";
import { assert, assertEquals } from "../../assert.ts";
import { assertProperty } from "../../property.ts";

/** The value, or the reason. */
function parse(text: string): JsonValue | string {
  const parsed = parseJson(text);
  return "reason" in parsed ? parsed.reason : parsed.value;
}

/** A value as `JSON.parse` gives it. */
function plain(value: JsonValue): unknown {
  if (typeof value === "string") return textOfBytes(value);
  if (value instanceof JsonNumber) return Number(value.text);
  if (isList(value)) return [...value].map(plain);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    [...value].map(([key, member]) => [textOfBytes(key), plain(member)]),
  );
}

Deno.test({
  name: "parseJson() gives the values of JSON.parse()",
  permissions: "none",
  fn() {
    const anyJson = fc.json({ stringUnit: "grapheme", maxDepth: 8 });
    const indent = fc.constantFrom(0, 1, "\t");
    assertProperty(fc.property(anyJson, indent, (text, space) => {
      const value = JSON.parse(text);
      const spaced = bytesOfText(JSON.stringify(value, null, space));
      const parsed = parseJson(spaced);
      assert("value" in parsed, spaced);
      assertEquals(
        JSON.stringify(plain(parsed.value)),
        JSON.stringify(value),
      );
    }));
  },
});

Deno.test({
  name: "parseJson() keeps the digits of numbers",
  permissions: "none",
  fn() {
    for (
      const text of [
        "52.51703650000000000000000001",
        "-0.0",
        "1e400",
        "1796040001.918963997",
        "5.25170365E+1",
      ]
    ) {
      const value = parse(` ${text}\n`);
      assert(value instanceof JsonNumber, text);
      assertEquals(value.text, text);
    }
  },
});

Deno.test({
  name: "parseJson() refuses what JSON.parse() refuses",
  permissions: "none",
  fn() {
    for (
      const text of [
        "",
        " ",
        "{",
        "[",
        "[1,]",
        "[,1]",
        '{"a":1,}',
        '{"a" 1}',
        "{a:1}",
        "{'a':1}",
        '"a',
        '"\\x"',
        '"\\u12g4"',
        '"\t"',
        "01",
        "+1",
        ".5",
        "1.",
        "-",
        "1e",
        "NaN",
        "Infinity",
        "nul",
        "True",
        "[1] 2",
        "1 1",
        "\v1",
        "[1}",
        "//",
        "\xa01",
      ]
    ) {
      assertEquals(parse(text), "not-json", text);
    }
  },
});

Deno.test({
  name: "parseJson() marks a repeated key, and __proto__ is an ordinary one",
  permissions: "none",
  fn() {
    const value = parse(
      '{"lat":1,"\\u006cat":2,"__proto__":{"lon":3},"a":null}',
    );
    assert(isObject(value));
    assertEquals(memberOf(value, "lat"), repeated);
    assertEquals(memberOf(value, "lon"), undefined);
    assertEquals(memberOf(value, "toString"), undefined);
    assertEquals(memberOf(value, "a"), undefined);
    assert(isObject(memberOf(value, "__proto__")));
    assertEquals(
      memberOf(parse('{"a":1,"a":1,"a":1}') as never, "a"),
      repeated,
    );
  },
});

Deno.test({
  name: "parseJson() keeps bytes that are not UTF-8, and halves of surrogates",
  permissions: "none",
  fn() {
    assertEquals(parse('"caf\xe9"'), "caf\xe9");
    assertEquals(parse('"\\u00c9"'), "\xc3\x89");
    assertEquals(parse('"\\uD83D\\uDC2C"'), "\xf0\x9f\x90\xac");
    assertEquals(parse('"\\ud83d"'), "\xed\xa0\xbd");
    assertEquals(parse('"\\u0041\\udc2c"'), "A\xed\xb0\xac");
    assertEquals(
      parse('"\\ud83d\\ud83d\\udc2c"'),
      "\xed\xa0\xbd\xf0\x9f\x90\xac",
    );
    assertEquals(parse('"\\udc2c\\ud83d"'), "\xed\xb0\xac\xed\xa0\xbd");
    assertEquals(parse('"\\b\\f\\n\\r\\t\\"\\\\\\/"'), '\b\f\n\r\t"\\/');
    assertEquals(parse('"\\\\u0041"'), "\\u0041");
    assertEquals(parse('\xef\xbb\xbf "x"'), "x");
  },
});

Deno.test({
  name: "parseJson() limits depth and values, and takes any text to its end",
  permissions: "none",
  fn() {
    const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
    assert(isList(parse(nested(maxJsonDepth))));
    assertEquals(parse(nested(maxJsonDepth + 1)), "json-too-deep");
    const flat = `[${"[{}],".repeat(2 * maxJsonDepth)}0]`;
    assert(isList(parse(flat)));
    assertEquals(parse("[".repeat(4_000_000)), "json-too-deep");
    assertEquals(parse('{"a":'.repeat(400_000)), "json-too-deep");
    const list = (values: number) => `[${"1,".repeat(values - 2)}1]`;
    assert(isList(parse(list(maxJsonValues))));
    assertEquals(parse(list(maxJsonValues + 1)), "too-many-values");
    const escapes = "\\n".repeat(maxJsonTokenBytes / 2 - 1);
    assertEquals(
      (parse(`"${escapes}"`) as string).length,
      maxJsonTokenBytes / 2 - 1,
    );
    assertEquals(parse(`"${escapes}`), "not-json");
    const digits = "9".repeat(maxJsonTokenBytes);
    assertEquals(parse(`${digits}x`), "not-json");
    const space = " ".repeat(maxJsonTokenBytes);
    assertEquals(parse(`[${space}]`) instanceof Object, true);
    for (
      const tooLong of [
        `"${escapes}n"`,
        `{"a":"${escapes}n"}`,
        `{"${escapes}n":1}`,
        `[${digits}9]`,
        `[1.${digits}9]`,
        `[1${space} ,2]`,
        `{"a":${space} 1}`,
        `[1]${space} `,
      ]
    ) assertEquals(parse(tooLong), "value-too-long", tooLong.slice(0, 10));
  },
});

Deno.test({
  name: "parseJson() tells when a whole line comes before the fault",
  permissions: "none",
  fn() {
    const isAfterLine = (text: string) => {
      const parsed = parseJson(text);
      assert("reason" in parsed);
      return parsed.isAfterLine;
    };
    assertEquals(isAfterLine('{"a":1}\n{"a":2}'), true);
    assertEquals(isAfterLine('{"a":1}\r\nx'), true);
    assertEquals(isAfterLine('{"a":1} {"a":2}'), false);
    assertEquals(isAfterLine('{"a":\n'), false);
  },
});

Deno.test({
  name: "an object gives the members of its keys, however they are written",
  permissions: "none",
  fn() {
    const value = parse(
      '{"a":[],"ab":{"b":1,"c":[2,{}]},"\\u0062":-1.50e1,"b\\\\":true,"":"x"}',
    );
    assert(isObject(value));
    assertEquals(plain(value), {
      a: [],
      ab: { b: 1, c: [2, {}] },
      b: -15,
      "b\\": true,
      "": "x",
    });
    const number = value.get("b");
    assert(number instanceof JsonNumber);
    assertEquals(number.text, "-1.50e1");
    assertEquals(value.get("b\\"), true);
    assertEquals(value.get(""), "x");
    assertEquals(value.get("c"), undefined);
    assertEquals([value.has("a"), value.has("c")], [true, false]);
    const inner = value.get("ab");
    assert(isObject(inner));
    assertEquals(plain(inner), { b: 1, c: [2, {}] });
    const nothing = parse('{"a":null}');
    assert(isObject(nothing));
    assertEquals(nothing.has("a"), true);
    assertEquals(memberOf(nothing, "a"), undefined);
  },
});

Deno.test({
  name: "a list gives its values by their indexes, and its length",
  permissions: "none",
  fn() {
    const value = parse('[[1,[2]],{"a":[3,4]},"x",null,5]');
    assert(isList(value));
    assertEquals(value.length, 5);
    assertEquals(plain(value.at(0)!), [1, [2]]);
    assertEquals(plain(value.at(1)!), { a: [3, 4] });
    assertEquals(value.at(2), "x");
    assertEquals(value.at(3), null);
    assertEquals(plain(value.at(4)!), 5);
    assertEquals(value.at(5), undefined);
    const empty = parse("[ ]");
    assert(isList(empty));
    assertEquals([empty.length, empty.at(0)], [0, undefined]);
  },
});

Deno.test({
  name:
    "an outer object of a text that is read in steps has a limit of members",
  permissions: "none",
  fn() {
    const object = (members: number) =>
      `{${Array.from({ length: members }, (_, at) => `"${at}":0`).join()}}`;
    const reasonOf = (text: string) => {
      const parsed = finish(parseJsonInSteps(text));
      return "reason" in parsed ? parsed.reason : "parsed";
    };
    const [most, more] = [maxValuesInStep, maxValuesInStep + 1].map(object);
    assertEquals(reasonOf(most), "parsed");
    assertEquals(reasonOf(more), "too-many-values");
    assertEquals(reasonOf(`[${most}]`), "parsed");
    assertEquals(reasonOf(`[${more}]`), "too-many-values");
    // A list may have more of them.
    assertEquals(reasonOf(`[${"0,".repeat(maxValuesInStep)}0]`), "parsed");
  },
});

Deno.test({
  name: "a key with escapes is found by its bytes, and by no others",
  permissions: "none",
  fn() {
    const found = (key: string, wanted: string) => {
      const object = parse(`{"${key}":1}`);
      assert(isObject(object));
      return object.has(bytesOfText(wanted));
    };
    for (
      const [key, wanted] of [
        ["l\\u0061t", "lat"],
        ["\\u006c\\u0061\\u0074", "lat"],
        ['\\n\\/\\\\\\"', '\n/\\"'],
        ["\\u00e9", "é"],
        ["caf\\u00e9s", "cafés"],
        ["\\ud83d\\ude00!", "😀!"],
      ]
    ) {
      assertEquals(found(key, wanted), true, key);
      for (const other of [`${wanted}x`, wanted.slice(0, -1), `x${wanted}`]) {
        assertEquals(found(key, other), false, `${key} ${other}`);
      }
    }
    assertEquals(found("\\u00e9", "\u00c3"), false);
    assertEquals(found("l\\u0061t", "lon"), false);
  },
});
