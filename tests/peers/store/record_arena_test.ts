import { ServerNames } from "../../../peers/server_names.ts";
import { RecordArena } from "../../../peers/store/record_arena.ts";
import { encodeBytes } from "../../../protocol/bytes.ts";
import { assertEquals } from "../../assert.ts";
import { reportOf } from "../reports.ts";

Deno.test({
  name: "RecordArena distinguishes clients whose IDs have a common prefix",
  permissions: "none",
  fn() {
    const arena = new RecordArena(() => {});
    const address = arena.add(reportOf("kiwi", 1), 0, 0, 0, 0);
    assertEquals(arena.isAbout(address, reportOf("kiwi", 2)), true);
    for (const other of ["kiw", "kiwis", "kiwI", "k"]) {
      assertEquals(arena.isAbout(address, reportOf(other, 1)), false, other);
    }
  },
});

Deno.test({
  name: "ServerNames finds whole names only",
  permissions: "none",
  fn() {
    const names = new ServerNames(["Hill", "Smith"]);
    const bytes = encodeBytes("xHillSmith");
    assertEquals(names.find(bytes, 1, 5), "Hill");
    assertEquals(names.find(bytes, 5, 10), "Smith");
    assertEquals(names.find(bytes, 1, 4), undefined);
    assertEquals(names.find(bytes, 1, 10), undefined);
    assertEquals(names.find(bytes, 1, 1), undefined);
    assertEquals([names.has("Smith"), names.has("Smit")], [true, false]);
  },
});
