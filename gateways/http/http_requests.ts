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
import type { Identity } from "../../identity/identity.ts";
import {
  type AccessRefusal,
  type Admission,
  textOfNotPermitted,
} from "../access.ts";
import type { GatewayContext } from "../gateway_context.ts";
import type { Outcome, Sender } from "../intake.ts";
import { inTurns } from "../in_turns.ts";
import { scannedExampleBytes } from "../limits.ts";
import { answerTo } from "../readers/answers.ts";
import { maxStepBytes } from "../readers/limits.ts";
import type { Reading, Sighting } from "../readers/reading.ts";
import { arrival } from "../readers/times.ts";
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
import type { Friends } from "./friends.ts";
import { answerQuery, isQuery } from "./queries.ts";
import type { RequestHead } from "./request_head.ts";

/** What the HTTP connections of one server share. */
export interface HttpContext extends GatewayContext {
  readonly friends: Friends;
}

/** A request whose sender is admitted. */
export interface AdmittedRequest {
  readonly head: RequestHead;
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
  context: HttpContext,
  request: AdmittedRequest,
  sender: Sender,
  arrivedAt: Timestamp,
): HttpAnswer | Promise<HttpAnswer> {
  const { admission, body, head } = request;
  const { method, target } = head;
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
function takeReading(
  context: HttpContext,
  reading: Reading,
  request: AdmittedRequest,
  sender: Sender,
  arrivedAt: Timestamp,
): HttpAnswer | Promise<HttpAnswer> {
  const { admission, body, head } = request;
  const { ignored, refusal } = reading;
  const { intake } = context;
  const reason = refusal ?? ignored.at(0)?.reason;
  if (reason !== undefined) {
    const { credential } = admission;
    intake.keepExample(
      reason,
      sender.gateway,
      exampleOf(head.target, body),
      credential === undefined ? [] : [credential],
    );
  }
  const outcome = intake.take(reading, sender, arrivedAt);
  const answer = (outcome: Outcome) =>
    answerToReading(context, reading, outcome, admission, sender);
  return outcome instanceof Promise ? outcome.then(answer) : answer(outcome);
}

function answerToReading(
  context: HttpContext,
  reading: Reading,
  { notPermitted, refused, taken }: Outcome,
  { identity, isReportOnly }: Admission,
  sender: Sender,
): HttpAnswer | Promise<HttpAnswer> {
  const { sightings } = reading;
  if (notPermitted > 0 && notPermitted === sightings.length) {
    const [{ client }] = sightings;
    return textAnswer(403, textOfNotPermitted(identity!, "report", client));
  }
  const answer = answerTo(reading, taken, refused);
  const hasFriends = reading.answer === "friends" && taken > 0 &&
    identity !== undefined && !isReportOnly;
  if (!hasFriends) return answer;
  return addFriends(context, answer, sightings[0], identity, sender);
}

/** Adds friends to the answer to a location of OwnTracks. */
async function addFriends(
  { friends, intake }: HttpContext,
  answer: HttpAnswer,
  { client, time }: Sighting,
  identity: Identity,
  sender: Sender,
): Promise<HttpAnswer> {
  // Above its rate it gets them with a later answer.
  if (intake.waitMs("query", sender) > 0) return answer;
  intake.countUse("query", sender);
  // The neighbours get the report before that.
  intake.flush(sender);
  const body = await friends.answer(
    identity,
    client,
    time === arrival ? undefined : time,
    sender.workload,
  );
  return { ...answer, body };
}

/** The target and the beginning of the body. */
function exampleOf({ logged }: Target, body: Uint8Array): Uint8Array {
  const text = decodeBytes(body, 0, Math.min(body.length, scannedExampleBytes));
  return encodeBytes(text === "" ? logged : `${logged} ${text}`);
}
