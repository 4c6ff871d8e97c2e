import type { Timestamp } from "../../protocol/time.ts";
import { maxForgetWaitMs } from "../../replica/history.ts";
import { HistoryDeletions } from "../../replica/history_deletions.ts";
import { assertEquals } from "../assert.ts";
import { ManualClock } from "../fakes/manual_clock.ts";

const until: Timestamp = { seconds: 1_520_023_934, nanoseconds: 5 };

/** Deletions of a history whose answers are given, each when it is wanted. */
function create() {
  const clock = new ManualClock();
  const events: string[] = [];
  const wanted: PromiseWithResolvers<number>[] = [];
  const history = {
    forget() {
      const answer = Promise.withResolvers<number>();
      wanted.push(answer);
      return answer.promise;
    },
  };
  const deletions = new HistoryDeletions({
    history,
    clock,
    onEnd: (client, result) =>
      events.push(
        `${client} ${result instanceof Error ? result.message : result}`,
      ),
  });
  return { clock, deletions, events, wanted };
}

Deno.test({
  name: "HistoryDeletions answers with the records of a deletion under way",
  permissions: "none",
  async fn() {
    const { deletions, events, wanted } = create();
    deletions.start("kiwi", until);
    const finished = deletions.finish("kiwi", until);
    assertEquals(wanted.length, 1);
    wanted[0].resolve(3);
    assertEquals(await finished, 3);
    assertEquals(events, ["kiwi 3"]);
  },
});

Deno.test({
  name:
    "HistoryDeletions counts what the same deletion has deleted before it was asked for",
  permissions: "none",
  async fn() {
    const { deletions, wanted } = create();
    const { records } = deletions.start("kiwi", until);
    wanted[0].resolve(3);
    assertEquals(await records, 3);
    const again = deletions.finish("kiwi", until);
    // Records may have been added since.
    wanted[1].resolve(1);
    assertEquals(await again, 4);
    const later = deletions.finish("kiwi", { ...until, nanoseconds: 6 });
    wanted[2].resolve(2);
    assertEquals(await later, 2);
    const other = deletions.finish("plum", until);
    wanted[3].resolve(0);
    assertEquals(await other, 0);
  },
});

Deno.test({
  name: "HistoryDeletions does not count a deletion that failed, or is slow",
  permissions: "none",
  async fn() {
    const { clock, deletions, events, wanted } = create();
    const failing = deletions.finish("kiwi", until);
    wanted[0].reject(new Error("disk full"));
    assertEquals(await failing, null);
    assertEquals(events, ["kiwi disk full"]);
    const slow = deletions.finish("kiwi", until);
    await clock.advance(maxForgetWaitMs);
    assertEquals(await slow, null);
    wanted[1].resolve(3);
  },
});
