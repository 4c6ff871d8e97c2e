import fc from "../fast_check.ts";
import { bytesOfText } from "../../protocol/bytes.ts";
import { minRedactedKeyLength } from "../../places/limits.ts";
import { createRedactor } from "../../places/redact.ts";
import { assert, assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";

/** A key like Google's, and one of special characters only. */
const plainKey = "AIzaSy-made_up";
const oddKey = "/\"\\&<>'%.*?[a-z]+$(){n}|^";

const redactPlain = createRedactor(plainKey);
const redactOdd = createRedactor(oddKey);

const hexOf = (character: string) =>
  character.charCodeAt(0).toString(16).padStart(2, "0");

const spellAll = (key: string, spell: (character: string) => string) =>
  Array.from(key, spell).join("");

Deno.test({
  name: "the plain key is removed, at any position and every time",
  permissions: "none",
  fn() {
    const redact = redactPlain;
    assertEquals(redact(plainKey), "[key]");
    assertEquals(redact(`a${plainKey}b`), "a[key]b");
    assertEquals(redact(plainKey + plainKey), "[key][key]");
    assertEquals(
      redact(`?key=${plainKey}&a=1\n?key=${plainKey}`),
      "?key=[key]&a=1\n?key=[key]",
    );
    assertEquals(redactOdd(`a${oddKey}b${oddKey}`), "a[key]b[key]");
    assertEquals(redactOdd(oddKey + oddKey), "[key][key]");
  },
});

Deno.test({
  name:
    "the key is removed if it is fully or partly percent-encoded, in upper or lower case",
  permissions: "none",
  fn() {
    assertEquals(
      redactOdd(`?key=${encodeURIComponent(oddKey)}&`),
      "?key=[key]&",
    );
    assertEquals(redactOdd(encodeURI(oddKey)), "[key]");
    const query = new URLSearchParams({ key: oddKey }).toString();
    assertEquals(redactOdd(query), "key=[key]");
    const lower = spellAll(oddKey, (character) => `%${hexOf(character)}`);
    assertEquals(redactOdd(lower), "[key]");
    assertEquals(redactOdd(lower.toUpperCase()), "[key]");
    assertEquals(redactPlain("%41I%7A%61Sy%2dmade%5Fup"), "[key]");
  },
});

Deno.test({
  name: "the key is removed if it is written with JSON escapes",
  permissions: "none",
  fn() {
    assertEquals(redactOdd(JSON.stringify(oddKey)), '"[key]"');
    assertEquals(
      redactOdd(JSON.stringify(oddKey).replaceAll("/", "\\/")),
      '"[key]"',
    );
    const lower = spellAll(oddKey, (character) => `\\u00${hexOf(character)}`);
    assertEquals(redactOdd(lower), "[key]");
    const upper = spellAll(
      oddKey,
      (character) => `\\u00${hexOf(character).toUpperCase()}`,
    );
    assertEquals(redactOdd(upper), "[key]");
    assertEquals(redactPlain("\\u0041Iza\\u0053y\\u002Dmade_up"), "[key]");
  },
});

Deno.test({
  name: "the key is removed if it is written with HTML escapes",
  permissions: "none",
  fn() {
    const named = oddKey.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;").replaceAll('"', "&quot;");
    assertEquals(redactOdd(named), "[key]");
    assertEquals(redactOdd(named.replaceAll("'", "&apos;")), "[key]");
    assertEquals(redactOdd(named.replaceAll("'", "&#39;")), "[key]");
    assertEquals(redactOdd(named.replaceAll("'", "&#x27;")), "[key]");
    const spellings = [
      (character: string) => `&#${character.charCodeAt(0)};`,
      (character: string) => `&#00${character.charCodeAt(0)};`,
      (character: string) => `&#x${hexOf(character)};`,
      (character: string) => `&#X00${hexOf(character).toUpperCase()};`,
    ];
    for (const spell of spellings) {
      assertEquals(redactOdd(`<${spellAll(oddKey, spell)}>`), "<[key]>");
    }
  },
});

Deno.test({
  name: "no partial JSON escape is left",
  permissions: "none",
  fn() {
    for (
      const [key, json, redacted] of [
        // An escaped backslash followed by the rest of an escape.
        ["Abcdef", '"\\\\u0041bcdef"', '"[key]"'],
        ["Abcdef", '"\\\\\\u0041bcdef"', '"\\\\[key]"'],
        ["/abcdef", '"\\\\\\/abcdef"', '"\\\\[key]"'],
        // The key contains only the end of an escape.
        ["nabcdef", '"\\nabcdef"', '"[key]"'],
        ["nabcdef", '"\\\\nabcdef"', '"\\\\[key]"'],
        ["nabcdef", '"\\\\\\nabcdef"', '"\\\\[key]"'],
        ["u0041b", '"\\u0041b \\u0041b"', '"[key] [key]"'],
        // The second key follows a backslash of the first.
        ["\\abcde\\", '"\\\\abcde\\\\\\\\abcde\\\\"', '"[key][key]"'],
      ]
    ) {
      JSON.parse(json);
      assertEquals(createRedactor(key)(json), redacted, json);
    }
    assertEquals(createRedactor("abcde\\")("abcde\\abcde\\"), "[key][key]");
  },
});

Deno.test({
  name: "a long run of backslashes without the key is unchanged",
  permissions: "none",
  fn() {
    const backslashes = "\\".repeat(1_000_000);
    assert(redactPlain(backslashes) === backslashes);
    assert(redactOdd(backslashes) === backslashes);
    assert(redactPlain(backslashes + plainKey) === backslashes + "[key]");
  },
});

Deno.test({
  name: "a key that is too short is not removed",
  permissions: "none",
  fn() {
    const short = "a1-_Zx".slice(0, minRedactedKeyLength - 1);
    const text = `a ${short} ${short}`;
    assertEquals(createRedactor(short)(text), text);
    assertEquals(createRedactor("")(text), text);
    assertEquals(createRedactor(`${short}x`)(`${text}x`), `a ${short} [key]`);
  },
});

Deno.test({
  name: "text that is almost the key is unchanged",
  permissions: "none",
  fn() {
    for (
      const text of [
        plainKey.slice(1),
        plainKey.slice(0, -1),
        plainKey.toLowerCase(),
        plainKey.replace("-", "--"),
        plainKey.replace("-", "\\-"),
        plainKey.replace("-", "%2D%"),
        plainKey.replace("-", "%00"),
        plainKey.replace("-", "\\u012d"),
        plainKey.replace("-", "&#45"),
        plainKey.replace("-", "&#145;"),
        [...plainKey].join(" "),
      ]
    ) assertEquals(redactPlain(text), text);
    assertEquals(createRedactor("a.c.e.")("abcdef"), "abcdef");
  },
});

// Arbitraries for the properties below.

const printable = Array.from(
  { length: 0x7f - 0x21 },
  (_, index) => String.fromCharCode(0x21 + index),
);

const keyCharacter = fc.oneof(
  fc.constantFrom(...printable),
  fc.constantFrom(..."\\\"/&%<>'#;nu04"),
);

/** Whether the key could arise again inside or next to `[key]`. */
const overlapsReplacement = (key: string) =>
  /^\[?k?e?y?\]|\[k?e?y?\]?$|\[key\]/.test(key);

/** A key's characters, each with a number that selects its encoding. */
const anyKeyParts = fc.array(
  fc.record({ character: keyCharacter, choice: fc.nat(60) }),
  { minLength: 6, maxLength: 20 },
);

/** The encodings of a character in JSON. */
function jsonSpellings(character: string): string[] {
  const hex = hexOf(character);
  return [
    ...(/["\\]/.test(character) ? [] : [character]),
    ...(/["\\/]/.test(character) ? [`\\${character}`] : []),
    `\\u00${hex}`,
    `\\u00${hex.toUpperCase()}`,
  ];
}

/** The encodings of a character in a URL. */
function urlSpellings(character: string): string[] {
  const hex = hexOf(character);
  return [
    ...(character === "%" ? [] : [character]),
    `%${hex}`,
    `%${hex.toUpperCase()}`,
  ];
}

/** The encodings of a character in HTML. */
function htmlSpellings(character: string): string[] {
  const names: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
  };
  return [
    names[character] ?? character,
    `&#${character.charCodeAt(0)};`,
    `&#x${hexOf(character)};`,
  ];
}

function anySpelling(character: string): string[] {
  return [
    character,
    ...jsonSpellings(character),
    ...urlSpellings(character),
    ...htmlSpellings(character),
  ];
}

const words = fc.string({ unit: "binary", maxLength: 12 });

const oddWords = fc.string({
  unit: fc.constantFrom(...'\\"/&%<>#;nu04ab '),
  maxLength: 12,
});

/** A key, and a text that contains it between two others. */
const embedded = (
  around: fc.Arbitrary<string>,
  encodings: (character: string) => string[],
) =>
  fc.tuple(around, anyKeyParts, around).map(([before, parts, after]) => {
    const spelled = parts.map(({ character, choice }) => {
      const choices = encodings(character);
      return choices[choice % choices.length];
    });
    return {
      key: parts.map(({ character }) => character).join(""),
      text: bytesOfText(before + spelled.join("") + after),
    };
  }).filter(({ key }) => !overlapsReplacement(key));

const jsonWords = fc.tuple(fc.oneof(words, oddWords), fc.boolean())
  .map(([text, escapesSlashes]) => {
    const json = JSON.stringify(text).slice(1, -1);
    return escapesSlashes ? json.replaceAll("/", "\\/") : json;
  });

const json = embedded(jsonWords, jsonSpellings);
const url = embedded(fc.oneof(words, oddWords).map(encodeURI), urlSpellings);
const html = embedded(
  fc.oneof(words, oddWords).map((text) =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
  ),
  htmlSpellings,
);
const mixed = embedded(fc.oneof(words, oddWords), anySpelling);

function decodeUrl(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function decodeJson(text: string): string | undefined {
  try {
    return JSON.parse(`"${text}"`);
  } catch {
    return undefined;
  }
}

function decodeHtml(text: string): string {
  const names: Record<string, string> = {
    amp: "&",
    lt: "<",
    gt: ">",
    quot: '"',
  };
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(amp|lt|gt|quot));/g,
    (_, hex, decimal, name) =>
      names[name] ??
        String.fromCharCode(hex ? parseInt(hex, 16) : Number(decimal)),
  );
}

const decoders = [
  (text: string) => text,
  decodeUrl,
  decodeJson,
  decodeHtml,
];

/** Whether a text contains a key after any of the decodings. */
const contains = (text: string, key: string) =>
  decoders.some((decode) => decode(text)?.includes(key));

// Each run compiles a regular expression, which takes a millisecond.
const many = { numRuns: 400 };

Deno.test({
  name: "any key is removed, however it is encoded in JSON, a URL or HTML",
  permissions: "none",
  fn() {
    for (const texts of [json, url, html]) {
      assertProperty(
        fc.property(texts, ({ key, text }) => {
          assert(
            contains(text, key),
            "the generated text does not contain the key",
          );
          const redacted = createRedactor(key)(text);
          assert(redacted.includes("[key]"), redacted);
          assert(!contains(redacted, key), redacted);
        }),
        many,
      );
    }
  },
});

Deno.test({
  name: "any key is removed in any mix of encodings",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(mixed, ({ key, text }) => {
        const redacted = createRedactor(key)(text);
        assert(redacted.includes("[key]"), redacted);
        assert(!contains(redacted, key), redacted);
      }),
      many,
    );
  },
});

Deno.test({
  name: "JSON remains valid after any key is removed",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(json, ({ key, text }) => {
        const redacted = createRedactor(key)(`{"a":["${text}",0]}`);
        assertEquals(JSON.parse(redacted).a[1], 0, redacted);
      }),
      many,
    );
  },
});

Deno.test({
  name: "a text that does not contain the key is unchanged",
  permissions: "none",
  fn() {
    const parts = fc.array(
      fc.oneof(words, oddWords, fc.constantFrom("AIzaSy", "-made_up", "%41I")),
    ).map((parts) => bytesOfText(parts.join("")));
    assertProperty(
      fc.property(parts, (text) => {
        fc.pre(!contains(text, plainKey));
        assertEquals(redactPlain(text), text);
      }),
      many,
    );
  },
});
