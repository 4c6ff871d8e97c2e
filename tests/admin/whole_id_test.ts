import { showId } from "../../admin/shown_id.ts";
import { escapeWhole, findShown } from "../../admin/whole_id.ts";
import { WorkQueue } from "../../admin/work_queue.ts";
import { escapeBytes } from "../../log/escape.ts";
import { bytesOfText, textOfBytes } from "../../protocol/bytes.ts";
import { SystemClock } from "../../runtime/clock.ts";
import { assert, assertEquals } from "../assert.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";
import { FakeObservedServer } from "../fakes/observed_server.ts";

Deno.test({
  name: "findShown() finds the client with a cut ID among those like it",
  permissions: "none",
  async fn() {
    const server = new FakeObservedServer();
    const ids = ["a*b", "\x01", "é"].flatMap((start) =>
      Array.from(
        { length: 200 },
        (_, index) => bytesOfText(start.repeat(400)) + index,
      )
    );
    server.known = ids.map((id) => `AT Hill +0.1 ${id} +1+2 5`);
    const work = new WorkQueue(new SystemClock());
    for (const index of [0, 250, 599]) {
      const line = await findShown(server, showId(ids[index]), work);
      assertEquals(line, server.known[index]);
    }
    const other = showId("a*b".repeat(400));
    assertEquals(await findShown(server, other, work), undefined);
    assertEquals(await findShown(server, "kiwi", work), undefined);
    work.close();
  },
});

Deno.test({
  name: "escapeWhole() escapes an ID of any length piece by piece",
  permissions: "none",
  async fn() {
    const clock = new ManualClock();
    const work = new WorkQueue(clock);
    let isDone = false;
    const long = "\x01".repeat(65_000);
    escapeWhole(long, work).then(() => isDone = true);
    await drainMicrotasks();
    assertEquals(isDone, false);
    await clock.advance(1);
    assert(isDone);
    for (
      const id of [
        long,
        "\x80\xff".repeat(9_000),
        bytesOfText("é€🐄".repeat(999)),
      ]
    ) {
      for (const before of ["", "x", "xx", "xxx"]) {
        const escaping = escapeWhole(before + id, work);
        await clock.advance(1);
        assertEquals(await escaping, textOfBytes(escapeBytes(before + id)));
      }
    }
  },
});
