import fc from "../fast_check.ts";
import {
  allocateBuffer,
  bytesOfText,
  type ByteString,
  decodeBytes,
  encodeBytes,
  textOfBytes,
} from "../../protocol/bytes.ts";
import { copyPlain, escapeBytes, unescapeBytes } from "../../log/escape.ts";
import { assert, assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";
import { anyBytes } from "../protocol/arbitraries.ts";

Deno.test({
  name:
    "copyPlain() copies exactly the ASCII bytes that escapeBytes() keeps, at any position",
  permissions: "none",
  fn() {
    for (let byte = 0; byte < 256; byte++) {
      const character = String.fromCharCode(byte);
      const isSame = byte < 0x80 && escapeBytes(character) === character;
      for (let after = 0; after < 9; after++) {
        const text = `before${character}${"~".repeat(after)}`;
        assertEquals(
          plainCopyOf(`\n${text}\n`, 1, 1 + text.length),
          isSame ? text : undefined,
          `byte ${byte}, followed by ${after} bytes`,
        );
      }
    }
  },
});

Deno.test({
  name: "copyPlain() rejects any line in which a byte must be escaped",
  permissions: "none",
  fn() {
    const plain = fc.string({ unit: fc.constantFrom(" ", "!", "[", "]", "~") });
    const special = fc.constantFrom(
      "\x00",
      "\x1f",
      "\\",
      "\x7f",
      "\x80",
      "\xff",
    );
    assertProperty(
      fc.property(plain, special, plain, (before, byte, after) => {
        const line = before + byte + after;
        assertEquals(plainCopyOf(line, 0, line.length), undefined);
        assertEquals(plainCopyOf(before, 0, before.length), before);
      }),
      { numRuns: 1_000 },
    );
  },
});

Deno.test({
  name: "unescapeBytes() is the inverse of escapeBytes() for any bytes",
  permissions: "none",
  fn() {
    const bytes = fc.oneof(
      anyBytes,
      fc.string({ unit: "binary" }).map(bytesOfText),
      fc.array(fc.constantFrom("\\", "x", "0", "a", "n", "\n"))
        .map((parts) => parts.join("")),
    );
    assertProperty(
      fc.property(bytes, (bytes) => {
        assertEquals(unescapeBytes(escapeBytes(bytes)), bytes);
      }),
      { numRuns: 1_000 },
    );
  },
});

Deno.test({
  name: "escapeBytes() returns one line of printable UTF-8 for any bytes",
  permissions: "none",
  fn() {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const bytes = fc.oneof(
      anyBytes,
      fc.string({ unit: "binary" }).map(bytesOfText),
    );
    assertProperty(
      fc.property(bytes, (bytes) => {
        const escaped = escapeBytes(bytes);
        const text = decoder.decode(
          Uint8Array.from(escaped, (byte) => byte.charCodeAt(0)),
        );
        assert(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text), text);
      }),
      { numRuns: 1_000 },
    );
  },
});

Deno.test({
  name:
    "escapeBytes() escapes text the same way next to bytes that are not UTF-8",
  permissions: "none",
  fn() {
    const text = fc.string({ unit: "binary" }).map(bytesOfText);
    const invisible = fc.constantFrom("\u2028", "\u202e", "\u0085", "\u{e0041}")
      .map(bytesOfText);
    const parts = fc.array(fc.oneof(text, invisible));
    assertProperty(
      fc.property(parts, (parts) => {
        assertEquals(
          escapeBytes(parts.join("\xff")),
          parts.map(escapeBytes).join("\\xff"),
        );
      }),
      { numRuns: 1_000 },
    );
  },
});

Deno.test({
  name: "escapeBytes() keeps readable text and escapes the rest",
  permissions: "none",
  fn() {
    const escape = (text: string) =>
      textOfBytes(escapeBytes(bytesOfText(text)));
    assertEquals(escape("IAMAT kiwi +34-118 1"), "IAMAT kiwi +34-118 1");
    assertEquals(escape("Zürich 東京 🥝"), "Zürich 東京 🥝");
    assertEquals(escape("a\tb\r\n\\"), "a\\tb\\r\\n\\\\");
    assertEquals(escape("\x1b[31m\x00\x7f"), "\\x1b[31m\\x00\\x7f");
    assertEquals(
      escape("\u2028\u202e\u0085"),
      "\\xe2\\x80\\xa8\\xe2\\x80\\xae\\xc2\\x85",
    );
    assertEquals(escapeBytes("\xff\xc3("), "\\xff\\xc3(");
    // A surrogate and an overlong slash are not UTF-8.
    assertEquals(
      escapeBytes("\xed\xa0\x80\xc0\xaf"),
      "\\xed\\xa0\\x80\\xc0\\xaf",
    );
  },
});

/** The copy that `copyPlain` makes of a part of a text, if it makes one. */
function plainCopyOf(
  text: ByteString,
  start: number,
  end: number,
): ByteString | undefined {
  const target = allocateBuffer(3 + text.length);
  const [from, to] = [encodeBytes(text), target].map(
    ({ buffer }) => new DataView(buffer),
  );
  const copyEnd = copyPlain(from, start, end, to, 3);
  return copyEnd < 0 ? undefined : decodeBytes(target, 3, copyEnd);
}
