/**
 * Finds the reader of a message: of a request by its path or the shape of its
 * body, of an MQTT message by its topic.
 *
 * @module
 */
import {
  type ByteString,
  decodeBytes,
  encodeBytes,
} from "../../protocol/bytes.ts";
import { readGeoJson, readOverland } from "./features.ts";
import { type FormDialect, isForm, readForm } from "./forms.ts";
import { encodeId, nameInUtf8 } from "./ids.ts";
import {
  isList,
  isObject,
  type JsonObject,
  type JsonValue,
  memberOf,
} from "./json.ts";
import {
  type JsonFailure,
  type ParsedJson,
  parseJson,
  parseJsonInSteps,
} from "./json_parser.ts";
import {
  maxBodyBytes,
  maxLeadingBytes,
  maxPoints,
  maxStepBytes,
} from "./limits.ts";
import {
  idOfOwnTracksTopic,
  type OwnTracksNames,
  readOwnTracks,
} from "./owntracks.ts";
import { mapRaw } from "./fields.ts";
import { parameterOf, parseParameters } from "./parameters.ts";
import { readPhoneTrackPath, readPhoneTrackPoints } from "./phonetrack.ts";
import {
  type AnswerKind,
  type Format,
  type Raw,
  type ReaderContext,
  type Reading,
  ReadingBuilder,
} from "./reading.ts";
import type { Reason } from "./reasons.ts";
import {
  joinReadings,
  readReports,
  readReportsOf,
  ReportLines,
} from "./reports.ts";
import { finish, type Steps } from "./steps.ts";
import { withoutToken } from "./target.ts";
import { readTraccarClient, readTraccarForward } from "./traccar.ts";

/** A request, with its body decoded and decompressed. */
export interface GatewayRequest {
  readonly method: string;
  /** The path as sent, percent-encoded, with its token if it has one. */
  readonly path: ByteString;
  /** The query as sent, without the question mark. */
  readonly query: ByteString;
  /**
   * Values by names in lower case. The values of a field that came more than
   * once are joined by a comma and a space.
   */
  readonly headers: ReadonlyMap<string, ByteString>;
  readonly body: Uint8Array;
}

/** Reads a message, when its arrival and its sender are known. */
export type Reader = (context: ReaderContext) => Reading;

/** The same, in steps if the message is a list of points. */
export type StepReader = (context: ReaderContext) => Reading | Steps<Reading>;

/** What a path says about the body. */
interface PathKind {
  readonly format: Format;
  /** Whether the body can only be JSON. */
  readonly isJson: boolean;
}

const pathKinds: ReadonlyMap<ByteString, PathKind> = new Map([
  ["/pub", { format: "owntracks", isJson: true }],
  ["/owntracks", { format: "owntracks", isJson: true }],
  ["/overland", { format: "overland", isJson: true }],
  ["/traccar", { format: "traccar-forward", isJson: true }],
  ["/geojson", { format: "geojson", isJson: true }],
  ["/report", { format: "report", isJson: true }],
  ["/gpslogger", { format: "home-assistant", isJson: false }],
]);

const otherPath: PathKind = { format: "unknown", isJson: false };

function kindOfPath(path: ByteString): PathKind {
  const isOpen = path.length > 1 && path.endsWith("/");
  const known = pathKinds.get(isOpen ? path.slice(0, -1) : path);
  if (known !== undefined) return known;
  return path.startsWith("/api/webhook/")
    ? { format: "home-assistant", isJson: false }
    : otherPath;
}

/** The answer that a device of a format expects. */
const answerKinds: Readonly<Record<Format, AnswerKind>> = {
  "owntracks": "friends",
  "osmand": "empty",
  "traccar-client": "empty",
  "traccar-forward": "empty",
  "overland": "overland",
  "home-assistant": "home-assistant",
  "phonetrack": "phonetrack",
  "geojson": "counts",
  "report": "counts",
  "nmea": "nothing",
  "unknown": "empty",
};

/** The reader of a message that is ignored as a whole. */
function ignore(format: Format, reason: Reason): Reader {
  return (context) => {
    const builder = new ReadingBuilder(format, answerKinds[format], context);
    builder.add(reason);
    return builder.finish();
  };
}

