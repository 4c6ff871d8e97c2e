import { parseRevokedFile } from "../../identity/revoked_file.ts";
import { SetupError } from "../../runtime/setup_error.ts";
import { assertEquals, assertThrows } from "../assert.ts";

const parse = (text: string) => [...parseRevokedFile(text, "revoked.txt")];

Deno.test({
  name: "a list of revoked tokens has an ID a line, and may be empty",
  permissions: "none",
  fn() {
    assertEquals(parse(""), []);
    assertEquals(parse("# none yet\n"), []);
    assertEquals(parse("one\r\n  two \n\n# three\nfour"), [
      "one",
      "two",
      "four",
    ]);
    assertEquals(parse("one\none\n"), ["one"]);
    const longest = "x".repeat(128);
    assertEquals(parse(longest), [longest]);
  },
});

Deno.test({
  name: "a fault of the list is named with its line",
  permissions: "none",
  fn() {
    const fault = "expected the ID of a token (jti), 1 to 128 visible ASCII";
    const cases: [text: string, fault: string][] = [
      ["one\ntwo # stolen", `2: ${fault}`],
      ["\xe9", `1: ${fault}`],
      ["x".repeat(129), `1: ${fault}`],
      ["a\n\ufffd\n", "2: expected UTF-8"],
      [
        Array.from({ length: 10_001 }, (_, index) => `${index}\n`).join(""),
        "10001: expected at most 10000 tokens; remove those that have expired",
      ],
      ["x\n".repeat(1024 * 1024 + 1), " expected at most 2097152 characters"],
    ];
    for (const [text, message] of cases) {
      assertThrows(() => parse(text), SetupError, `revoked.txt:${message}`);
    }
  },
});
