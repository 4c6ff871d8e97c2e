import {
  Budget,
  type DayCount,
  formatDayCount,
  parseDayCount,
} from "../../places/budget.ts";
import {
  BudgetFileError,
  readBudgetFile,
  writeBudgetFile,
} from "../../places/budget_file.ts";
import { assertEquals, assertRejects } from "../assert.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";

/** A ManualClock starts at 2018-03-02 21:05:34 UTC. */
const today = "2018-03-02";
const untilMidnightMs = (2 * 3600 + 54 * 60 + 26) * 1000;

function createBudget(requestsPerDay: number, kept?: DayCount) {
  const clock = new ManualClock();
  const counts: DayCount[] = [];
  const budget = new Budget({
    requestsPerDay,
    clock,
    kept,
    keep: async (count) => void await counts.push(count),
  });
  return { budget, clock, counts };
}

Deno.test({
  name:
    "Budget allows its number of requests per day, and again from midnight UTC",
  permissions: "none",
  async fn() {
    const { budget, clock, counts } = createBudget(2);
    const spend = () => budget.spend();
    assertEquals([spend(), spend(), spend()], [true, true, false]);
    assertEquals(budget.opensAt, "2018-03-03T00:00:00Z");
    await clock.advance(untilMidnightMs - 1);
    assertEquals(spend(), false);
    await clock.advance(1);
    assertEquals([spend(), spend(), spend()], [true, true, false]);
    assertEquals(budget.opensAt, "2018-03-04T00:00:00Z");
    assertEquals(counts, []);
    await budget.save();
    assertEquals(counts, [{ day: "2018-03-03", requests: 2 }]);
  },
});

Deno.test({
  name: "Budget continues today's count and ignores older ones",
  permissions: "none",
  async fn() {
    const { budget, counts } = createBudget(3, { day: today, requests: 2 });
    assertEquals([budget.spend(), budget.spend()], [true, false]);
    await budget.save();
    assertEquals(counts, [{ day: today, requests: 3 }]);
    for (const day of ["2018-03-01", "2017-03-02", "2018-03-03"]) {
      const { budget } = createBudget(1, { day, requests: 9 });
      assertEquals([budget.spend(), budget.spend()], [true, false], day);
    }
    // If the limit is lowered below today's count, the budget is spent.
    const lowered = createBudget(1, { day: today, requests: 9 });
    assertEquals(lowered.budget.spend(), false);
    assertEquals(lowered.counts, []);
  },
});

Deno.test({
  name: "Budget saves one count at a time, and the last one in the end",
  permissions: "none",
  async fn() {
    const saves: { count: DayCount; end: (error?: Error) => void }[] = [];
    const budget = new Budget({
      requestsPerDay: 9,
      clock: new ManualClock(),
      keep: (count) =>
        new Promise((resolve, reject) =>
          saves.push({
            count,
            end: (error) => error === undefined ? resolve() : reject(error),
          })
        ),
    });
    const spend = () => {
      budget.spend();
      return budget.save();
    };
    const first = spend();
    const others = [spend(), spend()];
    assertEquals(saves.map(({ count }) => count.requests), [1]);
    saves[0].end();
    await drainMicrotasks();
    assertEquals(saves.map(({ count }) => count.requests), [1, 3]);
    saves[1].end();
    await Promise.all([first, ...others]);
    const failed = spend();
    saves[2].end(new Error("no space left on device"));
    await assertRejects(() => failed, Error, "no space left on device");
    const next = spend();
    assertEquals(saves[3].count.requests, 5);
    saves[3].end();
    await next;
  },
});

Deno.test({
  name: "a day's count is a line of fixed length that can be parsed",
  permissions: "none",
  fn() {
    const lengths = new Set<number>();
    for (const requests of [0, 1, 12, 999_999_999, 1_000_000_000]) {
      const line = formatDayCount({ day: today, requests });
      assertEquals(parseDayCount(line), { day: today, requests });
      lengths.add(line.length);
    }
    assertEquals(lengths.size, 1);
    for (
      const text of ["", "\n", "2018-03-02 12\n", "12", "x", "{}", "a\nb\n"]
    ) assertEquals(parseDayCount(text), undefined);
    const line = formatDayCount({ day: today, requests: 7 });
    for (const text of [line.trimEnd(), line + line, ` ${line}`]) {
      assertEquals(parseDayCount(text), undefined);
    }
  },
});

Deno.test({
  name: "a budget file returns the last count, a missing file none",
  permissions: { read: true, write: true },
  async fn() {
    const folder = Deno.makeTempDirSync({ prefix: "herd-" });
    const path = `${folder}/Hill.places-budget`;
    try {
      assertEquals(await readBudgetFile(path), undefined);
      await writeBudgetFile(path, {
        day: "2018-03-01",
        requests: 1_000_000_000,
      });
      await writeBudgetFile(path, { day: today, requests: 3 });
      assertEquals(await readBudgetFile(path), { day: today, requests: 3 });
      assertEquals(
        Deno.readTextFileSync(path),
        `${today} 000000000000003\n`,
      );
      Deno.writeTextFileSync(path, "");
      assertEquals(await readBudgetFile(path), undefined);
      Deno.writeTextFileSync(path, "what?");
      await assertRejects(
        () => readBudgetFile(path),
        BudgetFileError,
        `${path}: expected a day and a count, as in "2026-11-22 ` +
          '000000000000012"; correct it, or delete it to count from 0',
      );
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});
