/**
 * Colours for a terminal. Without colours every brush returns its text
 * unchanged.
 *
 * std/fmt is not used, because its colours have one switch for the whole
 * program. Here, stdout may have colours when stderr has none.
 *
 * @module
 */

/** Styles a text, or returns it unchanged. */
export type Brush = (text: string) => string;

/** The styles of text. They can be nested. */
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

/** Codes that begin and end each style: SGR of ECMA-48. */
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

/** Brushes that style text, or that return it unchanged. */
export function createPaint(isColoured: boolean): Paint {
  const brushes = Object.entries(codes).map(([name, [on, off]]) => {
    const [begin, end] = [`\x1b[${on}m`, `\x1b[${off}m`];
    // After a nested style with the same end code, this style begins again.
    const colour: Brush = (text) =>
      begin + text.replaceAll(end, end + begin) + end;
    const leave: Brush = (text) => text;
    return [name, isColoured ? colour : leave];
  });
  return Object.fromEntries(brushes);
}

/** Whether a stream is a terminal, and NO_COLOR is not set. */
export function isColoured(stream: { isTerminal(): boolean }): boolean {
  return stream.isTerminal() && !Deno.noColor;
}
