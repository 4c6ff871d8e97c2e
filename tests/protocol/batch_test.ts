import fc from "../fast_check.ts";
import { Batch, BatchPool } from "../../protocol/batch.ts";
import { encodeBytes } from "../../protocol/bytes.ts";
import { assert, assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";

const message = fc.string({
  unit: fc.constantFrom("a", "b", "\xff"),
  maxLength: 3,
});

function messagesOf({ ends, text }: Batch): string[] {
  return ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end));
}

Deno.test({
  name: "Batch holds the added messages in order, without those removed",
  permissions: "none",
  fn() {
    const steps = fc.array(
      fc.tuple(fc.constantFrom("add", "copy", "write", "remove"), message),
      { size: "max", maxLength: 60 },
    );
    assertProperty(
      fc.property(steps, (steps) => {
        const batch = new Batch();
        const model: string[] = [];
        for (const [step, text] of steps) {
          const bytes = encodeBytes(`<${text}>`);
          const [start, end] = [1, 1 + text.length];
          if (step === "remove") {
            const index = model.indexOf(text);
            if (index >= 0) {
              model.splice(index, 1);
              batch.remove(index);
            }
            continue;
          }
          if (step === "add") batch.add(text);
          else if (step === "copy") {
            batch.copy(new DataView(bytes.buffer), start, end);
          } else {
            batch.reserve(text.length + 1);
            batch.bytes.set(bytes.subarray(start, end), batch.length);
            batch.finish(batch.length + text.length);
          }
          model.push(text);
        }
        assertEquals(messagesOf(batch), model.map((text) => `${text}\n`));
        assertEquals(batch.length, batch.text.length);
      }),
      { numRuns: 500 },
    );
  },
});

Deno.test({
  name: "Batch grows for large messages",
  permissions: "none",
  fn() {
    const batch = new Batch();
    const long = "x".repeat(10_000);
    for (const text of ["short", long, `${long}y`]) batch.add(text);
    assertEquals(messagesOf(batch), ["short\n", `${long}\n`, `${long}y\n`]);
  },
});

Deno.test({
  name: "BatchPool gives empty batches, and keeps only few and small ones",
  permissions: "none",
  fn() {
    const pool = new BatchPool(1);
    const [one, other] = [pool.acquire(), pool.acquire()];
    one.add("kiwi");
    pool.release(one);
    pool.release(other);
    const again = pool.acquire();
    assert(again === one && pool.acquire() !== other);
    assertEquals([again.length, again.ends, again.text], [0, [], ""]);
    again.add("x".repeat(300_000));
    pool.release(again);
    assert(pool.acquire() !== again);
  },
});
