/**
 * Plain reports as JSON, for programs: `{"id":"cab","lat":52.5,"lon":13.4}`, a
 * list of them, or one a line. The same by `POST /report`, WebSocket and the
 * topic `herd/report/ID`.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { isBlank } from "../../protocol/fields.ts";
import { LineFramer } from "../../protocol/framer.ts";
import { fieldsOf, idTextOf, mapRaw, pointOf } from "./fields.ts";
import { encodeId } from "./ids.ts";
import { isList, isObject, type JsonValue, memberOf } from "./json.ts";
import { parseJson } from "./json_parser.ts";
import { maxJsonLineBytes, maxPoints } from "./limits.ts";
import {
  type AnswerKind,
  type Format,
  type Raw,
  type RawPoint,
  type ReaderContext,
  type Reading,
  ReadingBuilder,
} from "./reading.ts";
import type { Reason } from "./reasons.ts";
import { finish, type Steps } from "./steps.ts";

/** Keys of the ID, the preferred one first. */
const idKeys = ["id", "client", "device_id", "device"];

/** Reads one report or a list. */
export function readReports(
  message: JsonValue,
  context: ReaderContext,
): Steps<Reading> {
  return readReportsOf(message, "report", "counts", context);
}

/** The same for another format with the same fields. */
export function* readReportsOf(
  message: JsonValue,
  format: Format,
  answer: AnswerKind,
  context: ReaderContext,
): Steps<Reading> {
  const builder = new ReadingBuilder(format, answer, context);
  if (isObject(message)) {
    builder.add(pointOfReport(message, format));
    return builder.finish();
  }
  if (!isList(message)) return builder.refuse("unknown-format");
  if (message.length > maxPoints) return builder.refuse("too-many-points");
  if (message.length === 0) builder.add("empty");
  for (const report of message) {
    builder.add(pointOfReport(report, format));
    yield;
  }
  return builder.finish();
}

function pointOfReport(report: JsonValue, format: Format): RawPoint | Reason {
  if (!isObject(report)) return "unknown-format";
  let id: Raw;
  for (const key of idKeys) id ??= idTextOf(memberOf(report, key));
  return { ...pointOf(fieldsOf(report), format, 1), id: mapRaw(id, encodeId) };
}

/**
 * Reads a stream with one JSON text a line. Call `push` for each chunk and
 * `end` at the end; both return the readings of the lines that are complete.
 * Lines are read alone: one that is refused costs only itself. After a line
 * that is too long there are no more.
 */
export class ReportLines {
  readonly #context: () => ReaderContext;
  readonly #framer = new LineFramer(maxJsonLineBytes);
  #isOver = false;

  /** @param context Is called for each line, whose arrival it tells. */
  constructor(context: () => ReaderContext) {
    this.#context = context;
  }

  /** The line of the newest reading; of one that is too long, its beginning. */
  get line(): ByteString {
    return this.#framer.tooLong ?? this.#framer.line;
  }

  /** The readings of the lines that end in these bytes. */
  *push(chunk: Uint8Array): Generator<Reading> {
    if (this.#isOver) return;
    const framer = this.#framer;
    framer.push(chunk, chunk.length);
    while (framer.next()) yield* this.#read(framer.line);
    if (framer.tooLong === undefined) return;
    this.#isOver = true;
    yield refuseReports("line-too-long", this.#context());
  }

  /** The reading of a last line without a newline. */
  *end(): Generator<Reading> {
    if (!this.#isOver && this.#framer.end()) {
      yield* this.#read(this.#framer.line);
    }
    this.#isOver = true;
  }

  *#read(line: ByteString): Generator<Reading> {
    if (!isBlank(line)) yield readLine(line, this.#context());
  }
}

function readLine(line: ByteString, context: ReaderContext): Reading {
  const parsed = parseJson(line);
  return "reason" in parsed
    ? refuseReports(parsed.reason, context)
    : finish(readReports(parsed.value, context));
}

function refuseReports(reason: Reason, context: ReaderContext): Reading {
  return new ReadingBuilder("report", "counts", context).refuse(reason);
}

/**
 * Readings of lines as one. It is refused if nothing was taken, and a line was
 * refused. Indexes are those of the points, and a refused line counts as one.
 */
export function joinReadings(readings: Iterable<Reading>): Reading {
  const sightings = [];
  const ignored = [];
  let refusal: Reason | undefined;
  let points = 0;
  for (const reading of readings) {
    if (reading.refusal !== undefined) {
      refusal ??= reading.refusal;
      ignored.push({ index: points, reason: reading.refusal });
      points += 1;
      continue;
    }
    for (const { index, reason } of reading.ignored) {
      ignored.push({ index: points + index, reason });
    }
    for (const sighting of reading.sightings) sightings.push(sighting);
    points += reading.sightings.length + reading.ignored.length;
  }
  const base = { format: "report", answer: "counts" } as const;
  return refusal !== undefined && sightings.length === 0
    ? { ...base, sightings: [], ignored: [], refusal }
    : { ...base, sightings, ignored, refusal: undefined };
}
