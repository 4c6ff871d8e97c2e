import {
  type NeighbourState,
  Readiness,
} from "../../../peers/links/readiness.ts";
import { assertEquals } from "../../assert.ts";

const down = (neighbour: string): NeighbourState => ({
  neighbour,
  isUp: false,
  isCaughtUp: false,
});
const behind = (neighbour: string): NeighbourState => ({
  neighbour,
  isUp: true,
  isCaughtUp: false,
});
const caughtUp = (neighbour: string): NeighbourState => ({
  neighbour,
  isUp: true,
  isCaughtUp: true,
});

/** The faults after each step. */
function faults(...steps: readonly (readonly NeighbourState[])[]) {
  const readiness = new Readiness();
  return steps.map((states, index) => {
    if (index === 0) readiness.onDialled(states);
    else readiness.update(states);
    return readiness.fault;
  });
}

Deno.test({
  name: "Readiness waits until every neighbour was dialled",
  permissions: "none",
  fn() {
    const readiness = new Readiness();
    readiness.update([caughtUp("Hill"), down("Smith")]);
    assertEquals(readiness.fault, "it has not dialled its neighbours yet");
    readiness.onDialled([caughtUp("Hill"), down("Smith")]);
    assertEquals(readiness.fault, undefined);
  },
});

Deno.test({
  name: "Readiness waits for all linked neighbours, and no others",
  permissions: "none",
  fn() {
    assertEquals(
      faults(
        [down("Hill"), down("Smith")],
        [behind("Hill"), behind("Smith")],
        [behind("Hill"), caughtUp("Smith")],
        [down("Hill"), caughtUp("Smith")],
      ),
      [
        "no neighbour is linked",
        "it has not caught up with Hill, Smith yet",
        "it has not caught up with Hill yet",
        undefined,
      ],
    );
  },
});

Deno.test({
  name: "Readiness lasts while any neighbour is linked",
  permissions: "none",
  fn() {
    assertEquals(
      faults(
        [caughtUp("Hill"), caughtUp("Smith")],
        [behind("Hill"), down("Smith")],
        [down("Hill"), down("Smith")],
        [behind("Hill"), down("Smith")],
        [caughtUp("Hill"), down("Smith")],
      ),
      [
        undefined,
        undefined,
        "no neighbour is linked",
        "it has not caught up with Hill yet",
        undefined,
      ],
    );
  },
});

Deno.test({
  name: "Readiness is immediate for a server without neighbours",
  permissions: "none",
  fn() {
    assertEquals(faults([]), [undefined]);
  },
});
