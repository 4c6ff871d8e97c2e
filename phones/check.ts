/**
 * What is wrong with an answer: undefined if nothing is, or a few words.
 *
 * @module
 */
import type { At, Nearby } from "../client/types.ts";
import { isNewer } from "../protocol/report.ts";
import type { Ledger } from "./ledger.ts";

/** A report, and the server that it was sent to. */
export interface ReportAsked {
  readonly server: string;
  readonly id: string;
  readonly position: string;
  readonly time: string;
}

/** A question, and what its answer has to be like. */
export interface QuestionAsked {
  readonly server: string;
  /** The phone that it is about. */
  readonly id: string;
  readonly bound: number;
  /** The newest report that the server was known to have when it was asked. */
  readonly atLeast: string | undefined;
}

/** A sign and nine decimals. */
const difference = /^[+-]\d{1,16}\.\d{9}$/;

/** What is wrong with the answer to a report. */
export function faultOfReport(
  { line, clockDifference }: At,
  { id, position, server, time }: ReportAsked,
): string | undefined {
  if (!difference.test(clockDifference)) return "no clock difference";
  const expected = `AT ${server} ${clockDifference} ${id} ${position} ${time}`;
  return line === expected ? undefined : `expected ${expected}`;
}

/** What is wrong with the answer to a question. */
export function faultOfAnswer(
  { at, results, status }: Nearby,
  { atLeast, bound, id }: QuestionAsked,
  ledger: Ledger,
  servers: readonly string[],
): string | undefined {
  const fault = faultOfLine(at, id, ledger, servers);
  if (fault !== undefined) return fault;
  if (atLeast !== undefined && isNewer(atLeast, at.line)) {
    return `older than what it had: ${atLeast}`;
  }
  if (typeof status !== "string") return "no status";
  if (!Array.isArray(results)) return "no list of places";
  return results.length <= bound
    ? undefined
    : `${results.length} places where ${bound} were wanted`;
}

function faultOfLine(
  at: At,
  id: string,
  ledger: Ledger,
  servers: readonly string[],
): string | undefined {
  const { clockDifference, line, position, server, time } = at;
  if (!difference.test(clockDifference)) return "no clock difference";
  if (!servers.includes(server)) return "an unknown server";
  if (line !== `AT ${server} ${clockDifference} ${id} ${position} ${time}`) {
    return "no AT line of that client";
  }
  const sent = ledger.sent(id, time);
  if (sent === undefined) return undefined;
  if (sent.line !== undefined && sent.line !== line) {
    return `expected ${sent.line}`;
  }
  return sent.position === position ? undefined : "another position";
}
