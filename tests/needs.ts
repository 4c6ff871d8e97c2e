/**
 * Declares which programs a test needs besides Deno, such as `nc` or Chromium.
 * A test whose program is missing is ignored, and its name gives the reason.
 *
 * tools/install_test_programs.sh lists the programs: how to recognise each, and
 * which package of Debian has it.
 *
 * @module
 */
import { projectFolder } from "./end_to_end/process.ts";

/** The command that installs every program that tests need. */
export const installCommand = "sh tools/install_test_programs.sh";

/** Declares tests, as `Deno.test` does. */
export interface Declaring {
  test(
    name: string,
    fn: (context: Deno.TestContext) => void | Promise<void>,
  ): void;
}

/**
 * Declares the programs that a test needs:
 *
 *     const withNc = needs("nc");
 *     withNc.test("a name", async () => {});
 *
 * @throws {Error} If the script does not know a program.
 */
export function needs(...programs: readonly string[]): Declaring {
  const missing = missingOf(programs);
  // `Deno` itself, so that Deno reports a failure with the test's line.
  if (missing.length === 0) return Deno;
  return {
    test: (name) => Deno.test.ignore(name + reasonOf(missing), () => {}),
  };
}

const reasonOf = (missing: readonly string[]) =>
  ` (not run: needs ${missing.join(", ")})`;

/** The missing programs in the name of an ignored test. */
export function missingFor(name: string): string[] {
  return name.match(/ \(not run: needs ([^()]+)\)$/)?.[1].split(", ") ?? [];
}

/**
 * The programs that are missing, of these or of all that tests need.
 *
 * @throws {Error} If the script does not know a program.
 */
export function missingOf(programs?: readonly string[]): string[] {
  if (programs?.length === 0) return [];
  const { stderr, stdout, success } = new Deno.Command("sh", {
    args: [
      `${projectFolder}tools/install_test_programs.sh`,
      "--missing",
      ...programs ?? [],
    ],
  }).outputSync();
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr).trim());
  return decoder.decode(stdout).split("\n").slice(0, -1);
}
