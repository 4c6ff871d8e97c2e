import fc from "../../fast_check.ts";
import { LazyAnnouncements } from "../../../peers/replication/lazy_announcements.ts";
import { assertEquals } from "../../assert.ts";
import { assertProperty } from "../../property.ts";

/** Fingerprints that collide often, also at the end of a table. */
const fingerprint = fc.tuple(fc.constantFrom(0, 1, 253, 255), fc.nat(40))
  .map(([slot, high]) => slot + 2 ** 31 * high);

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ add: fingerprint, leaf: fc.nat(65535) }),
  },
  { weight: 3, arbitrary: fc.record({ remove: fingerprint }) },
  { weight: 1, arbitrary: fc.constant("age" as const) },
  { weight: 1, arbitrary: fc.constant("take" as const) },
);

Deno.test({
  name: "LazyAnnouncements has the same entries as a Map with ages",
  permissions: "none",
  fn() {
    const steps = fc.array(step, { size: "max", maxLength: 400 });
    assertProperty(
      fc.property(steps, (steps) => {
        const announcements = new LazyAnnouncements();
        const model = new Map<number, { leaf: number; age: number }>();
        for (const step of steps) {
          if (step === "age") {
            announcements.age();
            for (const entry of model.values()) entry.age += 1;
          } else if (step === "take") {
            const due = [...model].filter(([, { age }]) => age >= 2);
            for (const [fingerprint] of due) model.delete(fingerprint);
            assertEquals(
              new Map(
                announcements.takeDue()
                  .map(({ fingerprint, leaf }) => [fingerprint, leaf]),
              ),
              new Map(due.map(([key, { leaf }]) => [key, leaf])),
            );
          } else if ("add" in step) {
            const { add, leaf } = step;
            announcements.add({ fingerprint: add, leaf });
            model.set(add, { leaf, age: 0 });
          } else {
            announcements.delete(step.remove);
            model.delete(step.remove);
          }
          assertEquals(announcements.size, model.size);
        }
      }),
      { numRuns: 300 },
    );
  },
});

Deno.test({
  name: "LazyAnnouncements grows to many thousands, and shrinks again",
  permissions: "none",
  fn() {
    const announcements = new LazyAnnouncements();
    const addAll = (from: number, to: number) => {
      for (let fingerprint = from; fingerprint < to; fingerprint++) {
        announcements.add({ fingerprint, leaf: fingerprint % 65_536 });
      }
    };
    for (let round = 0; round < 2; round++) {
      addAll(0, 50_000);
      announcements.age();
      addAll(50_000, 51_000);
      assertEquals(announcements.takeDue(), []);
      for (const [from, to] of [[0, 50_000], [50_000, 51_000]]) {
        announcements.age();
        // It has to grow while it still has entries that are due.
        addAll(51_000, 120_000);
        const ids = announcements.takeDue();
        ids.sort((one, other) => one.fingerprint - other.fingerprint);
        assertEquals(
          ids.map(({ fingerprint, leaf }) => `${fingerprint} ${leaf}`)
            .join(),
          Array.from(
            { length: to - from },
            (_, index) => `${from + index} ${(from + index) % 65_536}`,
          ).join(),
        );
      }
      for (let age = 0; age < 2; age++) announcements.age();
      assertEquals(announcements.takeDue().length, 69_000);
      assertEquals(announcements.size, 0);
    }
  },
});

Deno.test({
  name: "LazyAnnouncements counts no memory of an empty table",
  permissions: "none",
  fn() {
    const announcements = new LazyAnnouncements();
    assertEquals(announcements.bytes, 0);
    for (let fingerprint = 0; fingerprint < 1_000; fingerprint++) {
      announcements.add({ fingerprint, leaf: 0 });
    }
    const full = announcements.bytes;
    assertEquals(full >= 1_000 * 14, true);
    announcements.clear();
    assertEquals(announcements.bytes, 0);
  },
});
