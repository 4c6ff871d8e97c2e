/**
 * Sample messages of each format, in tests/gateways/payloads/, and what a server
 * has to make of them at `samplesArriveAt`. People, IDs and places in them are
 * invented.
 *
 * @module
 */
import type { Reason } from "../../gateways/readers/reasons.ts";

/** POSIX seconds at which the samples arrive: 2026-11-30T12:00:00Z. */
export const samplesArriveAt = 1_796_040_000;

/** ID, latitude, longitude and time, as a report would have them. */
export type ExpectedSighting = readonly [
  id: string,
  latitude: string,
  longitude: string,
  time: string,
];

/** What the requests of a file say together. */
export interface HttpSample {
  readonly file: string;
  readonly sightings: readonly ExpectedSighting[];
  /** The reasons of points that are not taken, but answered as if they were. */
  readonly ignored?: readonly Reason[];
  readonly refusal?: Reason;
  /** The reasons why sightings have the time of arrival. */
  readonly notes?: readonly Reason[];
  /** Status and body of the answer to the first request. */
  readonly answer: string;
  /** The ID of the token that sends, where the message names nobody. */
  readonly ownId?: string;
  /** How many sightings there are, if only the first and the last are listed. */
  readonly count?: number;
  readonly isMock?: boolean;
}

const taken = "200 []";
const overlandOk = '200 {"result":"ok"}';
const phoneTrackDone = '200 {"done":1,"friends":[]}';

const mira = "mira/pixel";

