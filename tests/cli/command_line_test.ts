import { commandFor, denoRun, withoutFlags } from "../../cli/command_line.ts";
import { assertEquals, assertMatch } from "../assert.ts";

Deno.test({
  name: "withoutFlags() removes flags with their values",
  permissions: "none",
  fn() {
    const without = (...args: string[]) =>
      withoutFlags(args, ["base-port", "log-dir"]);
    assertEquals(
      without("up", "--base-port=9000", "--admin", "--log-dir", "a b", "x"),
      ["up", "--admin", "x"],
    );
    assertEquals(without("--base-ports=1", "--log-dir"), ["--base-ports=1"]);
    assertEquals(without("--", "--log-dir", "a"), ["--", "--log-dir", "a"]);
    assertEquals(without(), []);
  },
});

Deno.test({
  name: "denoRun() quotes its words for a shell, and permits no other code",
  permissions: "none",
  fn() {
    assertEquals(
      denoRun(["--allow-read=my file"], ["main.ts", "send", "it's"]),
      "deno run --frozen --no-remote '--allow-read=my file' main.ts send " +
        "'it'\\''s'",
    );
  },
});

Deno.test("commandFor() grants the known permissions, or all of the necessary kinds", () => {
  const net = { name: "net", host: "127.0.0.1:8000" } as const;
  assertMatch(
    commandFor(["up"], [net], ["net", "write"]),
    / run --frozen --no-remote --allow-net=127\.0\.0\.1:8000 --allow-write \S+ up$/,
  );
});
