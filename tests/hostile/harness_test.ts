/**
 * What the scenarios rely on has to be able to say no.
 */
import { murmur } from "../peers/store/murmur.ts";
import { assert, assertEquals } from "../assert.ts";
import { Program } from "../end_to_end/process.ts";
import { idsOfBucket, idsOfLeaf } from "./attacks/aimed_ids.ts";
import { knownFlags } from "./hostile_herd.ts";
import { MemoryLimit, memoryOf } from "./memory_limit.ts";
import { holdsWithin } from "./scenario.ts";

/** Takes this much memory, in megabytes, and waits. */
const eater = (megabytes: number) =>
  `const taken = new Uint8Array(${megabytes} * 2 ** 20).fill(1);
  console.log("taken");
  setTimeout(() => console.log(taken.length), 60_000);`;

for (const kind of ["cgroup", "watcher"] as const) {
  Deno.test(`a ${kind} kills a process over its limit of memory, and no other`, async () => {
    using limit = new MemoryLimit(256, kind);
    const { through } = limit;
    {
      await using large = Program.start(["eval", eater(600)], { through });
      assertEquals(await large.ended(), 137);
    }
    await using small = Program.start(["eval", eater(16)], { through });
    await small.untilPrinted("taken");
    // The system updates the peak later than the present value.
    assert(memoryOf(small.pid, "VmRSS")! > 16 * 2 ** 20);
    assert(memoryOf(small.pid, "VmHWM")! > 16 * 2 ** 20);
  });
}

Deno.test("memoryOf() has no value for a process that has ended", async () => {
  const program = Program.start(["eval", "0"]);
  await program.ended();
  assert(
    await holdsWithin(5, () => memoryOf(program.pid, "VmRSS") === undefined),
  );
});

Deno.test("idsOfLeaf() and idsOfBucket() return distinct IDs of one leaf or bucket", () => {
  const hash = (id: string) => murmur(0, id);
  const leaf = [...idsOfLeaf(0xabcd, 5_000)];
  assert(leaf.every((id) => hash(id) >>> 16 === 0xabcd));
  const bucket = [...idsOfBucket(0x0123, 5_000)];
  assert(bucket.every((id) => (hash(id) & 0xffff) === 0x0123));
  for (const ids of [leaf, bucket]) {
    assertEquals(new Set(ids).size, 5_000);
    assert(ids.every((id) => /^[!-~]{8}$/.test(id)));
  }
});

Deno.test("knownFlags() leaves out flags that a server does not have", async () => {
  assertEquals(
    await knownFlags(["--max-clients=5", "--max-hats=5", "--max=1"]),
    ["--max-clients=5"],
  );
});
