/**
 * What the HTTP gateway does with requests: it takes reports, and answers
 * queries.
 *
 * @module
 */
import {
  type ByteString,
  decodeBytes,
  encodeBytes,
} from "../../protocol/bytes.ts";
import type { Timestamp } from "../../protocol/time.ts";
import type { AccessRefusal, Admission } from "../access.ts";
import type { GatewayContext } from "../gateway_context.ts";
import type { Sender } from "../intake.ts";
import { inTurns } from "../in_turns.ts";
import { scannedExampleBytes } from "../limits.ts";
import { answerTo } from "../readers/answers.ts";
import { maxStepBytes } from "../readers/limits.ts";
import type { Reading } from "../readers/reading.ts";
import {
  type GatewayRequest,
  recognizeInSteps,
  recognizeRequest,
} from "../readers/recognize.ts";
import type { Target } from "../readers/target.ts";
import {
  type HeaderField,
  type HttpAnswer,
  textAnswer,
} from "./http_answer.ts";
import { answerQuery, isQuery } from "./queries.ts";
import type { RequestHead } from "./request_parser.ts";

/** A request whose sender is admitted. */
export interface AdmittedRequest {
  readonly head: RequestHead;
  readonly target: Target;
  readonly admission: Admission;
  /** Without its coding. */
  readonly body: Uint8Array;
}

/** Fields that a page of an allowed origin may send. */
const allowedFields = "authorization, content-type, content-encoding";

const methods = "GET, HEAD, POST, OPTIONS";

/** Answers an OPTIONS request, which a browser sends before others. */
export function answerOptions(): HttpAnswer {
  return { status: 204, body: "", headers: [["allow", methods]] };
}

/** Fields for pages of an allowed origin; none for all others. */
export function fieldsForPages(
  origin: ByteString | undefined,
  { headers, method }: RequestHead,
): HeaderField[] {
  if (origin === undefined) return [];
  const fields: HeaderField[] = [
    ["access-control-allow-origin", origin],
    ["vary", "Origin"],
  ];
  if (method !== "OPTIONS") return fields;
  fields.push(
    ["access-control-allow-methods", methods],
    ["access-control-allow-headers", allowedFields],
    ["access-control-max-age", "600"],
  );
  if (headers.has("access-control-request-private-network")) {
    fields.push(["access-control-allow-private-network", "true"]);
  }
  return fields;
}

/** The answer to a sender that is not admitted. */
export function answerToRefused({ status, text }: AccessRefusal): HttpAnswer {
  return textAnswer(
    status,
    text,
    status === 401
      ? [["www-authenticate", 'Basic realm="herd", charset="UTF-8"']]
      : [],
  );
}

/**
 * Answers a request. Reports are put into the replica, and the caller waits
 * until they are settled.
 *
 * @param arrivedAt When the request arrived.
 */
export function answerRequest(
  context: GatewayContext,
  request: AdmittedRequest,
  sender: Sender,
  arrivedAt: Timestamp,
): HttpAnswer | Promise<HttpAnswer> {
  const { admission, body, head, target } = request;
  const { method } = head;
  if (isQuery(target.path)) {
    if (method !== "GET" && method !== "HEAD") {
      return textAnswer(405, "Queries use GET.", [
        ["allow", "GET, HEAD"],
      ]);
    }
    context.intake.countUse("query", sender);
    return answerQuery(
      context,
      target.path,
      head.query,
      admission,
      { workload: sender.workload, now: arrivedAt },
    );
  }
  const message: GatewayRequest = {
    method: method === "HEAD" ? "GET" : method,
    path: head.path,
    query: head.query ?? "",
    headers: head.headers,
    body,
  };
  const readerContext = {
    now: arrivedAt,
    ownId: admission.identity?.subject,
  };
  const take = (reading: Reading) =>
    takeReading(context, reading, request, sender, arrivedAt);
  if (body.length <= maxStepBytes) {
    return take(recognizeRequest(message)(readerContext));
  }
  const { turns } = context.services;
  const { workload } = sender;
  return inTurns(recognizeInSteps(message), turns, workload)
    .then((reader) => inTurns(reader(readerContext), turns, workload))
    .then(take);
}

/** Takes what a message says, and answers as its program expects. */
export function takeReading(
  { intake }: GatewayContext,
  reading: Reading,
  { admission, body, target }: AdmittedRequest,
  sender: Sender,
  arrivedAt: Timestamp,
): HttpAnswer | Promise<HttpAnswer> {
  const { ignored, refusal, sightings } = reading;
  const reason = refusal ?? ignored.at(0)?.reason;
  if (reason !== undefined) {
    const { credential } = admission;
    intake.keepExample(
      reason,
      sender.gateway,
      exampleOf(target, body),
      credential === undefined ? [] : [credential],
    );
  }
  const outcome = intake.take(reading, sender, arrivedAt);
  const answer = (
    { notPermitted, taken }: { notPermitted: number; taken: number },
  ) =>
    notPermitted > 0 && notPermitted === sightings.length
      ? textAnswer(403, "The token does not permit reports for this client.")
      : answerTo(reading, taken);
  return outcome instanceof Promise ? outcome.then(answer) : answer(outcome);
}

/** The target and the beginning of the body. */
function exampleOf({ logged }: Target, body: Uint8Array): Uint8Array {
  const text = decodeBytes(body, 0, Math.min(body.length, scannedExampleBytes));
  return encodeBytes(text === "" ? logged : `${logged} ${text}`);
}
