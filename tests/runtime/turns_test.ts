import { turnMs, Turns, Workload } from "../../runtime/turns.ts";
import { assert, assertEquals } from "../assert.ts";
import { ManualClock } from "../fakes/manual_clock.ts";

/** A clock whose time is what the work takes, and whose turns are counted. */
class WorkClock extends ManualClock {
  workedMs = 0;
  turns = 0;
  readonly #next: (() => void)[] = [];

  override elapsedMs(): number {
    return this.workedMs;
  }

  override nextTurn(callback: () => void): void {
    this.#next.push(callback);
  }

  /** Begins the next turn, and waits until its work is done. */
  async passTurn(): Promise<boolean> {
    const next = this.#next.shift();
    if (next === undefined) return false;
    this.turns += 1;
    next();
    for (let hop = 0; hop < 2_000; hop++) await null;
    return true;
  }
}

/** Does pieces of work, and notes in whose name. */
async function work(
  turns: Turns,
  clock: WorkClock,
  workload: Workload,
  pieces: number,
  note: () => void,
): Promise<void> {
  for (let piece = 0; piece < pieces; piece++) {
    const turn = turns.begin(workload);
    if (turn !== undefined) await turn;
    clock.workedMs += 0.1;
    note();
    turns.end(workload);
  }
}

Deno.test({
  name: "Turns limits the time of a turn, and does all of the work in the end",
  permissions: "none",
  async fn() {
    const clock = new WorkClock();
    const turns = new Turns(clock);
    let done = 0;
    const works = Array.from(
      { length: 50 },
      () => work(turns, clock, new Workload(), 20, () => done += 1),
    );
    const perTurn: number[] = [done];
    while (await clock.passTurn()) {
      perTurn.push(done - perTurn.reduce((sum, count) => sum + count, 0));
    }
    await Promise.all(works);
    assertEquals(done, 1_000);
    // A piece that has begun is finished.
    const most = turnMs / 0.1 + 2;
    assert(Math.max(...perTurn) <= most, `${Math.max(...perTurn)} in a turn`);
    assert(clock.turns >= 1_000 / most);
    assertEquals(turns.waiting, 0);
  },
});

Deno.test({
  name: "Turns runs links first, then workloads that have taken little time",
  permissions: "none",
  async fn() {
    const clock = new WorkClock();
    const turns = new Turns(clock);
    const order: string[] = [];
    const heavy = new Workload();
    heavy.workedMs = 1_000;
    // They use this turn up.
    const busy = work(turns, clock, heavy, 40, () => order.push("heavy"));
    const others = [
      work(turns, clock, new Workload(), 1, () => order.push("light")),
      work(turns, clock, new Workload(true), 1, () => order.push("link")),
    ];
    while (await clock.passTurn());
    await Promise.all([busy, ...others]);
    const behind = order.slice(order.lastIndexOf("heavy", 20) + 1);
    assert(order.indexOf("link") < order.indexOf("light"));
    assert(order.indexOf("light") < 25, `${order.indexOf("light")}`);
    assertEquals(behind.filter((name) => name === "light").length <= 1, true);
  },
});

Deno.test({
  name: "Turns runs heavy workloads too, even if light ones always wait",
  permissions: "none",
  async fn() {
    const clock = new WorkClock();
    const turns = new Turns(clock);
    const heavy = new Workload();
    heavy.workedMs = 1e9;
    let heavyPieces = 0;
    let isOver = false;
    const phones = Array.from({ length: 100 }, async () => {
      while (!isOver) {
        // Each piece is of another client that has done nothing before.
        await work(turns, clock, new Workload(), 1, () => {});
      }
    });
    const flood = work(turns, clock, heavy, 30, () => heavyPieces += 1);
    for (let turn = 0; turn < 60; turn++) await clock.passTurn();
    assert(heavyPieces > 20, `${heavyPieces} pieces`);
    isOver = true;
    while (await clock.passTurn());
    await Promise.all([...phones, flood]);
  },
});

Deno.test({
  name: "Turns delays no work when there is little to do",
  permissions: "none",
  fn() {
    const clock = new WorkClock();
    const turns = new Turns(clock);
    const workload = new Workload();
    for (let piece = 0; piece < 1_000; piece++) {
      assertEquals(turns.begin(workload), undefined);
      clock.workedMs += 1;
      turns.end(workload);
      // The event loop waits for something to do.
      clock.workedMs += 1;
    }
    workload.relax();
    assert(workload.workedMs <= 501);
  },
});
