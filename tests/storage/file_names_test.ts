import { planFiles } from "../../storage/file_names.ts";
import { assertEquals } from "../assert.ts";

Deno.test({
  name: "a start reads the newest snapshot and the tails after it",
  permissions: "none",
  fn() {
    assertEquals(planFiles(["lock", "notes.txt", "tail-x"]), {
      snapshot: undefined,
      tails: [],
      leftOver: [],
      next: 1,
    });
    assertEquals(planFiles(["tail-2", "tail-10", "lock", "tail-1"]), {
      snapshot: undefined,
      tails: [1, 2, 10],
      leftOver: [],
      next: 11,
    });
    assertEquals(
      planFiles([
        "snapshot-3",
        "tail-3",
        "tail-4",
        "snapshot-7.part",
        "snapshot-2",
        "tail-2",
      ]),
      {
        snapshot: 3,
        tails: [3, 4],
        leftOver: ["snapshot-7.part", "snapshot-2", "tail-2"],
        next: 8,
      },
    );
  },
});
