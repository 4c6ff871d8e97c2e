/**
 * Runs a test on a replica that answers at once, and on one that answers late
 * and out of order: clients get the same bytes.
 *
 * @module
 */
import fc from "../fast_check.ts";
import { Random } from "../../runtime/random.ts";
import { LateReplica, maxLateMs } from "../fakes/late_replica.ts";
import { drainMicrotasks, type ManualClock } from "../fakes/manual_clock.ts";
import { MemoryReplica } from "../fakes/memory_replica.ts";
import { anySeed, assertProperty, callingFile } from "../property.ts";

/** How often a test runs on a late replica, each time with other delays. */
const lateRuns = 5;

/** A replica, and how to wait for it. */
export interface TestReplica {
  /** Creates the replica on the clock of the test. */
  readonly create: (clock: ManualClock) => MemoryReplica;
  /** Lets every answer come in that is on its way. */
  readonly arrive: (clock: ManualClock) => Promise<void>;
  /** Whether answers come late. */
  readonly isLate: boolean;
}

/** Answers at once. */
export const promptReplica: TestReplica = {
  create: () => new MemoryReplica(),
  arrive: drainMicrotasks,
  isLate: false,
};

/**
 * Answers late.
 *
 * @param seed What its delays are drawn from.
 * @param failures How often it fails: 0 for never, 1 for always.
 */
export const lateReplica = (seed: number, failures = 0): TestReplica => ({
  create: (clock) =>
    new LateReplica({ clock, random: new Random(seed), failures }),
  arrive: (clock) => clock.advance(maxLateMs),
  isLate: true,
});

/** A test of what clients see, whatever the replica. */
export interface ReplicaTest {
  readonly name: string;
  readonly permissions: "none";
  readonly fn: (kind: TestReplica) => void | Promise<void>;
}

/** Registers a test for each kind of replica. */
export function testOnReplicas({ fn, name, permissions }: ReplicaTest): void {
  const file = callingFile();
  Deno.test({ name, permissions, fn: () => fn(promptReplica) });
  Deno.test({
    name: `${name}, on a late replica`,
    permissions,
    fn: () =>
      assertProperty(
        fc.asyncProperty(anySeed, async (seed) => await fn(lateReplica(seed))),
        { numRuns: lateRuns },
        file,
      ),
  });
}