/** Every sample of a request. */
export const httpSamples: readonly HttpSample[] = [
  {
    file: "owntracks-http/android-location.http",
    sightings: [[mira, "+52.5170365", "+13.3888599", "1796040000"]],
    answer: taken,
  },
  {
    file: "owntracks-http/query-names-user-and-device.http",
    sightings: [
      ["oskar/old%20phone", "+59.9138688", "+10.7522454", "1796040000"],
    ],
    answer: taken,
  },
  {
    file: "owntracks-http/longitude-180.http",
    sightings: [[mira, "-16.8", "+180", "1796040000"]],
    answer: taken,
  },
  {
    // An error would make the phone send it again for weeks.
    file: "owntracks-http/out-of-range.http",
    sightings: [],
    ignored: ["latitude-out-of-range"],
    answer: taken,
  },
  {
    // The topic has a level after the device.
    file: "owntracks-http/transition-leave.http",
    sightings: [[mira, "+52.5200066", "+13.404954", "1796040040"]],
    answer: taken,
  },
  {
    file: "owntracks-http/waypoint.http",
    sightings: [],
    ignored: ["watched-place"],
    answer: taken,
  },
  {
    file: "owntracks-http/waypoints-list.http",
    sightings: [],
    ignored: ["watched-place"],
    answer: taken,
  },
  {
    file: "owntracks-http/lwt.http",
    sightings: [],
    ignored: ["no-position"],
    answer: taken,
  },
  {
    file: "owntracks-http/status-and-unknown-type.http",
    sightings: [],
    ignored: ["no-position"],
    answer: taken,
  },
  {
    file: "owntracks-http/card.http",
    sightings: [],
    ignored: ["no-position"],
    answer: taken,
  },
  {
    file: "owntracks-http/encrypted.http",
    sightings: [],
    ignored: ["encrypted"],
    answer: taken,
  },
  {
    // A shell has removed the quotes. A person reads the answer.
    file: "owntracks-http/not-json.http",
    sightings: [],
    refusal: "not-json",
    answer: "400 The body is not JSON: expected a text as in RFC 8259.\n",
  },
  {
    file: "owntracks-http/no-tst.http",
    sightings: [[mira, "+52.51", "+13.38", "arrival"]],
    answer: taken,
  },
  {
    // The phone's clock is in 2094. It still says where it is.
    file: "owntracks-http/tst-far-ahead.http",
    sightings: [[mira, "+52.513", "+13.383", "arrival"]],
    notes: ["time-far-ahead"],
    answer: taken,
  },
  {
    file: "owntracks-http/accuracy-zero.http",
    sightings: [[mira, "+52.514", "+13.384", "1796040009"]],
    answer: taken,
  },
  {
    file: "owntracks-http/no-names-at-all.http",
    sightings: [],
    refusal: "no-id",
    answer:
      "400 The message does not say whose position it is: expected an ID of the device.\n",
  },
  {
    file: "owntracks-http/same-second-twice.http",
    sightings: [[mira, "+52.6", "+13.5", "1796040000"]],
    answer: taken,
  },
  {
    // A webhook that sends on what OwnTracks sent.
    file: "home-assistant/webhook-owntracks.http",
    sightings: [[mira, "+52.5170365", "+13.3888599", "1796040000"]],
    answer: taken,
  },
  {
    file: "osmand/traccar-client-8.http",
    sightings: [["480117", "+48.2081743", "+16.3738189", "1796040000"]],
    answer: "200 ",
  },
  {
    // The time is in milliseconds.
    file: "osmand/osmand-app-get.http",
    sightings: [["tram-17", "+48.2", "+16.37", "1796040000.123"]],
    answer: "200 ",
  },
  {
    // A slash within one name is encoded.
    file: "osmand/form-body.http",
    sightings: [["bike%2F3", "+47.0707", "+15.4395", "arrival"]],
    answer: "200 ",
  },
  {
    file: "osmand/no-id.http",
    sightings: [],
    refusal: "no-id",
    answer:
      "400 The message does not say whose position it is: expected an ID of the device.\n",
  },
  {
    file: "osmand/not-valid.http",
    sightings: [],
    ignored: ["no-fix"],
    answer: "200 ",
  },
  {
    file: "osmand/token-in-path.http",
    sightings: [["480117", "+48.2082", "+16.3739", "1796040001"]],
    answer: "200 ",
  },
  {
    // Either of two clients could be meant.
    file: "osmand/twice-the-same-key.http",
    sightings: [],
    refusal: "repeated-key",
    answer:
      "400 An ID, a position or a time is given twice: expected each key once.\n",
  },
  {
    file: "traccar-client-json/location.http",
    sightings: [["71904455", "+45.4642035", "+9.189982", "1796040000.862"]],
    answer: "200 ",
  },
  {
    file: "traccar-client-json/heartbeat-without-coords.http",
    sightings: [],
    ignored: ["no-position"],
    answer: "200 ",
  },
  {
    file: "traccar-client-json/mock-location.http",
    sightings: [["71904455", "+45.4642035", "+9.189982", "1796040000.862"]],
    isMock: true,
    answer: "200 ",
  },
  {
    file: "traccar-client-json/no-device-id.http",
    sightings: [],
    refusal: "no-id",
    answer:
      "400 The message does not say whose position it is: expected an ID of the device.\n",
  },
  {
    file: "overland/batch-of-three.http",
    sightings: [
      ["jun", "+35.6812362", "+139.7671248", "1796040000"],
      ["jun", "+35.6815", "+139.7675", "1796040010"],
      ["jun", "+35.6819", "+139.768", "1796040020"],
    ],
    answer: overlandOk,
  },
  {
    // The newest place is sent ahead of the queue. The trip adds none.
    file: "overland/current-and-trip.http",
    sightings: [
      ["jun", "+34.6937249", "+135.5022535", "1795953600"],
      ["jun", "+34.7", "+135.6", "1796040005"],
    ],
    answer: overlandOk,
  },
  {
    file: "overland/no-device-id.http",
    ownId: "the-token",
    sightings: [["the-token", "+1.352083", "+103.819836", "1796040000"]],
    answer: overlandOk,
  },
  {
    // After ok the app would forget the points.
    file: "overland/no-device-id.http",
    sightings: [],
    refusal: "no-id",
    answer:
      "400 The message does not say whose position it is: expected an ID of the device.\n",
  },
  {
    file: "overland/empty-batch.http",
    sightings: [],
    ignored: ["empty"],
    answer: overlandOk,
  },
  {
    file: "overland/gzip-batch.http",
    sightings: [
      ["jun", "+35.0", "+139.5", "1796040000"],
      ["jun", "+35.199", "+139.5", "1796040199"],
    ],
    count: 200,
    answer: overlandOk,
  },
  {
    file: "gpslogger/get-template.http",
    sightings: [["Élodie", "+43.2964820", "+5.3697800", "1796040000"]],
    answer: "200 ",
  },
  {
    file: "gpslogger/home-assistant-form.http",
    sightings: [["tablet-2", "+43.297", "+5.37", "arrival"]],
    answer: "200 Setting location for tablet-2",
  },
  {
    // The app repeats the file of the day each time.
    file: "gpslogger/whole-day-again.http",
    sightings: [
      ["Élodie", "+43.2964820", "+5.3697800", "1796039950"],
      ["Élodie", "+43.2964821", "+5.3697800", "1796039960"],
      ["Élodie", "+43.2964822", "+5.3697800", "1796039970"],
      ["Élodie", "+43.2964823", "+5.3697800", "1796039980"],
      ["Élodie", "+43.2964824", "+5.3697800", "1796039990"],
      ["Élodie", "+43.2964825", "+5.3697800", "1796040000"],
    ],
    answer: "200 ",
  },
  {
    file: "phonetrack/log-get.http",
    sightings: [["lena", "+47.3768866", "+8.541694", "1796040000"]],
    answer: phoneTrackDone,
  },
  {
    // The name in the path counts more than the ID in the query.
    file: "phonetrack/traccar-path.http",
    sightings: [["lena", "+47.38", "+8.55", "1796040000"]],
    answer: phoneTrackDone,
  },
  {
    file: "traccar-forward/position.http",
    sightings: [["861230000000017", "-1.2920659", "+36.8219462", "1796040000"]],
    answer: "200 ",
  },
  {
    file: "traccar-forward/event-geofence.http",
    sightings: [["861230000000017", "-1.2920659", "+36.8219462", "1796040000"]],
    answer: "200 ",
  },
  {
    file: "traccar-forward/url-template.http",
    sightings: [
      ["861230000000017", "-1.2920659", "+36.8219462", "1796040000.000"],
    ],
    answer: "200 ",
  },
  {
    file: "geojson/feature.http",
    sightings: [["boat-4", "+38.7222524", "-9.1393366", "1796040000.5"]],
    answer: '200 {"taken":1,"ignored":0}',
  },
  {
    file: "geojson/collection.http",
    sightings: [
      ["17", "+38.72", "-9.14", "1796040000"],
      ["boat-5", "+38.73", "-9.15", "1796040001.000"],
    ],
    ignored: ["no-position"],
    answer:
      '200 {"taken":2,"ignored":1,"reasons":[{"index":2,"reason":"no-position"}]}',
  },
];

