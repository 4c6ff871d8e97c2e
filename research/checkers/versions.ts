/**
 * Mistakes as people make them: each is one small program a language, in
 * `research/mistakes/`, that is there in two versions. A line that ends in the
 * comment `right` belongs to the right version only, one that ends in `wrong` to
 * the wrong one only, and every other line to both.
 *
 * @module
 */

/** The two versions of each program. */
export const versions = ["right", "wrong"] as const;

/** With the mistake, or without. */
export type Version = typeof versions[number];

/**
 * One version of a program: what belongs to the other one is gone, and the line
 * with it.
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
