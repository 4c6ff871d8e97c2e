/**
 * What the prompt says about itself.
 *
 * @module
 */
import { foldToWidth } from "../cli/width.ts";
import {
  clientVerbs,
  type Operand,
  operandsOf,
  syntaxOf,
  verbs,
} from "../protocol/command.ts";

/** Columns of a line of the help. */
const columns = 80;

/** The help's first column is this wide. */
const syntaxColumns = 26;

const rows = [
  ...verbs.map((verb) => [syntaxOf(verb), clientVerbs[verb].purpose]),
  ["help, quit", "(Ctrl-D quits, too; Ctrl-C gives up a line)"],
];

/** Each operand once. */
const operands = new Set<Operand>(verbs.flatMap(operandsOf));

/** `position is ISO 6709 decimal degrees, the time POSIX seconds ...` */
const units = [...operands].filter(({ unit }) => unit !== "")
  .map(({ name, unit }, index) => `${name}${index === 0 ? " is" : ""} ${unit}`)
  .join(", the ");

/** How to use the prompt, without a LF at the end. */
export const promptHelp = [
  ...rows.map(([syntax, purpose]) =>
    `  ${syntax.padEnd(syntaxColumns)} ${purpose}`
  ),
  "",
  ...verbs.map((verb) => `  ${clientVerbs[verb].example}`),
  "",
  ...foldToWidth(
    `The ${units}. The arrow keys bring back lines, Tab completes commands ` +
      "and the IDs that were answered.",
    columns,
  ),
].join("\n");