/** What the lines of a file say together. */
export interface LineSample {
  readonly file: string;
  readonly ownId?: string;
  readonly sightings: readonly ExpectedSighting[];
  readonly ignored: readonly Reason[];
}

/** Every sample of NMEA sentences. */
export const nmeaSamples: readonly LineSample[] = [
  {
    file: "nmea/rmc-and-gga.txt",
    ownId: "the-connection",
    sightings: [
      ["the-connection", "+35.68123617", "+139.76712483", "1796040000.00"],
    ],
    ignored: [],
  },
  { file: "nmea/rmc-void.txt", sightings: [], ignored: ["no-fix"] },
  {
    file: "nmea/old-traccar-client.txt",
    sightings: [["480117", "+48.208175", "+16.37381833", "1796040003.00"]],
    ignored: [],
  },
];

/** The sightings of each MQTT message of owntracks-mqtt/topics.json. */
export const topicSamples: readonly (ExpectedSighting | Reason)[] = [
  [mira, "+52.5170365", "+13.3888599", "1796040000"],
  "empty",
  [mira, "+54.3232927", "+10.1227652", "1796040000"],
  "watched-place",
  "no-position",
  "no-position",
  ["fam/mira/pixel", "+48.1", "+11.5", "1796040000"],
];

/** What each frame of websocket-json/messages.txt says; see `isJsonFrame`. */
export const frameSamples: readonly (
  | readonly ExpectedSighting[]
  | "a report"
  | "an invalid line"
)[] = [
  [["drone-1", "+46.9479739", "+7.4474468", "1796040000"]],
  [
    ["drone-1", "+46.948", "+7.4475", "1796040001"],
    ["drone-2", "+46.9490000", "+7.4480000", "1796040001.918963997"],
  ],
  "a report",
  "an invalid line",
  [["has%20space", "+1", "+2", "arrival"]],
];
