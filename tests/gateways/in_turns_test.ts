import { inTurns } from "../../gateways/in_turns.ts";
import { maxPoints, maxValuesInStep } from "../../gateways/readers/limits.ts";
import {
  recognizeInSteps,
  recognizeRequest,
} from "../../gateways/readers/recognize.ts";
import { finish, isSteps } from "../../gateways/readers/steps.ts";
import { Turns, Workload } from "../../runtime/turns.ts";
import { assert, assertEquals } from "../assert.ts";
import { drainMicrotasks } from "../fakes/manual_clock.ts";
import { requestOf } from "./http_sample.ts";
import { StepClock } from "./step_clock.ts";

const now = { seconds: 1_796_040_000, nanoseconds: 0 };

/** A list of reports, and the request that sends it. */
function batchOf(count: number) {
  const points = Array.from(
    { length: count },
    (_, index) => ({ id: `c${index}`, lat: 1, lon: 2, tst: 3 }),
  );
  return requestOf("/report", JSON.stringify(points));
}

Deno.test({
  name:
    "a large batch is recognised and read point by point, with the same result",
  permissions: "none",
  fn() {
    const request = batchOf(maxPoints);
    const recognizing = recognizeInSteps(request);
    let steps = 0;
    let step;
    while (!(step = recognizing.next()).done) steps += 1;
    assert(steps >= maxPoints, `${steps}`);
    const reading = step.value({ now });
    assert(isSteps(reading));
    steps = 0;
    let read;
    while (!(read = reading.next()).done) steps += 1;
    assertEquals(steps, maxPoints);
    assertEquals(read.value, recognizeRequest(request)({ now }));
    assertEquals(read.value.sightings.length, maxPoints);
  },
});

Deno.test({
  name: "one point of a large message has at most so many values",
  permissions: "none",
  fn() {
    const body = (count: number) =>
      `[{"id":"a","lat":1,"lon":2,"x":[${"1,".repeat(count)}1]},` +
      `"${" ".repeat(20_000)}"]`;
    const read = (count: number) =>
      recognizeRequest(requestOf("/report", body(count)))({ now });
    assertEquals(read(maxValuesInStep - 10).sightings.length, 1);
    assertEquals(read(maxValuesInStep + 1).refusal, "too-many-values");
  },
});

Deno.test({
  name: "work in steps lets other work go between, and ends in its turn",
  permissions: "none",
  async fn() {
    const clock = new StepClock();
    const turns = new Turns(clock);
    const workload = new Workload();
    const order: string[] = [];
    function* work(): Generator<void, string, void> {
      for (let count = 0; count < 64; count++) {
        // Each step takes a millisecond.
        clock.ms += 1;
        if (count % 4 === 0) order.push(`step ${count}`);
        yield;
      }
      return "done";
    }
    assertEquals(turns.begin(workload), undefined);
    const working = inTurns(work(), turns, workload);
    const other = turns.begin(new Workload());
    assert(other !== undefined);
    other.then(() => order.push("other"));
    await drainMicrotasks();
    assertEquals(await working, "done");
    // A turn has two milliseconds, so the first look ends it.
    assert(order.indexOf("other") < order.indexOf("step 8"), `${order}`);
    assertEquals(await inTurns("at once", turns, workload), "at once");
    assertEquals(finish("at once"), "at once");
  },
});
