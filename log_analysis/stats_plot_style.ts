/**
 * The style of the plot, for light and dark colour schemes.
 *
 * @module
 */

/**
 * Colours that most people can distinguish, including those with colour
 * blindness.
 */
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

/** Dashes distinguish further curves of the same colour. */
const dashes = ["none", "6 3", "2 3", "8 3 2 3"];

/**
 * The CSS classes for the curve with this number: its colour and its dashes.
 */
export function classesOf(index: number): string {
  const dash = Math.floor(index / colours.length) % dashes.length;
  return classesFor(index % colours.length, dash);
}

/** The CSS classes for a colour and a kind of dashes. */
export function classesFor(colour: number, dash: number): string {
  return `c${colour} d${dash}`;
}

const variables = (shade: 0 | 1, indent: string) =>
  colours.map((pair, index) => `\n${indent}--c${index}: ${pair[shade]};`)
    .join("");

/** CSS, indented like `deno fmt` does. */
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
