/**
 * The styles of the bench's plots, and the names of subjects in them.
 *
 * @module
 */
import type { Label } from "./labels.ts";
import { text } from "../../log_analysis/plots/drawing.ts";

/** For light and dark pages. */
export const style = `
  svg {
    --herd: #0969da;
    --rival: #8c959f;
  }
  @media (prefers-color-scheme: dark) {
    svg {
      --herd: #4493f8;
      --rival: #7d8590;
    }
  }
  .name-herd {
    fill: var(--herd);
    font-weight: 600;
  }
  .least {
    fill: none;
    stroke: var(--muted);
    stroke-dasharray: 4 4;
  }
  .herd {
    fill: var(--herd);
    stroke: var(--herd);
  }
  .rival {
    fill: var(--rival);
    stroke: var(--rival);
  }
  .ceiling {
    fill: var(--page);
    stroke: var(--rival);
  }
  .ring {
    fill: var(--page);
  }
  .curve {
    fill: none;
    stroke: var(--herd);
    stroke-width: 2;
  }
  `;

/** The name of a subject. It ends at x. */
export function nameOf({ kind, label }: Label, x: number, y: number) {
  return text(x, y, label, {
    class: kind === "herd" ? "name-herd" : kind === "rival" ? "" : "muted",
    "text-anchor": "end",
  });
}
