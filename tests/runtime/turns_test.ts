import { shortTurnMs, turnMs, Turns, Workload } from "../../runtime/turns.ts";
import { assert, assertEquals } from "../assert.ts";
import { ManualClock } from "../fakes/manual_clock.ts";

/** A clock whose time is what the work takes, and whose turns are counted. */
class WorkClock extends ManualClock {
  workedMs = 0;
  turns = 0;
  readonly #next: (() => void)[] = [];
  readonly #ends: (() => void)[] = [];

  override elapsedMs(): number {
    return this.workedMs;
  }

  override nextTurn(callback: () => void): void {
    this.#next.push(callback);
  }

  override endOfTurn(callback: () => void): void {
    this.#ends.push(callback);
  }

  /** Ends the turn, as a server does that has nothing to do for a moment. */
  endTurn(): void {
    for (const end of this.#ends.splice(0)) end();
  }

  /** Begins the next turn, and waits until its work is done. */
  async passTurn(): Promise<boolean> {
    const callbacks = [...this.#ends.splice(0), ...this.#next.splice(0)];
    if (callbacks.length === 0) return false;
    this.turns += 1;
    for (const callback of callbacks) callback();
    for (let hop = 0; hop < 2_000; hop++) await null;
    return true;
  }
}

/** How long a piece takes that is called alone, and a short one. */
const [pieceMs, shortMs] = [0.2, 0.05];

/** Does pieces of work, and notes in whose name. */
async function work(
  turns: Turns,
  clock: WorkClock,
  workload: Workload,
  pieces: number,
  note: () => void,
  takesMs = pieceMs,
): Promise<void> {
  for (let piece = 0; piece < pieces; piece++) {
    const turn = turns.begin(workload);
    if (turn !== undefined) await turn;
    clock.workedMs += takesMs;
    note();
    turns.end(workload);
  }
}

Deno.test({
  name:
    "Turns does no more work in a turn than its time, and all of it in the end",
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
    const most = turnMs / pieceMs + 2;
    assert(Math.max(...perTurn) <= most, `${Math.max(...perTurn)} in a turn`);
    assert(clock.turns >= 1_000 / most);
    assertEquals(turns.waiting, 0);
  },
});

Deno.test({
  name: "Turns gives short pieces a longer turn",
  permissions: "none",
  async fn() {
    const clock = new WorkClock();
    const turns = new Turns(clock);
    let done = 0;
    const workloads = Array.from({ length: 50 }, () => new Workload());
    const round = (takesMs: number) =>
      workloads.map((workload) =>
        work(turns, clock, workload, 8, () => done += 1, takesMs)
      );
    // What a piece takes is not known before.
    const first = round(shortMs);
    while (await clock.passTurn());
    await Promise.all(first);
    const perTurn: number[] = [];
    for (const takesMs of [shortMs, pieceMs]) {
      clock.workedMs += 10;
      done = 0;
      const works = round(takesMs);
      perTurn.push(done);
      for (let before = done; await clock.passTurn(); before = done) {
        perTurn.push(done - before);
      }
      await Promise.all(works);
    }
    // Once a turn is over, the rest is divided.
    const [short, long] = [turnMs / shortMs, shortTurnMs / shortMs];
    assert(perTurn[0] > short && perTurn[0] <= long + 1, `${perTurn}`);
    assert(Math.max(...perTurn.slice(1)) <= short + 1, `${perTurn}`);
  },
});

Deno.test({
  name: "Turns lets links go first, then those that have had less than others",
  permissions: "none",
  async fn() {
    const clock = new WorkClock();
    const turns = new Turns(clock);
    const order: string[] = [];
    const heavy = new Workload();
    // It uses this turn up.
    const pieces = turnMs / pieceMs;
    const busy = work(turns, clock, heavy, 2 * pieces, () => {
      order.push("heavy");
    });
    const others = [
      work(turns, clock, new Workload(), 1, () => order.push("light")),
      work(turns, clock, new Workload(true), 1, () => order.push("link")),
    ];
    while (await clock.passTurn());
    await Promise.all([busy, ...others]);
    const [link, light] = [order.indexOf("link"), order.indexOf("light")];
    assert(link < light, `${link} ${light}`);
    assert(light < pieces + 5, `${light}`);
  },
});

Deno.test({
  name: "Turns calls heavy workloads too while new ones come all the time",
  permissions: "none",
  async fn() {
    const clock = new WorkClock();
    const turns = new Turns(clock);
    const heavy = new Workload();
    let heavyPieces = 0;
    let isOver = false;
    const phones = Array.from({ length: 100 }, async () => {
      while (!isOver) {
        // Each piece is of another client that has done nothing before.
        await work(turns, clock, new Workload(), 1, () => {});
      }
    });
    const flood = work(turns, clock, heavy, 30, () => heavyPieces += 1);
    for (let turn = 0; turn < 200; turn++) await clock.passTurn();
    // A hundredth of all pieces is its share.
    assert(heavyPieces >= 10, `${heavyPieces} pieces`);
    isOver = true;
    while (await clock.passTurn());
    await Promise.all([...phones, flood]);
  },
});

Deno.test({
  name: "Turns makes nobody wait where there is little to do",
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
  },
});

Deno.test({
  name: "Turns does not take short turns that follow closely for a long one",
  permissions: "none",
  fn() {
    const clock = new WorkClock();
    const turns = new Turns(clock);
    for (let turn = 0; turn < 100; turn++) {
      // The clients of a busy server take most of it, and there are more at once.
      for (let piece = 0; piece < 0.8 * turnMs / pieceMs; piece++) {
        assertEquals(turns.begin(new Workload()), undefined);
        clock.workedMs += pieceMs;
      }
      clock.endTurn();
    }
    assertEquals(turns.waiting, 0);
  },
});

Deno.test({
  name:
    "Turns lets a client that asks for little wait for no more than a piece",
  permissions: "none",
  async fn() {
    const clock = new WorkClock();
    const turns = new Turns(clock);
    let isOver = false;
    let served = 0;
    const attackers = Array.from({ length: 200 }, async () => {
      const workload = new Workload();
      // Each asks for several pieces at once.
      const pieces = Array.from({ length: 16 }, async () => {
        while (!isOver) {
          await work(turns, clock, workload, 1, () => served += 1);
        }
      });
      await Promise.all(pieces);
    });
    const phone = new Workload();
    const waits: number[] = [];
    for (let turn = 0; turn < 1_200; turn++) {
      await clock.passTurn();
      // That is a quarter of its share.
      if (turn % 40 > 0) continue;
      const servedBefore = served;
      work(turns, clock, phone, 1, () => waits.push(served - servedBefore));
    }
    assertEquals(waits.length, 30);
    // At first all have had nothing.
    const [, ...later] = waits;
    assert(Math.max(...later) <= 4, `${Math.max(...later)} pieces before it`);
    isOver = true;
    while (await clock.passTurn());
    await Promise.all(attackers);
  },
});
