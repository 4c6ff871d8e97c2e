import { readArguments } from "../../cli/arguments.ts";
import {
  complete,
  insertTime,
  readTimeFlag,
  type TimedLine,
  timeFlag,
} from "../../commands/typed_line.ts";
import { verbs } from "../../protocol/command.ts";
import { UsageError } from "../../runtime/setup_error.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";

function lineOf(timed: TimedLine): string {
  assert("line" in timed);
  return timed.line;
}

Deno.test({
  name: "insertTime() replaces now only as the time of a whole IAMAT",
  permissions: "none",
  fn() {
    const time = { seconds: 1_764_000_000, nanoseconds: 5_000 };
    const typed = (line: string) => lineOf(insertTime(line, time));
    assertEquals(
      typed(" IAMAT me  +1+1\tnow "),
      " IAMAT me  +1+1\t1764000000.000005000 ",
    );
    assertEquals(
      typed("IAMAT me +1+1 2018-03-02T20:52:14.918963997Z "),
      "IAMAT me +1+1 1520023934.918963997 ",
    );
    assertEquals(typed("IAMAT me +1+1 007.50"), "IAMAT me +1+1 007.50");
    for (
      const line of [
        "IAMAT now +1+1 1",
        "IAMAT me now",
        "IAMAT me +1+1 now now",
        "WHATSAT me 1 now",
        "IAMAT me +1+1 nowhere",
        "IAMAT me +1+1 2018-03-02T20:52:14",
        "IAMAT me +1+1 1e9",
        "IAMAT 1520023934918 +1+1 1",
        "WHATSAT 1520023934918 1 1",
        "iamat me +1+1 now",
      ]
    ) assertEquals(typed(line), line);
    assertEquals(insertTime("IAMAT me +1+1 1520023934918", time), {
      fault: "the time 1520023934918 can only be milliseconds: expected " +
        "seconds, 1520023934.918",
    });
  },
});

Deno.test({
  name: "insertTime() adds a time only to an IAMAT that is complete without it",
  permissions: "none",
  fn() {
    const now = { seconds: 1_764_000_000, nanoseconds: 5_000 };
    const typed = (line: string) => lineOf(insertTime(line, now, "now"));
    const seconds = "1764000000.000005000";
    assertEquals(typed(" IAMAT  me +1+1 "), ` IAMAT  me +1+1 ${seconds}`);
    assertEquals(typed("IAMAT me +1+1 now"), `IAMAT me +1+1 ${seconds}`);
    assertEquals(insertTime("IAMAT me +1+1", now, "1.5"), {
      line: "IAMAT me +1+1 1.5",
    });
    for (
      const line of [
        "IAMAT me",
        "IAMAT me +1+1 2",
        "IAMAT me +1+1 2 3",
        "WHATSAT me 1",
        "WHATSAT me 1 1",
        "AT me +1+1",
        "",
      ]
    ) assertEquals(typed(line), line);
  },
});

Deno.test({
  name: "readTimeFlag() accepts now, ISO 8601 and POSIX seconds",
  permissions: "none",
  fn() {
    const read = (...args: string[]) =>
      readTimeFlag(readArguments(args, { time: timeFlag }));
    assertEquals(read(), undefined);
    assertEquals(read("--time=now"), "now");
    assertEquals(read("--time", "1520023934.9"), "1520023934.9");
    assertEquals(read("--time", "2018-03-02T21:52:14+01:00"), "1520023934");
    assertThrows(
      () => read("--time=1520023934918"),
      UsageError,
      "--time: 1520023934918 can only be milliseconds",
    );
    for (const time of ["yesterday", "+1", "1e3"]) {
      const { message } = assertThrows(
        () => read(`--time=${time}`),
        UsageError,
      );
      assertEquals(
        message,
        "--time: expected now, ISO 8601 such as 2018-03-02T20:52:14.918Z, or " +
          `POSIX seconds such as 1520023934.918, found ${time}`,
      );
    }
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
