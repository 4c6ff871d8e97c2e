/**
 * Queries by HTTP: the newest report of a client, the places near it, and its
 * history.
 *
 * @module
 */
import { jsonNumber } from "../../history/json.ts";
import { parseAttributes, rangeOf } from "../../protocol/attributes.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { parseCommand } from "../../protocol/command.ts";
import {
  attributesOf,
  fieldsOf,
  lineOf,
  positionOf,
} from "../../protocol/report.ts";
import type { Timestamp } from "../../protocol/time.ts";
import type { Workload } from "../../runtime/turns.ts";
import { type Admission, textOfNotPermitted } from "../access.ts";
import type { GatewayContext } from "../gateway_context.ts";
import { jsonText } from "../json_text.ts";
import { encodeId } from "../readers/ids.ts";
import { repeated } from "../readers/json.ts";
import {
  decodeSegment,
  parameterOf,
  type Parameters,
  parseParameters,
} from "../readers/parameters.ts";
import { type HttpAnswer, textAnswer } from "./http_answer.ts";
import { answerHistory } from "./history.ts";
import { defaultBound, defaultRadiusKm } from "./limits.ts";

/** A path of a query: its kind and the client. */
const queryPath = /^\/(position|nearby|history)\/([^]+)$/;

/** Whether a path, without its token, is one of a query. */
export function isQuery(path: ByteString): boolean {
  return queryPath.test(path);
}

/** When a query arrived, and what its work is counted for. */
export interface QueryTurn {
  readonly now: Timestamp;
  readonly workload: Workload;
}

/** Answers a query. Never waits longer than the places service may take. */
export async function answerQuery(
  context: GatewayContext,
  path: ByteString,
  query: ByteString | undefined,
  { identity, isReportOnly }: Admission,
  { now, workload }: QueryTurn,
): Promise<HttpAnswer> {
  if (isReportOnly) {
    return textAnswer(403, "A token in the path permits reports, not queries.");
  }
  const [, kind, sent] = queryPath.exec(path)!;
  const clients = idsOf(sent).filter((client) =>
    identity?.maySee(client) ?? true
  );
  if (clients.length === 0) {
    context.services.refusals.add("query");
    const client = encodeId(decodeSegment(sent));
    return textAnswer(403, textOfNotPermitted(identity!, "query", client));
  }
  if (kind === "history") {
    if (!identity?.lastOnly) {
      return await answerHistory(context, clients, query ?? "", workload, now);
    }
    context.services.refusals.add("query");
    return textAnswer(403, "The token permits the newest position only.");
  }
  const parameters = parseParameters(query ?? "");
  const format = parameters && textOf(parameters, "format", "text");
  if (format !== "text" && format !== "json") {
    return textAnswer(400, "The format is not known: expected text or json.");
  }
  let record: ByteString | undefined;
  for (const client of clients) {
    record = await context.services.replica.findRecord(client);
    if (record !== undefined) break;
  }
  if (record === undefined) {
    return textAnswer(404, "No report about this client is known.");
  }
  const line = lineOf(record);
  if (kind === "nearby") {
    return await answerNearby(context, line, parameters!, format);
  }
  return format === "json"
    ? {
      status: 200,
      type: "application/json",
      body: `${jsonOf(record)}\n`,
      headers: notKept,
    }
    : textAnswer(200, line, notKept);
}

/** A position that is kept would be an old one soon. */
const notKept = [["cache-control", "no-store"]] as const;

/**
 * The IDs that a path can mean: as it was sent, as gateways make IDs of names,
 * and decoded.
 */
function idsOf(sent: ByteString): ByteString[] {
  const decoded = decodeSegment(sent);
  return [...new Set([sent, encodeId(decoded), decoded])];
}

/** The text of a key; undefined if it is given twice. */
function textOf(
  parameters: Parameters,
  key: ByteString,
  otherwise: ByteString,
): ByteString | undefined {
  const value = parameterOf(parameters, key);
  return value === repeated ? undefined : value || otherwise;
}

async function answerNearby(
  { services }: GatewayContext,
  line: ByteString,
  parameters: Parameters,
  format: "text" | "json",
): Promise<HttpAnswer> {
  const { backend, clock, permits } = services;
  const radius = textOf(parameters, "radius", defaultRadiusKm);
  const bound = textOf(parameters, "bound", defaultBound);
  const command = parseCommand(`WHATSAT id ${radius} ${bound}`);
  if (command?.verb !== "WHATSAT") {
    return textAnswer(
      400,
      "The radius or the bound is wrong: expected 0 to 50 kilometres and 0 to 20 places.",
    );
  }
  const sinceMs = clock.elapsedMs();
  const places = await permits.run(
    new AbortController().signal,
    () => backend.places(line, command),
  );
  backend.recordQueryDuration(clock.elapsedMs() - sinceMs);
  return format === "json"
    ? {
      status: 200,
      type: "application/json",
      body: `${places}\n`,
      headers: notKept,
    }
    : textAnswer(200, `${line}\n${places}\n`, notKept);
}

/** A report in JSON, with the digits of the AT line and of the attributes. */
function jsonOf(record: ByteString): ByteString {
  const line = lineOf(record);
  const [server, difference, client, , time] = fieldsOf(line);
  const { latitude, longitude } = positionOf(line);
  return `{"id":${jsonText(client)},"latitude":${jsonNumber(latitude)}` +
    `,"longitude":${jsonNumber(longitude)},"time":${jsonNumber(time)}` +
    `,"server":${jsonText(server)},"clockDifference":${
      jsonNumber(difference)
    }` +
    `${attributesJsonOf(record)}}`;
}

/** The attributes as the last field of an object; empty if there are none. */
function attributesJsonOf(record: ByteString): ByteString {
  const attributes = parseAttributes(attributesOf(record));
  if (attributes === undefined || attributes.size === 0) return "";
  const fields = [...attributes].map(([key, value]) =>
    `"${key}":${rangeOf(key) === undefined ? jsonText(value) : value}`
  );
  return `,"attributes":{${fields.join(",")}}`;
}
