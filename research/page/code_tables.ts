/**
 * How much code there is, and which features it uses. Counts have all digits,
 * because they have no noise.
 *
 * @module
 */
import { labelsOf } from "./labels.ts";
import { formatOptional } from "../../bench/numbers.ts";
import type { Results } from "../../bench/results.ts";
import { middle, pointsOf } from "../../bench/samples.ts";
import {
  blocks,
  cell,
  notMeasured,
  numbers,
  table,
  words,
} from "./markdown.ts";

const measure = "code";

/** The features of the server's code, by the name of the value. */
const features = {
  awaitExpressions: "`await` expressions",
  usingDeclarations: "`using` and `await using`",
  typeAssertions: "`as`, except `as const`",
  nonNullAssertions: "`!` after a value",
  anyTypes: "`any`",
};

/** Lines of every server and room, and the features of the herd's server. */
export function codeTables(results: Results): string {
  const count = (subject: string, point: string, value: string) =>
    formatOptional(
      middle(results, { measure, subject, point, value }),
      (count) => count.toLocaleString("en-US"),
    );
  const isCounted = (subject: string, point: string) =>
    middle(results, { measure, subject, point, value: "codeLines" }) !==
      undefined;
  const rows = pointsOf(results, measure).flatMap((point) =>
    labelsOf(results, measure).filter(({ id }) => isCounted(id, point))
      .map(({ id, label }) => [
        cell(`${label}, ${point}`),
        count(id, point, "codeLines"),
        count(id, point, "files"),
      ])
  );
  if (rows.length === 0) return notMeasured;
  const packages = (value: string) => count("herd", "dependencies", value);
  return blocks(
    table([words("of"), numbers("lines of code"), numbers("files")], rows),
    table([words("the herd's server has"), numbers("times")], [
      ...Object.entries(features).map(([value, title]) => [
        title,
        count("herd", "server", value),
      ]),
      ["packages that it loads", packages("serverPackages")],
      ["packages of the whole project", packages("allPackages")],
    ]),
  );
}
