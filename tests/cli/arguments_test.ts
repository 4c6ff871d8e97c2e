import { readArguments } from "../../cli/arguments.ts";
import { UsageError } from "../../runtime/setup_error.ts";
import { assertEquals, assertThrows } from "../assert.ts";

const flags = { all: { help: "" }, last: { value: "COUNT", help: "" } };

Deno.test({
  name: "readArguments() reads no flags after --",
  permissions: "none",
  fn() {
    const words = ["-id", "--last=3", "--help", "--"];
    const { flags: given, positionals } = readArguments(
      ["--last=1", "logs", "--", ...words],
      flags,
    );
    assertEquals(positionals, ["logs", ...words]);
    assertEquals([...given], [["last", "1"]]);
  },
});

Deno.test({
  name: "readArguments() says how to give a word that begins with a dash",
  permissions: "none",
  fn() {
    const messageOf = (word?: string) =>
      assertThrows(() => readArguments(["-id"], flags, word), UsageError)
        .message;
    assertEquals(messageOf(), "unknown flag -id");
    assertEquals(
      messageOf("an ID that begins with -"),
      "unknown flag -id; before an ID that begins with -, write --",
    );
  },
});
