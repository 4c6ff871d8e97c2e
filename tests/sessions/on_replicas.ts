/**
 * Runs a test on a replica that answers at once, and on one that answers late
 * and out of order. Clients must receive the same bytes.
 *
 * @module
 */
import fc from "../fast_check.ts";
import { Random } from "../../runtime/random.ts";
import { LateReplica, maxLateMs } from "../fakes/late_replica.ts";
import { drainMicrotasks, type ManualClock } from "../fakes/manual_clock.ts";
import { MemoryReplica } from "../fakes/memory_replica.ts";
import { anySeed, assertProperty, callingFile } from "../property.ts";

/** How often a test runs on a late replica, each time with different delays. */
const lateRuns = 5;

/** How to create a kind of replica, and wait for its answers. */
export interface TestReplica {
  /** Creates a replica that uses the test's clock. */
  readonly create: (clock: ManualClock) => MemoryReplica;
  /** Waits until all pending answers have arrived. */
  readonly arrive: (clock: ManualClock) => Promise<void>;
  /** Whether answers are late. */
  readonly isLate: boolean;
}

/** A replica that answers at once. */
export const promptReplica: TestReplica = {
  create: () => new MemoryReplica(),
  arrive: drainMicrotasks,
  isLate: false,
};

/**
 * A replica that answers late.
 *
 * @param seed The seed of its delays and failures.
 * @param failures The probability of a failure, 0 to 1.
 */
export const lateReplica = (seed: number, failures = 0): TestReplica => ({
  create: (clock) =>
    new LateReplica({ clock, random: new Random(seed), failures }),
  arrive: (clock) => clock.advance(maxLateMs),
  isLate: true,
});

/** A test that must pass on every kind of replica. */
export interface ReplicaTest {
  readonly name: string;
  readonly permissions: "none";
  readonly fn: (kind: TestReplica) => void | Promise<void>;
}

/** Declares a test for each kind of replica. */
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
