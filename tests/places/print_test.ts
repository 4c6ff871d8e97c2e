import fc from "../fast_check.ts";
import { textOfBytes } from "../../protocol/bytes.ts";
import { type Json, printJson, Verbatim } from "../../places/print.ts";
import { assert, assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";

const print = (value: Json) => textOfBytes(printJson(value));

Deno.test({
  name: "printJson() formats JSON as Google does, byte for byte",
  permissions: "none",
  fn() {
    const value = {
      html_attributions: [],
      results: [
        {
          geometry: { location: { lat: 34.5, lng: -118 }, viewport: {} },
          name: 'Caf\u00e9 "\u65e5\u672c" \u{1f95d}\t\\',
          opening_hours: { open_now: true, periods: null },
          types: ["cafe", "food"],
        },
        {},
        [[1, -2.5e-7, 1e21], ["a"], false],
      ],
      status: "OK",
    };
    const text = `{
   "html_attributions" : [],
   "results" : [
      {
         "geometry" : {
            "location" : {
               "lat" : 34.5,
               "lng" : -118
            },
            "viewport" : {}
         },
         "name" : "Caf\u00e9 \\"\u65e5\u672c\\" \u{1f95d}\\t\\\\",
         "opening_hours" : {
            "open_now" : true,
            "periods" : null
         },
         "types" : [ "cafe", "food" ]
      },
      {},
      [
         [
            1,
            -2.5e-7,
            1e+21
         ],
         [ "a" ],
         false
      ]
   ],
   "status" : "OK"
}`;
    assertEquals(print(value), text);
    assertEquals(printJson("\u00e9\u{1f95d}"), '"\xc3\xa9\xf0\x9f\xa5\x9d"');
  },
});

Deno.test({
  name: "printJson() prints only lists of short strings on one line",
  permissions: "none",
  fn() {
    const longest = "x".repeat(40);
    assertEquals(print(["", longest]), `[ "", "${longest}" ]`);
    assertEquals(
      print({ a: ["b", longest + "x"] }),
      `{\n   "a" : [\n      "b",\n      "${longest}x"\n   ]\n}`,
    );
    assertEquals(print(["a", 1]), '[\n   "a",\n   1\n]');
    assertEquals(print([true]), "[\n   true\n]");
    assertEquals(print([[]]), "[\n   []\n]");
    assertEquals(print(["]", '"', "<"]), '[ "]", "\\"", "\\u003c" ]');
  },
});

Deno.test({
  name: "printJson() escapes < and > in values and keys",
  permissions: "none",
  fn() {
    assertEquals(
      print('<a href="b">&\'</a>'),
      `"\\u003ca href=\\"b\\"\\u003e&'\\u003c/a\\u003e"`,
    );
    assertEquals(print({ "<k>": 1 }), '{\n   "\\u003ck\\u003e" : 1\n}');
  },
});

Deno.test({
  name: "printJson() escapes lone surrogates, which UTF-8 cannot encode",
  permissions: "none",
  fn() {
    assertEquals(print("a\ud83e"), '"a\\ud83e"');
    assertEquals(print("\udd5db"), '"\\udd5db"');
    assertEquals(print({ "\udd5d\ud83e": 1 }), '{\n   "\\udd5d\\ud83e" : 1\n}');
  },
});

Deno.test({
  name: "printJson() leaves out undefined members",
  permissions: "none",
  fn() {
    assertEquals(print({ a: undefined }), "{}");
    assertEquals(
      print({ a: undefined, b: 1, c: undefined, d: { e: undefined }, f: "" }),
      '{\n   "b" : 1,\n   "d" : {},\n   "f" : ""\n}',
    );
  },
});

Deno.test({
  name: "printJson() prints a Verbatim with the digits of its source",
  permissions: "none",
  fn() {
    assertEquals(print(new Verbatim("34.0689300")), "34.0689300");
    assertEquals(
      print({ lat: new Verbatim("-0.10"), all: [new Verbatim("1E5")] }),
      '{\n   "lat" : -0.10,\n   "all" : [\n      1E5\n   ]\n}',
    );
  },
});

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  // Characters to escape, the characters next to them, and lone surrogates.
  fc.string({
    unit: fc.constantFrom(
      ...' !"#;<=>?[\\]~\x7f\x1f\n\t\u2028\u00e9',
      "\ud83e",
      "\udd5d",
    ),
  }),
);

const scalar = fc.oneof(
  text,
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(true, false, null, 0, -0, 1e21, 1e-7),
);

const { anyJson, wideJson } = fc.letrec<{ anyJson: Json; wideJson: Json }>(
  (tie) => ({
    anyJson: fc.oneof(
      { depthSize: "small" },
      scalar,
      fc.array(tie("anyJson"), { maxLength: 5 }),
      fc.array(text, { maxLength: 5 }),
      fc.dictionary(
        text,
        fc.option(tie("anyJson"), { nil: undefined }),
        { maxKeys: 5 },
      ),
    ),
    // Without lists of strings only, which are printed on one line.
    wideJson: fc.oneof(
      { depthSize: "small" },
      scalar,
      fc.constant([]),
      fc.array(tie("wideJson"), { maxLength: 5 }).map((list) => [0, ...list]),
      fc.dictionary(text, tie("wideJson"), { maxKeys: 5 }),
    ),
  }),
);

const many = { numRuns: 1_000 };

Deno.test({
  name:
    "JSON.parse() returns what printJson() printed, except undefined members",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(anyJson, (value) => {
        assertEquals(
          JSON.parse(print(value)),
          JSON.parse(JSON.stringify(value)),
        );
      }),
      many,
    );
  },
});

Deno.test({
  name:
    "printJson() differs from JSON.stringify() only in colons and escaped markup",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(wideJson, (value) => {
        const text = JSON.stringify(value, null, 3)
          .replace(/^( *"(?:[^"\\]|\\.)*"):/gm, "$1 :")
          .replaceAll("<", "\\u003c")
          .replaceAll(">", "\\u003e");
        assertEquals(print(value), text);
      }),
      many,
    );
  },
});

Deno.test({
  name: "printJson() prints no empty lines and no trailing spaces",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(anyJson, (value) => {
        const text = print(value);
        assert(!/\n\n|[ \t\r]\n|^\n|\n$/.test(text), JSON.stringify(text));
      }),
      many,
    );
  },
});
