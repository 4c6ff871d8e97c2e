/**
 * The two versions of the programs in `research/mistakes/`, which have one small
 * program for each mistake and language. A line that ends in the comment `right`
 * belongs to the right version only, and a line that ends in `wrong` to the wrong
 * version only. Every other line belongs to both.
 *
 * @module
 */

/** The two versions of each program. */
export const versions = ["right", "wrong"] as const;

/** Without the mistake, or with it. */
export type Version = typeof versions[number];

/**
 * One version of a program, without the lines of the other one.
 *
 * @throws {TypeError} If both versions are the same.
 */
export function versionOf(program: string, version: Version): string {
  const mark = /(?:\/\/|#) (right|wrong)$/;
  const lines = program.split("\n");
  if (!lines.some((line) => mark.test(line))) {
    throw new TypeError("expected lines that end in a comment: right or wrong");
  }
  return lines.filter((line) => (line.match(mark)?.[1] ?? version) === version)
    .join("\n");
}
