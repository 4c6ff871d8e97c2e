/**
 * Typesets the paper: `deno task report`. The same source gives the same bytes.
 *
 * @module
 */
import {
  describeFlags,
  type Flags,
  readArguments,
  refusePositionals,
} from "../../cli/arguments.ts";
import { runProgram, SetupError, setupError } from "../../cli/exit.ts";
import { requirePermissions } from "../../runtime/permissions.ts";
import { gatherPaper, mainPath, resultsPath } from "./paper.ts";
import { typeset, TypesettingError } from "./typesetter.ts";

const defaultOutput = "research/paper/report.pdf";

const flags: Flags = {
  output: { value: "FILE", help: `the file of the paper (${defaultOutput})` },
};

const help = `Typesets the paper from its source and from ${resultsPath}.

Usage: report [flags]

${describeFlags(flags)}`;

async function main(): Promise<void> {
  const parsed = readArguments(Deno.args, flags);
  if (parsed.flags.has("help")) return console.log(help);
  refusePositionals(parsed, "the paper");
  const output = parsed.flags.get("output") ?? defaultOutput;
  await requirePermissions([{ name: "write", path: output }]);
  const pdf = await typesetPaper();
  try {
    await Deno.writeFile(output, pdf);
  } catch (error) {
    throw setupError(output, error);
  }
  console.log(`${output}: made of ${resultsPath}`);
}

async function typesetPaper(): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await typeset(await gatherPaper(), mainPath);
  } catch (error) {
    if (!(error instanceof TypesettingError)) throw error;
    throw new SetupError(error.message);
  }
}

await runProgram("report", main);
