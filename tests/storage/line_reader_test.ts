import { Turns, Workload } from "../../runtime/turns.ts";
import { formatLine, textOf } from "../../storage/file_line.ts";
import { readLines } from "../../storage/line_reader.ts";
import { maxFileLineBytes } from "../../storage/limits.ts";
import { assert, assertEquals } from "../assert.ts";
import fc from "../fast_check.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { assertProperty } from "../property.ts";

const encoder = new TextEncoder();

/** What a file of these bytes contains, read in pieces of at most some bytes. */
async function read(bytes: Uint8Array, pieceBytes = Infinity) {
  const texts: string[] = [];
  const damages: number[] = [];
  let at = 0;
  const end = await readLines(
    {
      read(target) {
        const count = Math.min(target.length, pieceBytes, bytes.length - at);
        target.set(bytes.subarray(at, at + count));
        at += count;
        return Promise.resolve(count === 0 ? null : count);
      },
      close() {},
    },
    {
      onLine: (bytes, start, end) => texts.push(textOf(bytes, start, end)),
      onDamage: (offset) => damages.push(offset),
    },
    { turns: new Turns(new ManualClock()), workload: new Workload() },
  );
  return { texts, damages, ...end };
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

Deno.test({
  name: "lines are read in pieces of any size",
  permissions: "none",
  async fn() {
    await assertProperty(fc.asyncProperty(
      fc.array(fc.string({ minLength: 1, maxLength: 40 })),
      fc.integer({ min: 1, max: 100 }),
      async (strings, pieceBytes) => {
        const texts = strings.map((text) => text.replaceAll(/[^ -~]/g, "-"));
        const bytes = join(...texts.map(formatLine));
        assertEquals(await read(bytes, pieceBytes), {
          texts,
          damages: [],
          bytes: bytes.length,
          tornAt: undefined,
        });
      },
    ));
  },
});

Deno.test({
  name: "damaged lines are named, and the others are read",
  permissions: "none",
  async fn() {
    const lines = ["first", "second", "third", "fourth"].map(formatLine);
    lines[1][12] ^= 1;
    lines[2][3] ^= 4;
    const offset = lines[0].length;
    assertEquals(await read(join(...lines)), {
      texts: ["first", "fourth"],
      damages: [offset, offset + lines[1].length],
      bytes: join(...lines).length,
      tornAt: undefined,
    });
  },
});

Deno.test({
  name: "a file without its end has a torn line",
  permissions: "none",
  async fn() {
    const [first, last] = ["first", "last"].map(formatLine);
    const whole = join(first, last);
    for (let size = first.length + 1; size < whole.length; size++) {
      const { damages, texts, tornAt } = await read(whole.subarray(0, size));
      assertEquals(texts, ["first"], `${size} bytes`);
      assertEquals(damages, []);
      assertEquals(tornAt, first.length);
    }
    // A power cut can leave zeros.
    const zeros = await read(join(first, new Uint8Array(5_000)));
    assertEquals(zeros.tornAt, first.length);
  },
});

Deno.test({
  name: "a stretch without lines takes no more memory than a buffer",
  permissions: "none",
  async fn() {
    const [first, last] = ["first", "last"].map(formatLine);
    const stretch = new Uint8Array(8 * maxFileLineBytes).fill(0x41);
    const lineFeed = encoder.encode("\n");
    const bytes = join(first, stretch, lineFeed, last);
    for (const pieceBytes of [Infinity, 100_000]) {
      assertEquals(await read(bytes, pieceBytes), {
        texts: ["first", "last"],
        damages: [first.length],
        bytes: bytes.length,
        tornAt: undefined,
      });
    }
    assert(stretch.length > maxFileLineBytes + 1024 * 1024);
  },
});
