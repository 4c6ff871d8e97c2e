import { readClientId } from "../../admin/client_id.ts";
import { escapeBytes } from "../../log/escape.ts";
import { bytesOfText, textOfBytes } from "../../protocol/bytes.ts";
import { maxLineBytes } from "../../protocol/limits.ts";
import { assertEquals } from "../assert.ts";

Deno.test({
  name: "readClientId() inverts the escaping of IDs with any bytes",
  permissions: "none",
  fn() {
    const clients = [
      "kiwi.cs.ucla.edu",
      bytesOfText("Zürich\u202e"),
      "<img/src=x>",
      "__proto__",
      "\\",
      "\\x41",
      "\x00\xff",
      "\xc2\xa0",
    ];
    for (const client of clients) {
      const shown = textOfBytes(escapeBytes(client));
      assertEquals(readClientId(shown), client, shown);
    }
  },
});

Deno.test({
  name: "readClientId() refuses IDs that no client can have",
  permissions: "none",
  fn() {
    const wrong = [
      "",
      " ",
      "a b",
      "\ta",
      "a\\t",
      "a\\x20",
      "\\",
      "\\q",
      "\\xF",
    ];
    for (const text of [...wrong, "\\xFF", "\\\\\\", "\\u0041"]) {
      assertEquals(readClientId(text), undefined, text);
    }
  },
});

Deno.test({
  name:
    "readClientId() reads the longest ID that fits a line, and no longer one",
  permissions: "none",
  fn() {
    const longest = "\xff".repeat(maxLineBytes - "IAMAT  +0+0 0".length);
    assertEquals(readClientId("\\xff".repeat(longest.length)), longest);
    assertEquals(readClientId("a".repeat(longest.length + 1)), undefined);
  },
});