/** The reader of a message that is refused as a whole. */
function refuse(format: Format, reason: Reason): Reader {
  return (context) =>
    new ReadingBuilder(format, answerKinds[format], context).refuse(reason);
}

/** The reader of a request. The path decides where the shape does not. */
export function recognizeRequest(request: GatewayRequest): Reader {
  const opened = open(request);
  if (typeof opened === "function") return inOneStep(opened);
  const { text } = opened;
  // The reason for which a large message is refused is the same in both ways.
  const parsed = text.length <= maxStepBytes
    ? parseJson(text)
    : finish(parseJsonInSteps(text));
  return inOneStep(readerOfText(opened, parsed));
}

/** A reader that does all steps at once. */
function inOneStep(reader: StepReader): Reader {
  return (context) => finish(reader(context));
}

/** The same for a request of more than `maxStepBytes`. */
export function* recognizeInSteps(
  request: GatewayRequest,
): Steps<StepReader> {
  const opened = open(request);
  return typeof opened === "function"
    ? opened
    : readerOfText(opened, yield* parseJsonInSteps(opened.text));
}

/** A request with JSON, before that is parsed. */
interface JsonRequest {
  readonly request: GatewayRequest;
  readonly kind: PathKind;
  readonly text: ByteString;
  /** The ID that the path gives. */
  readonly givenId: ByteString | undefined;
}

/** What is known of a request before JSON is parsed; its reader without JSON. */
function open(request: GatewayRequest): StepReader | JsonRequest {
  const { body, headers } = request;
  const path = withoutToken(request.path);
  const phoneTrack = readPhoneTrackPath(path);
  const kind: PathKind = phoneTrack === undefined
    ? kindOfPath(path)
    : { format: "phonetrack", isJson: false };
  // A browser asks with OPTIONS whether it may report. All other methods report.
  if (request.method === "OPTIONS") return refuse(kind.format, "other-method");
  if (body.length > maxBodyBytes) return refuse(kind.format, "body-too-long");
  const text = decodeBytes(body, 0, body.length);
  const givenId = phoneTrack?.givenId;
  if (isJsonText(text, kind, headers)) return { request, kind, text, givenId };
  return withId(
    recognizeForm(text, request, kind, phoneTrack?.app),
    givenId,
  );
}

function withId(
  reader: StepReader,
  givenId: ByteString | undefined,
): StepReader {
  if (givenId === undefined) return reader;
  return (context) => reader({ ...context, givenId });
}

/**
 * The first character that is not white space of JSON or a byte order mark; empty
 * if `maxLeadingBytes` have none.
 */
function firstCharacter(text: ByteString): string {
  // The messages of nearly all apps begin with the object.
  if (text.startsWith("{")) return "{";
  const start = text.slice(0, maxLeadingBytes);
  return /^(?:\xef\xbb\xbf)?[ \t\r\n]*([^ \t\r\n]?)/.exec(start)![1];
}

/**
 * Whether a body is to be read as JSON. Programs such as curl send JSON with
 * the type of a form, so an opening bracket decides.
 */
function isJsonText(
  text: ByteString,
  kind: PathKind,
  headers: ReadonlyMap<string, ByteString>,
): boolean {
  const first = firstCharacter(text);
  if (first === "{" || first === "[") return true;
  if (first === "") return false;
  return kind.isJson || /\bjson\b/i.test(headers.get("content-type") ?? "");
}

function readerOfText(
  { givenId, kind, request, text }: JsonRequest,
  parsed: ParsedJson | JsonFailure,
): StepReader {
  return withId(readerOfParsed(text, kind, request, parsed), givenId);
}

function readerOfParsed(
  text: ByteString,
  { format }: PathKind,
  request: GatewayRequest,
  parsed: ParsedJson | JsonFailure,
): StepReader {
  if ("reason" in parsed) {
    const isLines = parsed.isAfterLine &&
      (format === "report" || format === "unknown");
    return isLines ? lineReader(text) : refuse(format, parsed.reason);
  }
  const { value } = parsed;
  if (isObject(value)) return readerOfObject(value, format, request);
  return isList(value)
    ? (context) => readReports(value, context)
    : refuse(format, "unknown-format");
}

