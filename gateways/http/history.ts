/**
 * Queries by HTTP for the positions of a client that this server has recorded.
 *
 * @module
 */
import { piecesOfAnswer, readAnswer } from "../../history/answer.ts";
import { cursorFault, readUrlQuery } from "../../history/range.ts";
import { bytesOfText, type ByteString } from "../../protocol/bytes.ts";
import type { Timestamp } from "../../protocol/time.ts";
import type { HistoryPage } from "../../replica/history.ts";
import type { Workload } from "../../runtime/turns.ts";
import type { GatewayContext } from "../gateway_context.ts";
import { type HttpAnswer, textAnswer } from "./http_answer.ts";

/**
 * Answers with the records of the first client of several that has some.
 *
 * @param clients The IDs that the path can mean, all of which may be seen.
 * @param query The query of the URL.
 * @param now What times such as `2 hours ago` are counted from.
 */
export async function answerHistory(
  { services }: GatewayContext,
  clients: readonly ByteString[],
  query: ByteString,
  workload: Workload,
  now: Timestamp,
): Promise<HttpAnswer> {
  const { history, turns } = services;
  const parsed = readUrlQuery(query, now);
  if ("fault" in parsed) return textAnswer(400, `${parsed.fault}.`);
  if (parsed.id !== undefined) {
    return textAnswer(400, "The path has the ID: expected no id.");
  }
  if (history === undefined) {
    return textAnswer(404, "This server records no history.");
  }
  const { range } = parsed;
  const server = bytesOfText(history.server);
  const read = async () => {
    let [client, page] = [clients[0], emptyPage];
    for (const each of clients) {
      page = await readAnswer(history.reader, { server, client: each, range });
      if (page.records.length === 0) continue;
      client = each;
      break;
    }
    return { client, page };
  };
  try {
    return await history.permits.run(new AbortController().signal, async () => {
      const { client, page } = await read();
      let body = "";
      const request = { server, client, range };
      for (const piece of piecesOfAnswer(page, request)) {
        const turn = turns.begin(workload);
        if (turn !== undefined) await turn;
        body += piece;
        turns.end(workload);
      }
      return {
        status: 200,
        type: "application/json",
        body,
        logged: `${page.records.length} records, ${body.length} bytes`,
        headers: [["cache-control", "no-store"]],
      };
    });
  } catch (error) {
    return error instanceof RangeError
      ? textAnswer(400, `${cursorFault}.`)
      : textAnswer(503, "The history cannot be read now.");
  }
}

const emptyPage: HistoryPage = { records: [], next: undefined };
