import fc from "../fast_check.ts";
import {
  clientVerbs,
  formatCommand,
  formatInvalid,
  operandsOf,
  parseCommand,
  verbs,
} from "../../protocol/command.ts";
import { insertTime } from "../../commands/typed_line.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { projectFolder } from "../end_to_end/process.ts";
import { assertProperty } from "../property.ts";
import { anyBytes, anyCommand } from "./arbitraries.ts";

Deno.test({
  name: "parseCommand() is the inverse of formatCommand()",
  permissions: "none",
  fn() {
    assertProperty(fc.property(anyCommand, (command) => {
      assertEquals(parseCommand(formatCommand(command)), command);
    }));
  },
});

Deno.test({
  name: "parseCommand() accepts any white space between and around fields",
  permissions: "none",
  fn() {
    const space = fc.string({
      unit: fc.constantFrom(..." \t\r\f\v"),
      minLength: 1,
      maxLength: 5,
    });
    assertProperty(
      fc.property(anyCommand, space, space, (command, between, around) => {
        const fields = formatCommand(command).split(" ");
        const line = around + fields.join(between) + around;
        assertEquals(parseCommand(line), command);
      }),
    );
  },
});

Deno.test({
  name: "parseCommand() treats only ASCII white space as white space",
  permissions: "none",
  fn() {
    const position = "+34.068930-118.445127";
    // In Latin-1, A0 is the no-break space and 85 the next line. E2 80 A8 is
    // U+2028.
    for (const byte of ["\xa0", "\x85", "\x1c", "\xe2\x80\xa8", "\x00"]) {
      const client = `ki${byte}wi`;
      assertEquals(
        parseCommand(`IAMAT ${client} ${position} 1`)?.client,
        client,
      );
      assertEquals(parseCommand(`IAMAT${byte}kiwi ${position} 1`), undefined);
    }
  },
});

Deno.test({
  name: "parseCommand() refuses invalid lines",
  permissions: "none",
  fn() {
    for (
      const line of [
        "",
        " ",
        "IAMAT",
        "IAMAT kiwi +34-118",
        "IAMAT kiwi +34-118 1 2",
        "iamat kiwi +34-118 1",
        "Iamat kiwi +34-118 1",
        "IAMATkiwi +34-118 1",
        "IAMAT kiwi 34-118 1",
        "IAMAT kiwi +34-118 -1",
        "IAMAT kiwi 1 +34-118",
        "WHATSAT kiwi",
        "WHATSAT kiwi 10",
        "WHATSAT kiwi 10 5 1",
        "WHATSAT kiwi 10 21",
        "WHATSAT kiwi 51 5",
        "WHATSAT kiwi 50.1 5",
        "WHATSAT kiwi -1 5",
        "WHATSAT kiwi +1 5",
        "WHATSAT kiwi 10 5.0",
        "WHATSAT kiwi 10 -5",
        "WHATSAT kiwi 1e1 5",
        "WHATSAT kiwi NaN 5",
        "AT Hill +0.263873386 kiwi +34-118 1",
        "? IAMAT",
        "\xff\xfe",
      ]
    ) assertEquals(parseCommand(line), undefined, line);
  },
});

Deno.test({
  name: "formatInvalid() repeats the line byte for byte",
  permissions: "none",
  fn() {
    assertProperty(fc.property(anyBytes, (line) => {
      assertEquals(formatInvalid(line).slice(0, 2), "? ");
      assertEquals(formatInvalid(line).slice(2), line);
    }));
  },
});

Deno.test({
  name: "every verb has a valid example and a distinct counter",
  permissions: "none",
  fn() {
    const now = { seconds: 1520023934, nanoseconds: 0 };
    for (const verb of verbs) {
      assertMatch(verb, /^[A-Z]+$/);
      const { counted, example } = clientVerbs[verb];
      const timed = insertTime(example, now);
      assert("line" in timed);
      assertEquals(parseCommand(timed.line)?.verb, verb);
      assertMatch(counted.as, /^[a-z]+$/);
    }
    const names = new Set(verbs.map((verb) => clientVerbs[verb].counted.as));
    assertEquals(names.size, verbs.length);
  },
});

Deno.test("PROTOCOL.md has every verb with its grammar", async () => {
  const page = await Deno.readTextFile(`${projectFolder}docs/PROTOCOL.md`);
  for (const verb of verbs) {
    const operands = operandsOf(verb).map(() => " [a-z]+").join("");
    assertMatch(
      page,
      new RegExp(`^    [a-z]+ += "${verb}"${operands}\\b`, "m"),
    );
    assertMatch(page, new RegExp(`^### ${verb}$`, "m"));
  }
});
