import fc from "../fast_check.ts";
import { createPaint } from "../../cli/paint.ts";
import { formatTable } from "../../cli/table.ts";
import {
  cutToWidth,
  foldToWidth,
  widthOf,
  withoutColours,
} from "../../cli/width.ts";
import { assert, assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";

const columns = [
  { title: "name" },
  { title: "reports", isNumeric: true },
  { title: "server" },
];

Deno.test({
  name: "formatTable() aligns text on the left and numbers on the right",
  permissions: "none",
  fn() {
    const table = formatTable(columns, [
      ["kiwi", "7", "Hill"],
      ["a pear", "12,345", "Jaquez"],
    ], { indentation: "  " });
    assertEquals(
      table,
      [
        "  name    reports  server",
        "  kiwi          7  Hill",
        "  a pear   12,345  Jaquez",
      ].join("\n"),
    );
  },
});

Deno.test({
  name:
    "formatTable() prints no line of empty titles, and missing cells as empty",
  permissions: "none",
  fn() {
    const bare = [{ title: "" }, { title: "", isNumeric: true }];
    assertEquals(formatTable(bare, [["a", "1"], ["bcd"]]), "a    1\nbcd");
    assertEquals(formatTable(bare, []), "");
  },
});

Deno.test({
  name: "widthOf() counts no column, one or two for each character",
  permissions: "none",
  fn() {
    assertEquals(widthOf("München"), 7);
    assertEquals(widthOf("Mu\u0308nchen"), 7);
    assertEquals(widthOf("서울, 東京, とうきょう"), 22);
    assertEquals(widthOf("ﾄｳｷｮｳ"), 5);
    assertEquals(widthOf("ＡＢ 🦕"), 7);
    assertEquals(widthOf("\u202eא\x07"), 1);
  },
});

Deno.test({
  name: "formatTable() aligns by the width on a terminal, without colours",
  permissions: "none",
  fn() {
    const { green } = createPaint(true);
    const table = formatTable(columns, [
      [green("天地"), green("1"), "x"],
      ["abcde", "22", "y"],
    ]);
    assertEquals(withoutColours(table).split("\n").slice(1), [
      "天地         1  x",
      "abcde       22  y",
    ]);
  },
});

Deno.test({
  name: "formatTable() cuts the widest text of lines that are too wide",
  permissions: "none",
  fn() {
    const rows = [["a very long name indeed", "1234567890", "Campbell"]];
    const [titles, row] = formatTable(columns, rows, { width: 35 }).split("\n");
    assertEquals(titles, "name              reports  server");
    assertEquals(row, "a very long …  1234567890  Campbell");
    const narrow = formatTable(columns, rows, { width: 5 }).split("\n")[1];
    assertEquals(narrow, "a very …  1234567890  Campbell");
  },
});

Deno.test({
  name: "cutToWidth() never exceeds the width, and ends colours",
  permissions: "none",
  fn() {
    const { red } = createPaint(true);
    assertEquals(cutToWidth(red("abcdef"), 4), red("abc…"));
    assertEquals(cutToWidth("天地玄黃", 4), "天…");
    assertEquals(cutToWidth("abc", 3), "abc");
    assertProperty(
      fc.property(
        fc.string({ unit: "grapheme" }),
        fc.nat(20),
        (text, width) => {
          const cut = cutToWidth(text, width);
          assert(widthOf(cut) <= width, cut);
          if (widthOf(text) <= width) assertEquals(cut, text);
        },
      ),
    );
  },
});

Deno.test({
  name: "foldToWidth() breaks text at spaces, and loses no other character",
  permissions: "none",
  fn() {
    assertEquals(foldToWidth("a pear and a kiwi", 8), [
      "a pear",
      "and a",
      "kiwi",
    ]);
    assertEquals(foldToWidth("a persimmon", 6), ["a", "persim", "mon"]);
    assertEquals(foldToWidth("天地玄黃", 5), ["天地", "玄黃"]);
    assertEquals(foldToWidth("", 5), [""]);
    assertEquals(foldToWidth("a pear", Infinity), ["a pear"]);
    assertProperty(
      fc.property(
        fc.string({ unit: "grapheme" }),
        fc.integer({ min: 2, max: 20 }),
        (text, width) => {
          const lines = foldToWidth(text, width);
          for (const line of lines) assert(widthOf(line) <= width, line);
          const joined = lines.join("").replaceAll(" ", "");
          assertEquals(joined, text.replaceAll(" ", ""));
        },
      ),
    );
  },
});
