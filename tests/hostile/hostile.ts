/**
 * Attacks real servers in every way of `tests/hostile/`, and shows what was
 * measured: `deno task hostile`, or some of it: `deno task hostile A1`.
 *
 * @module
 */
import {
  describeFlags,
  type Flags,
  readArguments,
  UsageError,
} from "../../cli/arguments.ts";
import { runProgram } from "../../cli/exit.ts";
import { projectFolder } from "../end_to_end/process.ts";

const flags: Flags = {
  long: { help: "more clients and bytes, for longer: half an hour in all" },
};

const help = `Attacks real servers, and shows what was measured.

Usage: hostile [flags] [ENTRY]

ENTRY is a part of a scenario's name, such as A1.

${describeFlags(flags)}`;

async function hostile(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, flags);
  if (parsed.flags.has("help")) return console.log(help);
  if (parsed.positionals.length > 1) throw new UsageError("expected one entry");
  const [entry] = parsed.positionals;
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "-P",
      "--frozen",
      "--config=tests/deno.json",
      ...(entry === undefined ? [] : [`--filter=${entry}`]),
      "tests/hostile/",
    ],
    cwd: projectFolder,
    env: {
      HERD_HOSTILE_FIGURES: "1",
      HERD_HOSTILE_LONG: parsed.flags.has("long") ? "1" : "0",
    },
  }).spawn().status;
  Deno.exitCode = code;
}

if (import.meta.main) {
  await runProgram("hostile", () => hostile(Deno.args));
}
