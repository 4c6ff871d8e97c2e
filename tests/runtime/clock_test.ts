import {
  PastMoment,
  SystemClock,
  type TimeSources,
} from "../../runtime/clock.ts";
import { assert, assertEquals } from "../assert.ts";
import { ManualClock } from "../fakes/manual_clock.ts";

/** When the simulated counter was 0, in POSIX milliseconds. */
const startMs = 1_520_023_934_000;

/** How long it takes to read one of the simulated clocks, in milliseconds. */
const readingMs = 0.000_2;

/** How far `SystemClock` may be ahead without drift, in milliseconds. */
const precisionMs = 0.011;

/** The two clocks of a machine, whose process can be paused. */
class SimulatedMachine implements TimeSources {
  /** By how much the time of day was set, in milliseconds. */
  setByMs = 0;
  /** How many milliseconds the time of day gains in one. */
  gain = 0;
  /** How long the reading of the time of day with this number takes. */
  pause = { reading: -1, beforeMs: 0, afterMs: 0 };
  #counterMs: number;
  #readings = 0;

  constructor(counterMs: number) {
    this.#counterMs = counterMs;
  }

  /** The exact time of day since `startMs`, in milliseconds. */
  get timeMs(): number {
    return this.#counterMs * (1 + this.gain) + this.setByMs;
  }

  /** How often the time of day was read. */
  get readings(): number {
    return this.#readings;
  }

  pass(ms: number): void {
    this.#counterMs += ms;
  }

  dateMs(): number {
    const isPaused = this.#readings++ === this.pause.reading;
    this.pass(readingMs + (isPaused ? this.pause.beforeMs : 0));
    const dateMs = startMs + Math.floor(this.timeMs);
    if (isPaused) this.pass(this.pause.afterMs);
    return dateMs;
  }

  counterMs(): number {
    this.pass(readingMs);
    return this.#counterMs;
  }
}

/** How far the clock is ahead of the time of day, in milliseconds. */
function aheadMs(clock: SystemClock, machine: SimulatedMachine): number {
  const { seconds, nanoseconds } = clock.now();
  return (seconds * 1000 - startMs) + nanoseconds / 1e6 - machine.timeMs;
}

/** Asserts that the clock is right, but for what one reading takes. */
function assertRight(
  clock: SystemClock,
  machine: SimulatedMachine,
  mostMs: number,
): void {
  const ms = aheadMs(clock, machine);
  assert(ms > -4 * readingMs && ms < mostMs, `${ms} ms ahead`);
}

/** The times at which a millisecond may be when the clock starts. */
const phases = [0, 0.001, 0.3, 0.5, 0.9, 0.999].map((phase) => 40 + phase);

Deno.test({
  name: "SystemClock has the time of day to 11 µs, and is never behind",
  permissions: "none",
  fn() {
    for (const phase of phases) {
      const machine = new SimulatedMachine(phase);
      const clock = new SystemClock(machine);
      for (let reading = 0; reading < 3_000; reading++) {
        assertRight(clock, machine, precisionMs);
        machine.pass(0.77);
      }
    }
  },
});

Deno.test({
  name: "one delayed Date.now() makes SystemClock neither slow nor fast",
  permissions: "none",
  fn() {
    for (const phase of phases) {
      // The process pauses before or after the time of day is read: at the
      // start of the clock, or later.
      for (const [beforeMs, afterMs] of [[2, 0], [0, 2], [30, 0], [0, 30]]) {
        for (const reading of [0, 1, 2, 100, 2_000]) {
          const machine = new SimulatedMachine(phase);
          machine.pause = { reading, beforeMs, afterMs };
          const clock = new SystemClock(machine);
          while (machine.readings <= reading) {
            clock.now();
            machine.pass(0.37);
          }
          for (let rest = 0; rest < 50; rest++) {
            assertRight(clock, machine, precisionMs);
            machine.pass(0.37);
          }
        }
      }
    }
  },
});

Deno.test({
  name: "SystemClock follows a step of the time of day at once",
  permissions: "none",
  fn() {
    for (const stepMs of [8, -8, 1e12, -1e9, 3_600_000.25]) {
      const machine = new SimulatedMachine(1_000.4);
      const clock = new SystemClock(machine);
      machine.setByMs = stepMs;
      // The first time is late by the measurement of the step.
      clock.now();
      for (let reading = 0; reading < 2_000; reading++) {
        assertRight(clock, machine, precisionMs);
        machine.pass(0.77);
      }
    }
  },
});

