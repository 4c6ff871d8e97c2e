import { complete, insertTime } from "../../commands/typed_line.ts";
import { verbs } from "../../protocol/command.ts";
import { assertEquals } from "../assert.ts";

Deno.test({
  name: "insertTime() replaces now only as the time of a whole IAMAT",
  permissions: "none",
  fn() {
    const time = { seconds: 1_764_000_000, nanoseconds: 5_000 };
    const typed = (line: string) => insertTime(line, time);
    assertEquals(
      typed(" IAMAT me  +1+1\tnow "),
      " IAMAT me  +1+1\t1764000000.000005000 ",
    );
    for (
      const line of [
        "IAMAT now +1+1 1",
        "IAMAT me now",
        "IAMAT me +1+1 now now",
        "WHATSAT me 1 now",
        "IAMAT me +1+1 nowhere",
        "iamat me +1+1 now",
      ]
    ) assertEquals(typed(line), line);
  },
});

Deno.test({
  name: "complete() completes commands, IDs, and now",
  permissions: "none",
  fn() {
    const ids = new Set(["kiwi.cs.ucla.edu", "pear", "kiwano"]);
    const completed = (line: string) => complete(line, ids);
    assertEquals(completed(""), [
      [...verbs.map((verb) => `${verb} `), "help ", "quit "],
      "",
    ]);
    assertEquals(completed("WHA"), [["WHATSAT "], "WHA"]);
    assertEquals(completed("w"), [[], "w"]);
    assertEquals(completed(" WHATSAT k"), [
      ["kiwano ", "kiwi.cs.ucla.edu "],
      "k",
    ]);
    assertEquals(completed("IAMAT "), [
      ["kiwano ", "kiwi.cs.ucla.edu ", "pear "],
      "",
    ]);
    assertEquals(completed("IAMAT pear p"), [[], "p"]);
    assertEquals(completed("IAMAT pear +1+1 n"), [["now "], "n"]);
    assertEquals(completed("WHATSAT pear 1 n"), [[], "n"]);
    assertEquals(completed("help p"), [[], "p"]);
  },
});
