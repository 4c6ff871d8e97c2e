/**
 * How much code there is, and what it leans on. Counts are printed whole: they
 * are the same every time.
 *
 * @module
 */
import type { Results } from "../../bench/results.ts";
import {
  blocks,
  cell,
  notMeasured,
  numbers,
  table,
  words,
} from "../../bench/report/markdown.ts";
import { formatOptional } from "../../bench/report/numbers.ts";
import { middle, pointsOf } from "../../bench/report/samples.ts";
import { subjectsOf } from "../../bench/report/subjects.ts";

const measure = "code";

const formatCount = (value: number | undefined) =>
  formatOptional(value, (count) => count.toLocaleString("en-US"));

/** In the server's code, by the name of the value. */
const features = {
  awaitExpressions: "`await` expressions",
  usingDeclarations: "`using` and `await using`",
  typeAssertions: "`as`, but `as const`",
  nonNullAssertions: "`!` behind a value",
  anyTypes: "`any`",
};

/** Lines of every server and room; what the herd's server leans on. */
export function codeTables(results: Results): string {
  const valueOf = (subject: string, point: string, value: string) =>
    middle(results, { measure, subject, point, value });
  const points = pointsOf(results, measure);
  const rows = points.flatMap((point) =>
    subjectsOf(results, measure)
      .filter(({ id }) => valueOf(id, point, "codeLines") !== undefined)
      .map(({ id, label }) => [
        cell(`${label}, ${point}`),
        formatCount(valueOf(id, point, "codeLines")),
        formatCount(valueOf(id, point, "files")),
      ])
  );
  if (rows.length === 0) return notMeasured;
  const ofServer = (value: string) =>
    formatCount(valueOf("herd", "server", value));
  const packages = (value: string) =>
    formatCount(valueOf("herd", "dependencies", value));
  return blocks(
    table([words("of"), numbers("lines of code"), numbers("files")], rows),
    table([words("the herd's server has"), numbers("times")], [
      ...Object.entries(features).map(([value, title]) => [
        title,
        ofServer(value),
      ]),
      ["packages that it loads", packages("serverPackages")],
      ["packages of the whole project", packages("allPackages")],
    ]),
  );
}
