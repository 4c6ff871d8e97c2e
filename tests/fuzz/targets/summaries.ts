/**
 * The parser of other servers' summaries, `server/status/summary.ts`, and of the
 * lines that carry them, `peers/replication/summary_flood.ts`.
 *
 * A line is read as a summary exactly if docs/PROTOCOL.md says so.
 *
 * For every text, the result is undefined, or a summary
 *
 * - that is about the server that was asked for;
 * - whose fields have the types of a server's own summary, and no others;
 * - whose texts, lists and objects are no longer than the limit of a summary.
 *
 * @module
 */
import { readSummaryLine } from "../../../peers/replication/summary_flood.ts";
import { formatSummary, parseSummary } from "../../../server/status/summary.ts";
import { fakeStatus } from "../../fakes/herd_status.ts";
import { demand, demandSame, magnitude, type Target } from "../target.ts";

const [smith] = fakeStatus({ seen: ["Smith"] }).servers;
const model = JSON.parse(formatSummary(smith));

/** The line with a text is read if the text is printable and not too long. */
function checkLine(input: string, readLine: typeof readSummaryLine): void {
  const read = readLine(`+SUMMARY Smith ${input}`, (name) => name === "Smith");
  const isPrintable = [...input].every((char) => char >= " " && char <= "~");
  const isSummary = input.length >= 1 && input.length <= 4_096 && isPrintable;
  demandSame("the line", read?.text, isSummary ? input : undefined);
  demandSame("the server", read?.server, isSummary ? "Smith" : undefined);
  demand("another line", readLine(input, () => false) === undefined);
}

/**
 * @param parse The parser under test.
 * @param readLine The reader of lines under test.
 */
export function summariesTarget(
  parse = parseSummary,
  readLine = readSummaryLine,
): Target {
  return {
    name: "summaries",
    tokens: [
      '"name":"Smith"',
      '"notReady":null,',
      '"isStopping":true,',
      '"links":[',
      '{"neighbour":"Hill","isUp":true}',
      '"lastFailure":"refused"',
      '"limitHits":{"whatsats":3}',
      '"log":{"fault":null}',
      '"__proto__":',
      "null",
      "1e999",
      "-1",
      "[",
      "]",
      "{",
      "}",
      '"',
      ",",
      ":",
    ],
    check(input) {
      checkLine(input, readLine);
      const summary = parse("Smith", input);
      if (summary === undefined) return "none";
      demandSame("the name", summary.name, "Smith");
      demandSame("the fields", shapeOf(summary), shapeOf(model));
      for (const link of summary.links) {
        demandSame("a link", shapeOf(link), shapeOf(model.links[0]));
      }
      const { length } = JSON.stringify(summary);
      demand("a length", length < 16_000);
      const { isStopping, links, notReady } = summary;
      const state = `${isStopping} ${notReady === null}`;
      return `${state} ${magnitude(links.length)} ${magnitude(length)}`;
    },
  };
}

/** The names and types of the fields, without those of lists and counts. */
function shapeOf(value: unknown): string {
  return Object.entries(value as object)
    .map(([name, part]) => {
      const isText = part === null || typeof part === "string";
      return `${name} ${isText ? "text" : typeof part}`;
    }).sort().join();
}
