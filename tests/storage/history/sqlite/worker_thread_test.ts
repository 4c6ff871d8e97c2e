import blocksJs from "../../../../storage/history/sqlite/blocks.js" with {
  type: "text",
};
import dayFileJs from "../../../../storage/history/sqlite/day_file.js" with {
  type: "text",
};
import dayFilesJs from "../../../../storage/history/sqlite/day_files.js" with {
  type: "text",
};
import deletionJs from "../../../../storage/history/sqlite/deletion.js" with {
  type: "text",
};
import workerJs from "../../../../storage/history/sqlite/worker.js" with {
  type: "text",
};
import {
  WorkerError,
  WorkerThread,
} from "../../../../storage/history/sqlite/worker_thread.ts";
import { assert, assertEquals, assertRejects } from "../../../assert.ts";

Deno.test({
  name: "the modules of the thread are ASCII, and import only each other",
  permissions: "none",
  fn() {
    for (
      const text of [blocksJs, dayFileJs, dayFilesJs, deletionJs, workerJs]
    ) {
      assert([...text].every((character) => character <= "~"));
      for (
        const [, name] of text.matchAll(/^(?:import .*|\} )from "(.*)";$/gm)
      ) {
        assert(/^(node:\w+|\.\/\w+\.js)$/.test(name), name);
      }
    }
  },
});

Deno.test("a thread that fails is an error, and is started again", async () => {
  const thread = new WorkerThread({ folder: "none" }, () => {});
  await assertRejects(() => thread.call("no such kind"), WorkerError);
  const waiting = thread.call("forget", { client: "kiwi", seconds: 5 });
  thread.terminate("the thread failed");
  await assertRejects(() => waiting, WorkerError, "the thread failed");
  assert(!thread.isRunning);
  const { state } = await thread.call("close", { days: [] });
  assertEquals(state.days, []);
  thread.terminate();
});

Deno.test({
  name: "a thread needs no permission to read its code",
  permissions: { read: false, write: false, net: false },
  async fn() {
    const thread = new WorkerThread({ folder: "none" }, () => {});
    const { state } = await thread.call("close", { days: [] });
    assertEquals(state.records, 0);
    thread.terminate();
  },
});
