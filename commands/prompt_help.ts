/**
 * The help text of the prompt.
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

/** Width of the help, in columns. */
const columns = 80;

/** Width of the help's first column, in columns. */
const syntaxColumns = 26;

const rows = [
  ...verbs.map((verb) => [syntaxOf(verb), clientVerbs[verb].purpose]),
  ["help, quit", "(Ctrl-D quits too; Ctrl-C clears the line)"],
];

/** The operands of all verbs, without duplicates. */
const operands = new Set<Operand>(verbs.flatMap(operandsOf));

/** `position is ISO 6709 decimal degrees, the time POSIX seconds ...` */
const units = [...operands].filter(({ unit }) => unit !== "")
  .map(({ name, unit }, index) => `${name}${index === 0 ? " is" : ""} ${unit}`)
  .join(", the ");

/** The help text, without a LF at the end. */
export const promptHelp = [
  ...rows.map(([syntax, purpose]) =>
    `  ${syntax.padEnd(syntaxColumns)} ${purpose}`
  ),
  "",
  ...verbs.map((verb) => `  ${clientVerbs[verb].example}`),
  "",
  ...foldToWidth(
    `The ${units}. The arrow keys bring back lines, Tab completes commands ` +
      "and known IDs.",
    columns,
  ),
].join("\n");
