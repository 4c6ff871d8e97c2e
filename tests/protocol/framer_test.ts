import fc from "../fast_check.ts";
import { type ByteString, encodeBytes } from "../../protocol/bytes.ts";
import { LineFramer } from "../../protocol/framer.ts";
import { maxLineBytes, tooLongEchoBytes } from "../../protocol/limits.ts";
import { assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";
import { anyBytes } from "./arbitraries.ts";

/** The whole lines that a framer finds in these chunks. */
function pull(
  framer: LineFramer,
  chunks: readonly ByteString[],
): ByteString[] {
  const lines: ByteString[] = [];
  for (const chunk of chunks) {
    const buffer = encodeBytes(`${chunk}\n`);
    framer.push(buffer, chunk.length);
    while (framer.next()) lines.push(framer.line);
    // The next read would overwrite the buffer.
    buffer.fill(0x21);
  }
  return lines;
}

/** All lines of a stream that arrives in these chunks. */
function linesOf(chunks: readonly ByteString[]): ByteString[] {
  const framer = new LineFramer();
  const lines = pull(framer, chunks);
  return framer.end() ? [...lines, framer.line] : lines;
}

/** The same by the definition: split at LF, without an empty last piece. */
function referenceLinesOf(stream: ByteString): ByteString[] {
  const pieces = stream.split("\n");
  return pieces.at(-1) === "" ? pieces.slice(0, -1) : pieces;
}

/** Splits a stream at these indices. */
function cut(stream: ByteString, places: readonly number[]): ByteString[] {
  const cuts = [...places, stream.length].map((place) =>
    Math.min(place, stream.length)
  ).sort((a, b) => a - b);
  return cuts.map((place, index) => stream.slice(cuts[index - 1] ?? 0, place));
}

Deno.test({
  name: "LineFramer gives the same lines for any chunking of any bytes",
  permissions: "none",
  fn() {
    const stream = fc.array(fc.oneof(anyBytes, fc.constant("\n")))
      .map((parts) => parts.join(""));
    const places = fc.array(fc.nat(2_000));
    assertProperty(
      fc.property(stream, places, (stream, places) => {
        const lines = linesOf(cut(stream, places));
        assertEquals(lines, referenceLinesOf(stream));
      }),
      { numRuns: 500 },
    );
  },
});

Deno.test({
  name: "LineFramer assembles a line from single bytes",
  permissions: "none",
  fn() {
    const stream = `${"x".repeat(1_000)}\nlast`;
    assertEquals(linesOf([...stream]), ["x".repeat(1_000), "last"]);
  },
});

Deno.test({
  name: "LineFramer accepts the longest line and refuses one more byte",
  permissions: "none",
  fn() {
    const longest = "a".repeat(maxLineBytes);
    assertEquals(linesOf([longest + "\n"]), [longest]);
    assertEquals(linesOf([longest]), [longest]);
    for (
      const chunks of [
        [longest + "a\nnext\n"],
        [longest, "a\nnext\n"],
        [longest + "a", "\nnext\n"],
        ["before\n" + longest + "a"],
      ]
    ) {
      const framer = new LineFramer();
      const lines = pull(framer, chunks);
      assertEquals(lines, chunks[0].startsWith("before") ? ["before"] : []);
      assertEquals(framer.tooLong, "a".repeat(tooLongEchoBytes));
      assertEquals(framer.end(), false);
    }
  },
});

Deno.test({
  name: "tooLong contains only bytes of the line that is too long",
  permissions: "none",
  fn() {
    for (const chunks of [["abcdefg"], ["abc", "defg"], ["abcdefg\nnext\n"]]) {
      const framer = new LineFramer(5);
      assertEquals(pull(framer, chunks), []);
      assertEquals(framer.tooLong, "abcdefg");
    }
  },
});

Deno.test({
  name: "unfinished contains the bytes after the last LF",
  permissions: "none",
  fn() {
    const framer = new LineFramer();
    assertEquals(framer.unfinished, "");
    assertEquals(pull(framer, ["one\ntw", "o and", " a half"]), ["one"]);
    assertEquals(framer.unfinished, "two and a half");
    assertEquals(pull(framer, ["\n"]), ["two and a half"]);
    assertEquals(framer.unfinished, "");
  },
});
