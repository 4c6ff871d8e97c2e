/**
 * The languages of the mistakes: the checker of each, and how to run a program.
 *
 * Each checker has its strictest settings. TypeScript has those of this project,
 * which are Deno's defaults. Linters do not count, because they look for bad
 * habits, and every language has several.
 *
 * @module
 */
import type { Requirement } from "../../bench/programs.ts";
import { projectFolder } from "../../tests/end_to_end/process.ts";
import { python, requirements } from "../programs.ts";
import { type Ended, runToEnd } from "../run_to_end.ts";
import { forEachOf } from "./run.ts";
import type { Version } from "./versions.ts";

/** A version of a program in a file. */
export interface Program {
  readonly mistake: string;
  readonly version: Version;
  readonly path: string;
}

/** A language with its checker. */
export interface Language {
  /** As in the samples. */
  readonly id: string;
  readonly needs: readonly Requirement[];
  /** The name of its files in `research/mistakes/NAME/`. */
  readonly file: string;
  /** The first line that a program needs. */
  readonly head?: (mistake: string, version: Version) => string;
  /** The programs with an error or a warning of the checker. */
  readonly check: (
    programs: readonly Program[],
    folder: string,
  ) => Promise<ReadonlySet<Program>>;
  /** Runs a program; undefined if it was not compiled. */
  readonly run: (
    program: Program,
    folder: string,
    isRefused: boolean,
  ) => Promise<Ended> | undefined;
  /** Why some mistakes are impossible, by mistake. */
  readonly impossible: Readonly<Record<string, string>>;
}

/**
 * The programs that a checker names in its output.
 *
 * @throws {Error} If the checker has failed: it names no program, but its status
 * is not 0.
 */
export function complaints(
  programs: readonly Program[],
  { code, stderr, stdout }: Ended,
): Set<Program> {
  const output = stdout + stderr;
  const found = programs.filter(({ path }) => output.includes(`${path}:`));
  if (code !== 0 && found.length === 0) throw new Error(output);
  return new Set(found);
}

/** Checks all programs with one command. */
const checkTogether =
  (...command: readonly string[]) => async (programs: readonly Program[]) =>
    complaints(
      programs,
      await runToEnd([...command, ...programs.map(({ path }) => path)]),
    );

const deno = Deno.execPath();

const javac = (folder: string, programs: readonly Program[]) =>
  runToEnd([
    "javac",
    "-Xlint:all",
    ...["-Xmaxerrs", "1000", "-Xmaxwarns", "1000"],
    ...["-d", `${folder}/classes`],
    ...programs.map(({ path }) => path),
  ]);

/** All programs are compiled together, so each has a package of its own. */
const packageOf = (mistake: string, version: Version) =>
  `${mistake}_${version}`;

/** All languages, in the order of the page. */
export const languages: readonly Language[] = [
  {
    id: "typescript",
    needs: [],
    file: "program.ts",
    check: checkTogether(
      ...[deno, "check", "--quiet", "--no-lock"],
      ...["--config", `${projectFolder}deno.json`],
    ),
    run: ({ path }) =>
      runToEnd([deno, "run", "--no-lock", "--allow-read", path]),
    impossible: {},
  },
  {
    id: "python",
    needs: [requirements.python, requirements.mypy],
    file: "program.py",
    check: checkTogether(
      ...["mypy", "--strict", "--cache-dir=/dev/null"],
      ...["--no-error-summary", "--scripts-are-modules"],
    ),
    run: ({ path }) => runToEnd([python, path]),
    impossible: {
      number_too_large: "an int has as many digits as it needs",
    },
  },
  {
    id: "java",
    needs: [requirements.java],
    file: "Program.java",
    head: (mistake, version) => `package ${packageOf(mistake, version)};\n`,
    async check(programs, folder) {
      const refused = new Set<Program>();
      let found;
      // After an error javac skips some checks and writes no classes. So the
      // other programs are compiled again until there is no error.
      do {
        const rest = programs.filter((program) => !refused.has(program));
        found = complaints(rest, await javac(folder, rest));
        for (const program of found) refused.add(program);
      } while (found.size > 0);
      return refused;
    },
    run: ({ mistake, version }, folder, isRefused) =>
      isRefused ? undefined : runToEnd([
        "java",
        ...["-cp", `${folder}/classes`],
        `${packageOf(mistake, version)}.Program`,
      ]),
    impossible: {},
  },
  {
    id: "javascript",
    needs: [requirements.node],
    file: "program.mjs",
    async check(programs) {
      const refused = new Set<Program>();
      await forEachOf(programs, async (program) => {
        const ended = await runToEnd(["node", "--check", program.path]);
        if (complaints([program], ended).size > 0) refused.add(program);
      });
      return refused;
    },
    run: ({ path }) => runToEnd(["node", path]),
    impossible: {},
  },
];
