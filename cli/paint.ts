/**
 * Colours, for a terminal that wants them. Who paints never asks where the text
 * goes: without colours every brush gives back what it got.
 *
 * The colours of std/fmt have one switch for the whole program; what goes to
 * stdout and what goes to stderr may differ here.
 *
 * @module
 */

/** Gives the text a look, or leaves it as it is. */
export type Brush = (text: string) => string;

/** The looks that text may have. They may stand in each other. */
export interface Paint {
  readonly bold: Brush;
  readonly dim: Brush;
  readonly underline: Brush;
  readonly inverse: Brush;
  readonly red: Brush;
  readonly green: Brush;
  readonly yellow: Brush;
  readonly blue: Brush;
  readonly magenta: Brush;
  readonly cyan: Brush;
}

/** Begin and end of each look: "Select Graphic Rendition" of ECMA-48. */
const codes: Readonly<Record<keyof Paint, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  underline: [4, 24],
  inverse: [7, 27],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
};

/** Brushes that colour, or that leave all text as it is. */
export function createPaint(isColoured: boolean): Paint {
  const brushes = Object.entries(codes).map(([name, [on, off]]) => {
    const [begin, end] = [`\x1b[${on}m`, `\x1b[${off}m`];
    // What ends inside must go on outside.
    const colour: Brush = (text) =>
      begin + text.replaceAll(end, end + begin) + end;
    const leave: Brush = (text) => text;
    return [name, isColoured ? colour : leave];
  });
  return Object.fromEntries(brushes);
}

/** Whether a stream shows colours and its user has not said NO_COLOR. */
export function isColoured(stream: { isTerminal(): boolean }): boolean {
  return stream.isTerminal() && !Deno.noColor;
}
