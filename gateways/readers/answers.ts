/**
 * The answers that devices need.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { AnswerKind, Reading } from "./reading.ts";
import { reasons } from "./reasons.ts";

/** An answer in HTTP. */
export interface Answer {
  readonly status: number;
  /** The media type of the body; undefined if it is empty. */
  readonly type: string | undefined;
  readonly body: ByteString;
}

const json = "application/json";
const text = "text/plain; charset=utf-8";

/** The answers to messages that were taken, or are answered as if they were. */
const answers: Readonly<
  Record<AnswerKind, (reading: Reading, taken: number) => Answer>
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
  "counts": ({ ignored, sightings }, taken) => ({
    status: 200,
    type: json,
    body: `{"taken":${taken},"ignored":${
      ignored.length + sightings.length - taken
    }}`,
  }),
  "nothing": () => ({ status: 200, type: undefined, body: "" }),
};

/**
 * The answer to a message. A refusal is one line of text with the status 400; of
 * Home Assistant's form it is 422.
 *
 * @param taken How many of its sightings became reports: by default all.
 */
export function answerTo(
  reading: Reading,
  taken: number = reading.sightings.length,
): Answer {
  const { answer, refusal } = reading;
  if (refusal === undefined) return answers[answer](reading, taken);
  const status = answer === "home-assistant" ? 422 : 400;
  return { status, type: text, body: `${reasons[refusal].sentence}\n` };
}
