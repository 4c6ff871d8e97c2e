/**
 * The runtimes by themselves: how each runs a program that stands in one file a
 * language, and prints what it saw as JSON.
 *
 * @module
 */
import type { Context } from "../bench/context.ts";
import { type Command, Process } from "../bench/processes.ts";
import { python, type Requirement, requirements } from "../bench/programs.ts";
import { isInstalled } from "../bench/start_subject.ts";

/** A runtime. */
export interface Runtime {
  /** As in the samples. */
  readonly id: string;
  readonly needs?: Requirement;
  /** Runs one of the programs that do the same. */
  readonly run: (programs: Programs) => Omit<Command, "cores">;
}

/** The same program in each language, by file. */
export interface Programs {
  /** Reads nothing but its own folder. */
  readonly javaScript: string;
  readonly python: string;
  readonly java: string;
  /** Flags of V8, without their dashes. */
  readonly v8Flags?: readonly string[];
}

/** All of them. */
export const runtimes: readonly Runtime[] = [
  {
    id: "deno",
    run: ({ javaScript, v8Flags = [] }) => ({
      program: Deno.execPath(),
      args: [
        "run",
        ...v8Flags.map((flag) => `--v8-flags=--${flag}`),
        `--allow-read=${folderOf(javaScript)}`,
        javaScript,
      ],
    }),
  },
  {
    id: "node",
    needs: requirements.node,
    run: ({ javaScript, v8Flags = [] }) => ({
      program: "node",
      args: [...v8Flags.map((flag) => `--${flag}`), javaScript],
    }),
  },
  {
    id: "python",
    needs: requirements.python,
    run: (programs) => ({ program: python, args: [programs.python] }),
  },
  {
    id: "java",
    needs: requirements.java,
    run: ({ java }) => ({ program: "java", args: [java] }),
  },
];

const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/"));

/**
 * Runs a program with some numbers on each runtime that is installed, one after
 * the other, and gives what each printed to a callback.
 */
export async function runOnEach(
  context: Context,
  programs: Programs,
  numbers: readonly number[],
  cores: readonly number[],
  take: (runtime: string, printed: Record<string, number>) => void,
): Promise<void> {
  for (const runtime of runtimes) {
    if (!isInstalled(context, runtime)) continue;
    const { args, program } = runtime.run(programs);
    await using process = new Process({
      program,
      args: [...args, ...numbers.map(String)],
      cores,
    });
    const [json] = await process.untilPrinted(/^\{.*\}$/m);
    take(runtime.id, JSON.parse(json));
  }
}