function readerOfObject(
  value: JsonObject,
  format: Format,
  request: GatewayRequest,
): StepReader {
  switch (formatOfObject(value) ?? format) {
    case "owntracks": {
      const names = namesOf(request);
      if (names === undefined) return refuse(format, "too-many-parameters");
      return (context) => readOwnTracks(value, names, context);
    }
    case "overland":
      return (context) => readOverland(value, context);
    case "geojson":
      return (context) => readGeoJson(value, context);
    case "traccar-client":
      return (context) => readTraccarClient(value, context);
    case "traccar-forward":
      return (context) => readTraccarForward(value, context);
    case "report":
      return (context) => readReports(value, context);
    case "phonetrack":
      return readerOfPhoneTrack(value);
    case "home-assistant":
      return (context) =>
        readReportsOf(value, "home-assistant", "home-assistant", context);
    default:
      return readerOfUnknown(value);
  }
}

/** The format of an object by its members; undefined if the path decides. */
function formatOfObject(value: JsonObject): Format | undefined {
  if (value.has("_type")) return "owntracks";
  if (isList(memberOf(value, "locations"))) return "overland";
  const type = memberOf(value, "type");
  if (type === "Feature" || type === "FeatureCollection") return "geojson";
  if (isObject(memberOf(value, "position"))) return "traccar-forward";
  if (value.has("event") && value.has("device")) return "traccar-forward";
  const location = memberOf(value, "location");
  if (isObject(location) || isList(location)) return "traccar-client";
  return undefined;
}

/** The reader of an object by the members that many formats share. */
function readerOfUnknown(value: JsonObject): StepReader {
  if (value.has("lat") || value.has("latitude")) {
    return (context) => readReports(value, context);
  }
  return value.has("device_id")
    ? (context) => readTraccarClient(value, context)
    : refuse("unknown", "unknown-format");
}

/**
 * The names of OwnTracks in header fields and query; undefined if the query has
 * too many keys.
 */
function namesOf(
  { headers, query }: GatewayRequest,
): OwnTracksNames | undefined {
  const parameters = parseParameters(query);
  if (parameters === undefined) return undefined;
  const nameOf = (field: string, key: string): Raw =>
    mapRaw(headers.get(field) || parameterOf(parameters, key), nameInUtf8);
  return { user: nameOf("x-limit-u", "u"), device: nameOf("x-limit-d", "d") };
}

function readerOfPhoneTrack(value: JsonObject): StepReader {
  const points = memberOf(value, "points");
  return isList(points)
    ? (context) => readPhoneTrackPoints(points, context)
    : (context) => readReportsOf(value, "phonetrack", "phonetrack", context);
}

/** Reads a whole body as lines. */
function lineReader(text: ByteString): StepReader {
  return function* (context) {
    const lines = new ReportLines(() => context);
    const readings = [];
    let points = 0;
    const bytes = encodeBytes(text);
    for (const part of [lines.push(bytes), lines.end()]) {
      for (const reading of part) {
        points += reading.sightings.length + reading.ignored.length + 1;
        if (points > 2 * maxPoints) {
          return refuse("report", "too-many-points")(context);
        }
        readings.push(reading);
        yield;
      }
    }
    return joinReadings(readings);
  };
}

function recognizeForm(
  text: ByteString,
  { headers, query }: GatewayRequest,
  kind: PathKind,
  phoneTrackApp: ByteString | undefined,
): Reader {
  const { format } = kind;
  const parameters = parseParameters(query, text);
  if (parameters === undefined) return refuse(format, "too-many-parameters");
  if (phoneTrackApp === undefined && !isForm(parameters)) {
    const isOwnTracks = format === "owntracks" || headers.has("x-limit-u") ||
      headers.has("x-limit-d");
    // The app sends an empty body when a friend was deleted.
    if (isOwnTracks && text === "") return ignore("owntracks", "empty");
    return refuse(format, kind.isJson ? "not-json" : "unknown-format");
  }
  const dialect: FormDialect =
    format === "home-assistant" || format === "phonetrack" ? format : "osmand";
  const hasKnots = dialect === "osmand" || phoneTrackApp === "traccar";
  const speedUnit = hasKnots ? "knots" : "metres-a-second";
  return (context) => readForm(parameters, dialect, speedUnit, context);
}