Deno.test({
  name: "SystemClock reads the time of day at most four times a millisecond",
  permissions: "none",
  fn() {
    const machine = new SimulatedMachine(1_000.4);
    const clock = new SystemClock(machine);
    const startReadings = machine.readings;
    for (let call = 0; call < 1_000; call++) {
      assertRight(clock, machine, precisionMs);
      machine.pass(0.01);
    }
    const readings = machine.readings - startReadings;
    assert(readings > 30 && readings <= 42, `${readings} readings in 10 ms`);
    // A step is noticed at the next one.
    machine.setByMs = 8;
    machine.pass(0.25);
    clock.now();
    assertRight(clock, machine, precisionMs);
  },
});

Deno.test({
  name:
    "SystemClock is at most a millisecond ahead of a time of day that drifts",
  permissions: "none",
  fn() {
    for (const gain of [1e-3, 5e-5, -5e-5, -1e-3]) {
      const machine = new SimulatedMachine(40.4);
      machine.gain = gain;
      const clock = new SystemClock(machine);
      const startReadings = machine.readings;
      for (let second = 0; second < 600; second++) {
        machine.pass(1_000 + second / 7);
        const ms = aheadMs(clock, machine);
        assert(Math.abs(ms) < 1.2, `${ms} ms ahead with a gain of ${gain}`);
        // It is never behind the whole milliseconds of `Date.now()`.
        const ahead = ms + machine.timeMs - Math.floor(machine.timeMs);
        assert(ahead > -4 * readingMs, `${ahead} ms ahead of Date.now()`);
      }
      // Drift is corrected by single readings.
      assert(machine.readings - startReadings < 1_300, `${machine.readings}`);
    }
  },
});

Deno.test({
  name: "SystemClock.now() takes a reading of the counter",
  permissions: "none",
  fn() {
    const machine = new SimulatedMachine(40.4);
    const clock = new SystemClock(machine);
    const [before, timeMs] = [clock.elapsedMs(), machine.timeMs];
    machine.pass(0.25);
    const { seconds, nanoseconds } = clock.now(before);
    const ms = (seconds * 1000 - startMs) + nanoseconds / 1e6 - timeMs;
    assert(ms > -4 * readingMs && ms < precisionMs, `${ms} ms ahead`);
    assert(Number.isInteger(nanoseconds) && nanoseconds < 1e9);
  },
});

Deno.test({
  name: "the age of a PastMoment does not change when the clock is set",
  permissions: "none",
  async fn() {
    const clock = new ManualClock();
    const moment = new PastMoment(clock);
    const startSeconds = moment.posixSeconds;
    await clock.advance(90_000);
    assertEquals([moment.ageSeconds, moment.posixSeconds], [90, startSeconds]);
    clock.setBy(0.4);
    assertEquals([moment.ageSeconds, moment.posixSeconds], [90, startSeconds]);
    for (const seconds of [1_766_000_000, -1_766_000_000]) {
      clock.setBy(seconds);
      assertEquals(moment.ageSeconds, 90);
      const shift = moment.posixSeconds - startSeconds;
      assert(Math.abs(shift - (seconds > 0 ? seconds : 0)) < 1, `${shift}`);
    }
  },
});

Deno.test({
  name: "nextTurn() lets sockets in, though there is always work",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    using sender = await Deno.connect({ hostname: "127.0.0.1", port });
    using receiver = await listener.accept();
    const clock = new SystemClock();
    for (let message = 0; message < 3; message++) {
      let isReceived = false;
      const reading = receiver.read(new Uint8Array(1)).then(() => {
        isReceived = true;
      });
      await sender.write(new Uint8Array(1));
      let turns = 0;
      while (!isReceived) {
        turns += 1;
        const endMs = performance.now() + 1;
        while (performance.now() < endMs);
        await new Promise<void>((resolve) => clock.nextTurn(resolve));
      }
      await reading;
      // Deno by itself looks at sockets at every 61st turn.
      assert(turns < 20, `${turns} turns`);
    }
  },
});
