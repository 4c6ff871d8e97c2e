/**
 * The answers that devices need.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { maxNamedReasons } from "./limits.ts";
import type { AnswerKind, Reading } from "./reading.ts";
import { reasons } from "./reasons.ts";

/** An answer in HTTP. */
export interface Answer {
  readonly status: number;
  /** The media type of the body; undefined if it is empty. */
  readonly type: string | undefined;
  readonly body: ByteString;
}

/** A sighting that did not become a report. */
export interface RefusedSighting {
  /** Its index among the sightings. */
  readonly sighting: number;
  readonly reason: string;
}

/** A point that was not taken, by its index in the message. */
export interface IgnoredPoint {
  readonly index: number;
  readonly reason: string;
}

const json = "application/json";
const text = "text/plain; charset=utf-8";

/** The answers to messages that were taken, or are answered as if they were. */
const answers: Readonly<
  Record<
    AnswerKind,
    (
      reading: Reading,
      taken: number,
      refused: readonly RefusedSighting[],
    ) => Answer
  >
> = {
  "empty": () => ({ status: 200, type: undefined, body: "" }),
  "friends": () => ({ status: 200, type: json, body: "[]" }),
  "overland": () => ({ status: 200, type: json, body: '{"result":"ok"}' }),
  "phonetrack": () => ({
    status: 200,
    type: json,
    body: '{"done":1,"friends":[]}',
  }),
  "home-assistant": ({ sightings: [sighting] }) => ({
    status: 200,
    type: text,
    body: sighting === undefined
      ? ""
      : `Setting location for ${sighting.client}`,
  }),
  "counts": (reading, taken, refused) => {
    const { ignored, sightings } = reading;
    const count = ignored.length + sightings.length - taken;
    return answerWithCounts(taken, count, ignoredPoints(reading, refused));
  },
  "nothing": () => ({ status: 200, type: undefined, body: "" }),
};

/**
 * The answer that says how many points were taken.
 *
 * @param points The first of those that were ignored.
 */
export function answerWithCounts(
  taken: number,
  ignored: number,
  points: readonly IgnoredPoint[],
): Answer {
  const named = points.slice(0, maxNamedReasons)
    .map(({ index, reason }) => `{"index":${index},"reason":"${reason}"}`);
  const list = ignored === 0 ? "" : `,"reasons":[${named.join(",")}]`;
  return {
    status: 200,
    type: json,
    body: `{"taken":${taken},"ignored":${ignored}${list}}`,
  };
}

/** The points of a message that were not taken, in its order. */
export function ignoredPoints(
  { ignored, sightings }: Reading,
  refused: readonly RefusedSighting[] = [],
): readonly IgnoredPoint[] {
  if (refused.length === 0) return ignored;
  const reasonOf = new Map<number, string>(
    ignored.map(({ index, reason }) => [index, reason]),
  );
  const refusedReasons = new Map(
    refused.map(({ reason, sighting }) => [sighting, reason]),
  );
  const points: IgnoredPoint[] = [];
  let sighting = 0;
  for (let index = 0; index < ignored.length + sightings.length; index++) {
    const reason = reasonOf.get(index) ?? refusedReasons.get(sighting++);
    if (reason !== undefined) points.push({ index, reason });
  }
  return points;
}

/**
 * The answer to a message. A refusal is one line of text with the status 400; of
 * Home Assistant's form it is 422.
 *
 * @param taken How many of its sightings became reports: by default all.
 * @param refused The first of those that did not.
 */
export function answerTo(
  reading: Reading,
  taken: number = reading.sightings.length,
  refused: readonly RefusedSighting[] = [],
): Answer {
  const { answer, refusal } = reading;
  if (refusal === undefined) return answers[answer](reading, taken, refused);
  const status = answer === "home-assistant" ? 422 : 400;
  return { status, type: text, body: `${reasons[refusal].sentence}\n` };
}