/**
 * The levels of a topic after a prefix, which ends in a slash; undefined if the
 * topic does not begin with it.
 */
function levelsBelow(
  prefix: ByteString,
  topic: ByteString,
): ByteString | undefined {
  if (topic.startsWith(prefix)) return topic.slice(prefix.length);
  return topic === prefix.slice(0, -1) ? "" : undefined;
}

/**
 * Reads an MQTT message: of OwnTracks, or a report in the topic of an ID. The
 * answer of the reading does not matter: MQTT says only that a message has
 * arrived.
 */
export function recognizeTopic(topic: ByteString, payload: ByteString): Reader {
  const kind = kindOfTopic(topic);
  const reader = readerWithoutJson(kind, payload) ??
    readerOfPayload(kind, parseJson(payload));
  return inOneStep(reader);
}

/** The same for a message that may be large. */
export function* recognizeTopicInSteps(
  topic: ByteString,
  payload: ByteString,
): Steps<StepReader> {
  const kind = kindOfTopic(topic);
  return readerWithoutJson(kind, payload) ??
    readerOfPayload(kind, yield* parseJsonInSteps(payload));
}

/** What a topic says about its messages. */
interface TopicKind {
  readonly format: Format;
  /** Undefined if the topic names nobody. */
  readonly givenId: ByteString | undefined;
  readonly read: (
    value: JsonValue,
    context: ReaderContext,
  ) => Reading | Steps<Reading>;
}

function kindOfTopic(topic: ByteString): TopicKind {
  const name = topic.startsWith("/") ? topic.slice(1) : topic;
  const ofOwnTracks = levelsBelow("owntracks/", name);
  if (ofOwnTracks !== undefined) {
    const givenId = idOfOwnTracksTopic(ofOwnTracks);
    return { format: "owntracks", givenId, read: readTopicOfOwnTracks };
  }
  const ofReport = levelsBelow("herd/report/", name);
  const format = ofReport === undefined ? "unknown" : "report";
  const givenId = encodeId(ofReport ?? "") || undefined;
  return { format, givenId, read: readReports };
}

function readTopicOfOwnTracks(
  value: JsonValue,
  context: ReaderContext,
): Reading {
  const names = { user: undefined, device: undefined };
  return readOwnTracks(value, names, context);
}

/** The reader of a message that is not to be parsed; undefined if it is. */
function readerWithoutJson(
  { format, givenId }: TopicKind,
  { length }: ByteString,
): Reader | undefined {
  if (givenId === undefined) return ignore(format, "other-topic");
  // An empty payload removes what the broker retains.
  if (length === 0) return ignore(format, "empty");
  return length > maxBodyBytes ? refuse(format, "body-too-long") : undefined;
}

function readerOfPayload(
  { format, givenId, read }: TopicKind,
  parsed: ParsedJson | JsonFailure,
): StepReader {
  if ("reason" in parsed) return refuse(format, parsed.reason);
  return (context) => read(parsed.value, { ...context, givenId });
}

/**
 * Whether a WebSocket message is JSON. Otherwise it is a line of the client
 * port.
 */
export function isJsonFrame(message: ByteString): boolean {
  return /^[ \t\r\n]*[[{]/.test(message);
}

/** Reads a WebSocket message in JSON, of the same shape as `POST /report`. */
export function recognizeFrame(message: ByteString): Reader {
  return inOneStep(readerOfFrame(parseJson(message)));
}

/** The same for a message that may be large. */
export function* recognizeFrameInSteps(
  message: ByteString,
): Steps<StepReader> {
  return readerOfFrame(yield* parseJsonInSteps(message));
}

function readerOfFrame(parsed: ParsedJson | JsonFailure): StepReader {
  if ("reason" in parsed) return refuse("report", parsed.reason);
  return (context) => readReports(parsed.value, context);
}
