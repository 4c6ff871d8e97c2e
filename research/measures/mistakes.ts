/**
 * Which mistakes a checker finds before the program runs, which ones the runtime
 * reports, and which ones remain silent.
 *
 * The mistakes are common in servers like this one. They were chosen by what
 * happens, not by what finds them. Each is written in the natural style of its
 * language, beside a right version that differs as little as possible. The
 * right version is the control: the checker accepts it, and it runs to its end
 * and prints nothing on stderr. The results are the same every time, so they
 * are taken in the first round only.
 *
 * @module
 */
import type { Context, Measure } from "../../bench/measure.ts";
import { versionOf as installed } from "../../bench/programs.ts";
import { projectFolder } from "../../tests/end_to_end/process.ts";
import type { Language, Program } from "../checkers/languages.ts";
import { type Seen, totalsOf } from "../checkers/outcomes.ts";
import { forEachOf } from "../checkers/run.ts";
import { versionOf, versions } from "../checkers/versions.ts";

const mistakesFolder = `${projectFolder}research/mistakes`;

/** The names of all mistakes, sorted. */
export function mistakeNames(): string[] {
  return [...Deno.readDirSync(mistakesFolder)]
    .filter(({ isDirectory }) => isDirectory)
    .map(({ name }) => name).sort();
}

/** Writes both versions of all mistakes that are possible in a language. */
async function writePrograms(
  { file, head, id, impossible }: Language,
  folder: string,
): Promise<Program[]> {
  const programs: Program[] = [];
  for (const mistake of mistakeNames()) {
    if (mistake in impossible) continue;
    const text = await Deno.readTextFile(
      `${mistakesFolder}/${mistake}/${file}`,
    );
    for (const version of versions) {
      const place = `${folder}/${id}/${mistake}_${version}`;
      await Deno.mkdir(place, { recursive: true });
      // Checkers require modules with different names.
      const name = file.replace("program", `${mistake}_${version}`);
      const path = `${place}/${name}`;
      const before = head?.(mistake, version) ?? "";
      await Deno.writeTextFile(path, before + versionOf(text, version));
      programs.push({ mistake, version, path });
    }
  }
  return programs;
}

/**
 * Checks and runs all programs of a language. The outcomes are by mistake.
 *
 * @throws {Error} If a right version fails.
 */
export async function tryOut(
  language: Language,
  folder: string,
): Promise<Map<string, Seen>> {
  const programs = await writePrograms(language, folder);
  const refused = await language.check(programs, folder);
  const seen = new Map<string, Seen>(
    Object.keys(language.impossible).map((name) => [name, { impossible: 1 }]),
  );
  await forEachOf(programs, async (program) => {
    const { mistake, path, version } = program;
    const isRefused = refused.has(program);
    const ended = await language.run(program, folder, isRefused);
    const failed = ended !== undefined &&
      (ended.code !== 0 || ended.stderr !== "");
    if (version === "right") {
      if (isRefused) throw new Error(`${path}: the checker complains`);
      if (failed) throw new Error(`${path}: ${ended.stderr}`);
    } else {
      seen.set(mistake, {
        checked: Number(isRefused),
        ...ended && { run: Number(failed) },
      });
    }
  });
  return seen;
}

async function measure({ add, folder, missing }: Context, language: Language) {
  const { id, needs } = language;
  const absent = needs.find((need) => installed(need) === undefined);
  if (absent !== undefined) return missing(id, absent.install);
  const seen = await tryOut(language, folder);
  for (const [mistake, values] of [...seen].sort()) {
    add(id, mistake.replaceAll("_", " "), { ...values });
  }
  add(id, "total", totalsOf([...seen.values()]));
}

/** The measure of these languages. */
export function mistakesOf(languages: readonly Language[]): Measure {
  return {
    name: "mistakes",
    async run(context) {
      if (context.round > 1) return;
      for (const language of languages) await measure(context, language);
    },
  };
}
