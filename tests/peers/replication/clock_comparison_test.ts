import {
  clockDiffersFromSeconds,
  maxClockSkewSeconds,
  ticksOfClockEpoch,
} from "../../../peers/limits.ts";
import { ClockComparison } from "../../../peers/replication/clock_comparison.ts";
import { makeReport } from "../../../protocol/report.ts";
import { assert, assertEquals } from "../../assert.ts";
import { timestampOf } from "../../fakes/timestamp.ts";

const start = 1_800_000_000;

/** A server's clock, which a test moves, and the comparison. */
class Scene {
  elapsed = 0;
  /** How far its clock is ahead of the true time. */
  ahead: number;
  readonly clocks: ClockComparison;

  constructor(ahead = 0) {
    this.ahead = ahead;
    this.clocks = new ClockComparison({
      now: () => timestampOf(start + this.elapsed + this.ahead),
      elapsedMs: () => this.elapsed * 1_000,
    });
  }

  /** A neighbour tells a clock that is ahead of the true time. */
  tell(neighbour: string, ahead: number): void {
    this.clocks.onTold(neighbour, timestampOf(start + this.elapsed + ahead));
  }

  /** Runs some seconds. Returns what `tick` has returned. */
  pass(seconds: number): (number | undefined)[] {
    return Array.from({ length: seconds }, () => {
      this.elapsed += 1;
      const latest = this.clocks.tick();
      return latest && latest.seconds - start - this.elapsed;
    });
  }

  /** Whether a report is ahead that was heard some seconds from now. */
  isAhead(seconds: number): boolean {
    const heard = timestampOf(start + this.elapsed + seconds);
    return this.clocks.isAhead(makeReport("Smith", heard, {
      verb: "IAMAT",
      client: "kiwi",
      position: "+1+1",
      time: "5",
    }));
  }

  /** How far it is ahead of the median, in whole milliseconds. */
  get difference(): number {
    return Math.round(this.clocks.state.aheadSeconds * 1_000) / 1_000;
  }
}

Deno.test({
  name: "the clock of a server without neighbours agrees with itself",
  permissions: "none",
  fn() {
    const scene = new Scene();
    scene.ahead = 3_600;
    assertEquals(scene.clocks.state, {
      aheadSeconds: 0,
      clocks: 1,
      differs: false,
    });
    assert(!scene.isAhead(3_600 + maxClockSkewSeconds));
    assert(scene.isAhead(3_600 + maxClockSkewSeconds + 1));
  },
});

Deno.test({
  name: "a clock is compared with the median of its own and its neighbours'",
  permissions: "none",
  fn() {
    const scene = new Scene();
    scene.ahead = 20;
    scene.tell("Smith", 0);
    scene.tell("Jaquez", 1);
    assertEquals([scene.difference, scene.clocks.state.clocks], [19, 3]);
    assertEquals(scene.clocks.aheadSecondsOf("Smith"), -20);
    assertEquals(scene.clocks.aheadSecondsOf("Campbell"), undefined);
    // However wrong one of three clocks is, it moves the median little.
    scene.ahead = 0;
    scene.tell("Smith", 1e9);
    assertEquals(scene.difference, -1);
    scene.clocks.onUnlinked("Jaquez");
    scene.clocks.onUnlinked("Smith");
    assertEquals(scene.difference, 0);
  },
});

Deno.test({
  name: "of two servers whose clocks differ, both differ from the median",
  permissions: "none",
  fn() {
    const [one, other] = [new Scene(), new Scene()];
    one.ahead = 12;
    one.tell("Smith", 0);
    other.tell("Hill", 12);
    for (const scene of [one, other]) {
      scene.pass(1);
      assertEquals(scene.clocks.state.differs, true);
    }
    assertEquals([one.difference, other.difference], [6, -6]);
  },
});

Deno.test({
  name: "a clock differs from 5 s on, and agrees again within 4 s",
  permissions: "none",
  fn() {
    const scene = new Scene();
    const differs = [];
    for (const ahead of [4.9, 5.1, 4.5, -4.5, 3.9, -4.9, -5.1]) {
      scene.ahead = ahead;
      for (const name of ["Smith", "Jaquez"]) scene.tell(name, 0);
      scene.pass(1);
      differs.push(scene.clocks.state.differs);
    }
    assertEquals(clockDiffersFromSeconds, 5);
    assertEquals(differs, [false, true, true, true, false, false, true]);
  },
});

