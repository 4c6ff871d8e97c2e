import { UsageError } from "../../cli/arguments.ts";
import { readToken } from "../../commands/read_token.ts";
import { assertEquals, assertRejects } from "../assert.ts";

/** A stream of these pieces, which does not end if the last one is undefined. */
function inputOf(...pieces: readonly (string | undefined)[]) {
  const rest = [...pieces];
  return {
    read(buffer: Uint8Array): Promise<number | null> {
      if (rest.length === 0) return Promise.resolve(null);
      const piece = rest.shift();
      if (piece === undefined) return new Promise(() => {});
      const { read, written } = new TextEncoder().encodeInto(piece, buffer);
      if (read < piece.length) rest.unshift(piece.slice(read));
      return Promise.resolve(written);
    },
  };
}

Deno.test({
  name: "a token is the first line of a stream, which need not end",
  permissions: "none",
  async fn() {
    const cases: (string | undefined)[][] = [
      ["abc"],
      ["abc\n", undefined],
      ["a", "b", "c\r", "\n", undefined],
      ["\n \n  abc \nsecond line\n", undefined],
    ];
    for (const pieces of cases) {
      assertEquals(await readToken(inputOf(...pieces)), "abc");
    }
  },
});

Deno.test({
  name:
    "an empty stream is an error, and of a long one no more than needed is read",
  permissions: "none",
  async fn() {
    for (const text of ["", " \n\n"]) {
      await assertRejects(
        () => readToken(inputOf(text)),
        UsageError,
        "expected a token on stdin",
      );
    }
    const { length } = await readToken(inputOf("x".repeat(9_000), undefined));
    assertEquals(length, 4_096 + 256);
  },
});
