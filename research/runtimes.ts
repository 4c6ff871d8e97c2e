/**
 * Runs a program that exists in several languages on each runtime. The program
 * prints its results as JSON.
 *
 * @module
 */
import type { Context } from "../bench/measure.ts";
import { type Command, Process } from "../bench/processes.ts";
import type { Requirement } from "../bench/programs.ts";
import { isInstalled } from "../bench/subjects.ts";
import { python, requirements } from "./programs.ts";

/** A runtime. */
export interface Runtime {
  /** As in the samples. */
  readonly id: string;
  readonly needs?: Requirement;
  /** The command that runs the program in its language. */
  readonly run: (programs: Programs) => Omit<Command, "cores">;
}

/** The same program in each language, by file. */
export interface Programs {
  /** May read its own folder. */
  readonly javaScript: string;
  readonly python: string;
  readonly java: string;
  /** Flags of V8, without their dashes. */
  readonly v8Flags?: readonly string[];
}

/** All runtimes. */
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
 * Runs a program with some numbers on each installed runtime, one after another,
 * and calls back with the results.
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
    take(runtime.id, await process.json());
  }
}
