import { UsageError } from "../../cli/arguments.ts";
import { where } from "../../commands/where.ts";
import { assert, assertRejects } from "../assert.ts";

Deno.test({
  name: "where says what is wrong with its arguments before it asks servers",
  permissions: "none",
  async fn() {
    for (
      const [args, text] of [
        [[], "expected a client's ID"],
        [[""], "expected a client's ID"],
        [["a", "b"], "expected one client's ID, found b too"],
        [["a", "--at=soon"], "--at: expected now, yesterday 14:00, "],
        [
          ["a", "--from=2026-02-30"],
          "--from: 2026-02-30: there is no such day",
        ],
        [["a", "--at=1", "--to=2"], "--at gives one position"],
        [["a", "--from=2.5", "--to=2.4"], "--from is later than --to"],
        [["a", "--format=xml"], "--format: expected table, json, geojson, gpx"],
        [["a", "--frmo=1"], "unknown flag --frmo"],
      ] as const
    ) {
      const error = await assertRejects(() => where(args), UsageError);
      assert(error.message.startsWith(text), error.message);
    }
  },
});
