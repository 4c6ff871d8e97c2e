/**
 * The look of the plot of logs, in light and dark.
 *
 * @module
 */

/** Told apart by most eyes, also by those that do not see all colours. */
const colours: readonly (readonly [light: string, dark: string])[] = [
  ["#0969da", "#4493f8"],
  ["#bc4c00", "#f0883e"],
  ["#1a7f37", "#3fb950"],
  ["#8250df", "#ab7df8"],
  ["#9a6700", "#d29922"],
  ["#bf3989", "#db61a2"],
  ["#1b7c83", "#39c5cf"],
  ["#57606a", "#8b949e"],
];

/** What further curves of one colour are told apart by. */
const dashes = ["none", "6 3", "2 3", "8 3 2 3"];

/** The classes of the curve with a number: its colour and its dashes. */
export function lookOf(index: number): string {
  const turn = Math.floor(index / colours.length) % dashes.length;
  return lookWith(index % colours.length, turn);
}

/** The classes of a colour and of a kind of dashes. */
export function lookWith(colour: number, dash: number): string {
  return `c${colour} d${dash}`;
}

const variables = (shade: 0 | 1, indent: string) =>
  colours.map((pair, index) => `\n${indent}--c${index}: ${pair[shade]};`)
    .join("");

/** CSS, indented as `deno fmt` indents it. */
export const style = `
  svg {${variables(0, "    ")}
    --up: #4ac26b;
    --down: #cf222e;
  }
  @media (prefers-color-scheme: dark) {
    svg {${variables(1, "      ")}
      --up: #2ea043;
      --down: #ff7b72;
    }
  }
  .curve {
    fill: none;
    stroke-width: 1.5;
    stroke-linejoin: round;
  }
  .up {
    fill: var(--up);
  }
  .down {
    fill: var(--down);
  }${
  colours.map((_, index) => `
  .c${index} {
    stroke: var(--c${index});
  }
  .dot.c${index} {
    fill: var(--c${index});
  }`).join("")
}${
  dashes.map((dash, index) => `
  .d${index} {
    stroke-dasharray: ${dash};
  }`).join("")
}
  `;
