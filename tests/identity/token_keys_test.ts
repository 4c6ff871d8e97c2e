import { Buffer } from "node:buffer";
import { parseKeyFile, TokenKey } from "../../identity/token_keys.ts";
import { SetupError } from "../../runtime/setup_error.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { keyBytes, otherBytes } from "./make_token.ts";

const encode = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
const [one, other] = [keyBytes, otherBytes].map(encode);

Deno.test({
  name:
    "a key file has one or two keys, comments, blanks and any ends of lines",
  permissions: "none",
  fn() {
    const texts = [
      `new ${one}\nold ${other}\n`,
      `new ${one}\r\nold ${other}`,
      `new ${one}\rold ${other}\r`,
      `# keys\n\n \t new \t ${one} \n  # old one\nold ${other}\n\n`,
    ];
    for (const text of texts) {
      const keys = parseKeyFile(text, "token.key");
      assertEquals(keys.map(({ id }) => id), ["new", "old"]);
      assert(keys[0].equals(new TokenKey("new", keyBytes)));
      assert(keys[1].equals(new TokenKey("old", otherBytes)));
    }
    assertEquals(parseKeyFile(`new ${one}`, "token.key").length, 1);
    const longest = encode(new Uint8Array(64).fill(1));
    assertEquals(parseKeyFile(`new ${longest}`, "token.key").length, 1);
  },
});

Deno.test({
  name: "a key's line is read as that key",
  permissions: "none",
  fn() {
    const key = new TokenKey("2026-12-01-a1b2", keyBytes);
    const [read] = parseKeyFile(key.formatLine(), "token.key");
    assert(read.equals(key));
    assert(!read.equals(new TokenKey("2026-12-01-a1b2", otherBytes)));
    assert(!read.equals(new TokenKey("2026-12-01", keyBytes)));
  },
});

Deno.test({
  name: "a fault of a key file is named with its line, and without the key",
  permissions: "none",
  fn() {
    const short = encode(new Uint8Array(31).fill(1));
    const long = encode(new Uint8Array(65).fill(1));
    const how = "make one with: deno task token key";
    const id = "1: expected a key's ID of 1 to 64 letters, digits, dots, " +
      "hyphens or underscores";
    const cases: [text: string, fault: string][] = [
      ["", ` expected a key in it; ${how}`],
      ["# only comments\n", ` expected a key in it; ${how}`],
      [`${one}`, "1: expected a key's ID and the key in base64url"],
      [`\nnew ${one} x`, "2: expected a key's ID and the key in base64url"],
      [`new ${short}`, `1: a key has 32 to 64 bytes, found 31; ${how}`],
      [`new ${long}`, `1: a key has 32 to 64 bytes, found 65; ${how}`],
      [`new ${one}=`, `1: the key is not base64url without padding; ${how}`],
      [`new ${"+/".repeat(22)}`, "1: the key is not base64url without padding"],
      [`-new ${one}`, id],
      [`n\xe9w ${one}`, id],
      [`${"x".repeat(65)} ${one}`, id],
      [
        `new ${one}\n#\nnew ${other}`,
        "3: expected another ID than that of the first key",
      ],
      [
        `new ${one}\nold ${one}`,
        "2: expected two different keys, found the same one twice",
      ],
      [`a ${one}\nb ${other}\nc ${short}`, "3: expected at most 2 keys"],
      ["new \ufffd", "1: expected UTF-8"],
      ["#".repeat(4_097), " expected at most 4096 characters"],
    ];
    for (const [text, fault] of cases) {
      const { message } = assertThrows(
        () => parseKeyFile(text, "token.key"),
        SetupError,
        `token.key:${fault}`,
      );
      for (const word of text.split(/\s/).filter((word) => word.length > 30)) {
        assert(!message.includes(word), message);
      }
    }
  },
});
