/**
 * The parser of other servers' summaries, `server/status/summary.ts`.
 *
 * For every text, the result is undefined, or a summary
 *
 * - that is about the server that was asked for;
 * - whose fields have the types of a server's own summary, and no others;
 * - whose texts, lists and objects are no longer than the limit of a summary.
 *
 * @module
 */
import { formatSummary, parseSummary } from "../../../server/status/summary.ts";
import { fakeStatus } from "../../fakes/herd_status.ts";
import { demand, demandSame, magnitude, type Target } from "../target.ts";

const [smith] = fakeStatus({ seen: ["Smith"] }).servers;
const model = JSON.parse(formatSummary(smith));

/** @param parse The parser under test. */
export function summariesTarget(parse = parseSummary): Target {
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
