import {
  formatAlive,
  formatHeader,
  formatLine,
  isIntact,
  parseAlive,
  parseHeader,
  textOf,
} from "../../storage/file_line.ts";
import { assert, assertEquals } from "../assert.ts";
import fc from "../fast_check.ts";
import { assertProperty } from "../property.ts";

/** Any text without LF. */
const anyText = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) =>
  String.fromCharCode(...bytes).replaceAll("\n", " ")
);

Deno.test({
  name: "a line has its text and its checksum",
  permissions: "none",
  fn() {
    assertProperty(fc.property(anyText, (text) => {
      const line = formatLine(text);
      assertEquals(line.at(-1), 0x0a);
      assert(isIntact(line, 0, line.length - 1));
      assertEquals(textOf(line, 0, line.length - 1), text);
    }));
    const line = String.fromCharCode(...formatLine("123456789"));
    // The check value of CRC-32.
    assertEquals(line, "cbf43926 123456789\n");
  },
});

Deno.test({
  name: "a line with a bit that was flipped is not intact",
  permissions: "none",
  fn() {
    assertProperty(fc.property(anyText, fc.nat(), (text, nat) => {
      const line = formatLine(text);
      const bit = nat % ((line.length - 1) * 8);
      line[bit >> 3] ^= 1 << (bit & 7);
      assert(!isIntact(line, 0, line.length - 1));
    }));
  },
});

Deno.test({
  name: "a part of a line is not intact",
  permissions: "none",
  fn() {
    const line = formatLine("AT Hill +0.1 kiwi +34-118 1");
    for (let end = 0; end < line.length - 1; end++) {
      assert(!isIntact(line, 0, end), `${end} bytes`);
    }
  },
});

Deno.test({
  name: "headers and times are parsed as they were formatted",
  permissions: "none",
  fn() {
    const header = {
      version: 1,
      kind: "tail",
      number: 12,
      server: "Hill",
      createdAt: 1520023934,
    } as const;
    const text = "herd-data 1 tail 12 Hill 1520023934";
    assertEquals(formatHeader(header), text);
    assertEquals(parseHeader(text), header);
    for (const wrong of ["herd-data", "herd-data 1 tale 1 Hill 1", "alive 1"]) {
      assertEquals(parseHeader(wrong), undefined, wrong);
    }
    // What follows a later version may have changed.
    assertEquals(parseHeader("herd-data 2 index")?.version, 2);
    const contacts = new Map([["Smith", 5], ["a=b", 0]]);
    const alive = { at: 1520023934, table: 3600, contacts };
    assertEquals(formatAlive(alive), "alive 1520023934 3600 Smith=5 a=b=0");
    assertEquals(parseAlive(formatAlive(alive)), alive);
    for (const wrong of ["alive 1", "alive 1 2 Smith", "alive 1 2 =x"]) {
      assertEquals(parseAlive(wrong), undefined, wrong);
    }
  },
});