Deno.test({
  name: "messages that are late do not set a neighbour's clock back",
  permissions: "none",
  fn() {
    const scene = new Scene();
    scene.tell("Smith", 0);
    // Its messages were under way while this server was frozen.
    scene.elapsed += 600;
    for (let late = 600; late > 0; late -= 5) scene.tell("Smith", -late);
    assertEquals(scene.clocks.aheadSecondsOf("Smith"), 0);
    // A clock that was set back is believed after two epochs.
    for (let epoch = 0; epoch < 2; epoch++) {
      assertEquals(scene.clocks.aheadSecondsOf("Smith"), 0);
      scene.tell("Smith", -30);
      scene.pass(ticksOfClockEpoch);
    }
    assertEquals(scene.clocks.aheadSecondsOf("Smith"), -30);
    // One that was set is believed at once, and stays while it is silent.
    scene.tell("Smith", 40);
    scene.pass(5 * ticksOfClockEpoch);
    assertEquals(scene.clocks.aheadSecondsOf("Smith"), 40);
  },
});

Deno.test({
  name: "a report is ahead if it was heard 60 s after the median or later",
  permissions: "none",
  fn() {
    const scene = new Scene();
    // Behind by an hour, but both neighbours are right.
    scene.ahead = -3_600;
    for (const name of ["Smith", "Jaquez"]) scene.tell(name, 0);
    for (let minute = 0; minute < 3; minute++) {
      assert(!scene.isAhead(-3_600));
      assert(!scene.isAhead(60));
      assert(scene.isAhead(60.000_000_5));
      assert(scene.isAhead(1e9));
      assert(!scene.isAhead(60));
      scene.elapsed += 59.5;
    }
  },
});

Deno.test({
  name: "a step of this server's clock is no step of the neighbours'",
  permissions: "none",
  fn() {
    const scene = new Scene();
    for (const name of ["Smith", "Jaquez"]) scene.tell(name, 0);
    assertEquals(scene.pass(3), [undefined, undefined, undefined]);
    scene.ahead = 3_600;
    assertEquals(scene.pass(3), [undefined, undefined, undefined]);
    assertEquals(scene.difference, 3_600);
    assertEquals(scene.clocks.aheadSecondsOf("Smith"), -3_600);
    assert(scene.isAhead(61));
    // Now reports may be stored that were heard in an hour.
    scene.ahead = 0;
    assertEquals(scene.pass(3), [60, undefined, undefined]);
    // A step that others have made too removes nothing.
    scene.ahead = -7_200;
    assertEquals(scene.pass(2), [undefined, undefined]);
    assertEquals(scene.difference, -7_200);
  },
});

Deno.test({
  name: "a server whose clock is behind removes nothing when it is cut off",
  permissions: "none",
  fn() {
    const scene = new Scene();
    scene.ahead = -7_200;
    for (const name of ["Smith", "Jaquez"]) scene.tell(name, 0);
    scene.pass(3);
    scene.clocks.onUnlinked("Smith");
    scene.clocks.onUnlinked("Jaquez");
    assertEquals(scene.clocks.state.clocks, 1);
    assertEquals(scene.pass(3), [undefined, undefined, undefined]);
    // It comes back, and was wrong itself.
    scene.tell("Jaquez", -7_200);
    scene.tell("Smith", -7_200);
    assertEquals(scene.pass(2), [-7_140, undefined]);
  },
});

Deno.test({
  name:
    "reports are removed when a clock is set back in the second of the start",
  permissions: "none",
  fn() {
    const scene = new Scene(2_400);
    scene.ahead = 0;
    assertEquals(scene.pass(3), [maxClockSkewSeconds, undefined, undefined]);
  },
});

Deno.test({
  name: "reports are removed when the last of several clocks is set back",
  permissions: "none",
  fn() {
    const scene = new Scene();
    scene.ahead = 3_600;
    scene.tell("Smith", 3_600);
    scene.pass(1);
    scene.ahead = 0;
    // The neighbour's clock still shows that time.
    assertEquals(scene.pass(1), [undefined]);
    const later: (number | undefined)[] = [];
    for (let second = 0; second < 3 * ticksOfClockEpoch; second++) {
      scene.tell("Smith", 0);
      later.push(...scene.pass(1));
    }
    assertEquals(later.filter((latest) => latest !== undefined), [60]);
    assertEquals(scene.difference, 0);
  },
});
