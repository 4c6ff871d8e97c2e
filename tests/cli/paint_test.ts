import { createPaint, isColoured } from "../../cli/paint.ts";
import { assertEquals } from "../assert.ts";

const red = (text: string) => `\x1b[31m${text}\x1b[39m`;

Deno.test({
  name: "paint adds colours, and a colour continues after a nested one",
  permissions: "none",
  fn() {
    const paint = createPaint(true);
    assertEquals(paint.red("no"), red("no"));
    assertEquals(
      paint.red(`a${paint.blue("b")}c`),
      "\x1b[31ma\x1b[34mb\x1b[39m\x1b[31mc\x1b[39m",
    );
    assertEquals(paint.bold("x"), "\x1b[1mx\x1b[22m");
  },
});

Deno.test({
  name: "paint without colours returns all text unchanged",
  permissions: "none",
  fn() {
    const paint = createPaint(false);
    for (const brush of Object.values(paint)) assertEquals(brush("a"), "a");
    assertEquals(Object.keys(paint).length, 10);
  },
});

Deno.test({
  name: "isColoured() is true only for a terminal without NO_COLOR",
  permissions: "none",
  fn() {
    assertEquals(isColoured({ isTerminal: () => false }), false);
    assertEquals(isColoured({ isTerminal: () => true }), !Deno.noColor);
  },
});
