import { answerTo } from "../../../gateways/readers/answers.ts";
import {
  maxBodyBytes,
  maxIdBytes,
  maxJsonDepth,
  maxJsonLineBytes,
  maxJsonTokenBytes,
  maxJsonValues,
  maxLeadingBytes,
  maxNmeaLineBytes,
  maxParameterBytes,
  maxParameters,
  maxPoints,
  maxPositionBytes,
  maxTimeBytes,
  maxTopicBytes,
  maxTrackerIdBytes,
  maxValuesInStep,
} from "../../../gateways/readers/limits.ts";
import type { ReaderContext } from "../../../gateways/readers/reading.ts";
import { reasons } from "../../../gateways/readers/reasons.ts";
import {
  isJsonFrame,
  recognizeFrame,
  recognizeRequest,
  recognizeTopic,
} from "../../../gateways/readers/recognize.ts";
import {
  joinReadings,
  ReportLines,
} from "../../../gateways/readers/reports.ts";
import { encodeBytes } from "../../../protocol/bytes.ts";
import { assert, assertEquals } from "../../assert.ts";
import { readDocument } from "../../document.ts";
import { requestOf } from "../http_sample.ts";
import type { Reading } from "../../../gateways/readers/reading.ts";

const now = { seconds: 1_796_040_000, nanoseconds: 0 };

/**
 * Each sighting with its attributes but the source, then what was ignored, or
 * why all was refused.
 */
function shown(reading: Reading): string {
  const { format, ignored, refusal, sightings } = reading;
  const parts = sightings.map((sighting) => {
    const { attributes, client, latitude, longitude, time } = sighting;
    const parts = attributes.split(",");
    const others = parts.filter((part) => part !== `source=${format}`);
    assertEquals(others.length, parts.length - 1);
    return [client, latitude + longitude, time, others.join()]
      .join(" ").trim();
  });
  const reasons = ignored.map(({ index, reason }) => `${index}:${reason}`);
  return [`${format}`, ...parts, ...reasons, ...refusal ? [refusal] : []]
    .join("; ");
}

function read(
  target: string,
  body = "",
  headers: Readonly<Record<string, string>> = {},
  context: Omit<ReaderContext, "now"> = {},
): string {
  const request = requestOf(target, body, headers);
  return shown(recognizeRequest(request)({ now, ...context }));
}

const names = { "x-limit-u": "mira", "x-limit-d": "pixel" };
const ownTracks = (members: string) =>
  `{"_type":"location","lat":1.5,"lon":2.5,"tst":1${members}}`;

Deno.test({
  name: "names of OwnTracks come from header fields, the query, then the topic",
  permissions: "none",
  fn() {
    const topic = ownTracks(',"topic":"owntracks/oskar/phone"');
    const all = "/pub?u=jun&d=tablet";
    const of = (id: string) => `owntracks; ${id} +1.5+2.5 1`;
    assertEquals(read(all, topic, names), of("mira/pixel"));
    assertEquals(read(all, topic), of("jun/tablet"));
    assertEquals(read("/pub", topic), of("oskar/phone"));
    assertEquals(read("/pub?u=jun", topic), of("jun/phone"));
    assertEquals(read("/pub?u=jun", ownTracks("")), of("jun"));
    assertEquals(read("/pub?u=jun&u=mira", topic), "owntracks; repeated-key");
    assertEquals(
      read("/pub", topic, { "x-limit-u": "J\xf6rg", "x-limit-d": "x" }),
      of("J\xc3\xb6rg/x"),
    );
    assertEquals(
      read("/pub?u=J%C3%B6rg&d=x", topic),
      of("J\xc3\xb6rg/x"),
    );
    const own = { ownId: "the-token" };
    assertEquals(read("/pub", ownTracks(""), {}, own), of("the-token"));
  },
});

Deno.test({
  name:
    "the names in a topic are the last two levels before events and the like",
  permissions: "none",
  fn() {
    const idIn = (topic: string, type = "location") => {
      const body = ownTracks(`,"topic":"${topic}"`)
        .replace("location", type);
      return read("/", body).split(" ")[1];
    };
    for (
      const [topic, id] of [
        ["owntracks/mira/pixel", "mira/pixel"],
        ["/owntracks/mira/pixel", "mira/pixel"],
        ["home/gps/mira/pixel", "mira/pixel"],
        ["mira/pixel", "mira/pixel"],
        ["owntracks/mira/status", "mira/status"],
        ["owntracks/mira/pixel/step", "mira/pixel"],
        ["owntracks/mira", "mira"],
        ["pixel", "pixel"],
      ]
    ) assertEquals(idIn(topic), id, topic);
    assertEquals(idIn("mira/pixel/event", "transition"), "mira/pixel");
    assertEquals(read("/", ownTracks(',"topic":7')), "owntracks; 7 +1.5+2.5 1");
    assertEquals(read("/", ownTracks(',"topic":{}')), "owntracks; no-id");
  },
});

Deno.test({
  name: "attributes are read in their units, and what is unknown is left out",
  permissions: "none",
  fn() {
    assertEquals(
      read(
        "/pub",
        ownTracks(
          ',"acc":14,"alt":-71.50,"batt":63,"cog":187,"vel":36,"tid":"m x"',
        ),
        names,
      ),
      "owntracks; mira/pixel +1.5+2.5 1 " +
        "accuracy=14,altitude=-71.5,battery=63,course=187,speed=10,tid=m%20x",
    );
    assertEquals(
      read(
        "/pub",
        ownTracks(
          ',"acc":0,"alt":null,"batt":-1,"cog":-1,"vel":true,"tid":"' +
            `${"x".repeat(17)}"`,
        ),
        names,
      ),
      "owntracks; mira/pixel +1.5+2.5 1",
    );
    assertEquals(
      read("/?id=1&lat=1&lon=2&timestamp=3&speed=10&bearing=NaN&acc=5"),
      "osmand; 1 +1+2 3 accuracy=5,speed=5.14444444",
    );
    assertEquals(
      read("/?id=1&lat=1&lon=2&timestamp=3&speed=10&hdop=1&batt=200"),
      "osmand; 1 +1+2 3 speed=10",
    );
    assertEquals(
      read("/?id=1&lat=1&lon=2&timestamp=3&speed=10&spd=7&dir=9&tid=ab"),
      "osmand; 1 +1+2 3 course=9,speed=7,tid=ab",
    );
  },
});

Deno.test({
  name: "the OsmAnd protocol takes query and form, in all its spellings",
  permissions: "none",
  fn() {
    const form = { "content-type": "application/x-www-form-urlencoded" };
    for (
      const [target, body, expected] of [
        ["/?id=1&location=1.5,2.5&timestamp=3", "", "1 +1.5+2.5 3"],
        ["/?id=1&location=1.5&timestamp=3", "", "0:no-position"],
        ["/", "id=1&lat=1&lon=2&timestamp=3", "1 +1+2 3"],
        ["/?id=1", "lat=1&lon=2&timestamp=3", "1 +1+2 3"],
        ["/?id=1&lat=+1.5&lon=2&timestamp=3", "", "1 +1.5+2 3"],
        [
          "/?id=1&lat=1&lon=2&timestamp=2026-11-30+12:00:00",
          "",
          "1 +1+2 1796040000",
        ],
        [
          "/?id=1&lat=1&lon=2&timestamp=2026-11-30T13:00:00+01:00",
          "",
          "1 +1+2 1796040000",
        ],
        ["/?id=1&cell=262,2,1,2&batt=5", "", "0:no-position"],
        ["/?id=1&lat=&lon=&timestamp=3", "", "0:no-position"],
        ["/?id=1&lat=1&lon=2&valid=true", "", "1 +1+2 arrival"],
        ["/?id=1&lat=1&lon=2&valid=0", "", "0:no-fix"],
        ["/?id=1&lat=1&lon=2&valid=true&valid=false", "", "0:no-fix"],
        ["/?id=1&lat=0.0&lon=0&accuracy=0.0", "", "0:zero-position"],
        [
          "/?id=1&lat=0&lon=0&accuracy=5&timestamp=3",
          "",
          "1 +0+0 3 accuracy=5",
        ],
        ["/?id=1&lat=1&lon=181", "", "0:longitude-out-of-range"],
        ["/?id=1&lat=52,5&lon=13,4", "", "not-a-number"],
        ["/?id=1&lat=NaN&lon=1", "", "not-a-number"],
        ["/?id=1&lat=1&lon=2&timestamp=%25TIME", "", "not-a-time"],
        [
          "/?uniqueId=8612&deviceId=10&latitude=1&longitude=2&fixTime=3",
          "",
          "8612 +1+2 3",
        ],
        [
          "/?id=%C3%89l%FFodie&lat=1&lon=2&timestamp=3",
          "",
          "\xc3\x89l\xffodie +1+2 3",
        ],
        ["/?id=1&lat=1&lat=1&lon=2&timestamp=3", "", "1 +1+2 3"],
        [`/?id=${"x".repeat(maxIdBytes + 1)}&lat=1&lon=2`, "", "0:id-too-long"],
        [
          `/?id=1&lat=1.${"1".repeat(60)}&lon=2&timestamp=3`,
          "",
          "0:position-too-long",
        ],
        ["/?id=&lat=1&lon=2", "", "no-id"],
      ]
    ) assertEquals(read(target, body, form), `osmand; ${expected}`, target);
    assertEquals(
      read("/?lat=1&lon=2&timestamp=3", "", {}, { ownId: "tram" }),
      "osmand; tram +1+2 3",
    );
  },
});

Deno.test({
  name:
    "JSON of Traccar and its client is read, also in lists and without parts",
  permissions: "none",
  fn() {
    const location = '{"timestamp":"2026-11-30T12:00:00.860Z",' +
      '"coords":{"latitude":1,"longitude":2,"speed":-1,"heading":90},' +
      '"battery":{"level":0.295}}';
    const expected = "7 +1+2 1796040000.860 battery=29.5,course=90";
    assertEquals(
      read("/", `{"location":[${location},{}],"device_id":7}`),
      `traccar-client; ${expected}; 1:no-position`,
    );
    assertEquals(
      read("/", `{"location":{"coords":{},"coords":{}},"device_id":7}`),
      "traccar-client; repeated-key",
    );
    assertEquals(
      read("/", `{"location":${location},"device_id":" "}`),
      "traccar-client; no-id",
    );
    assertEquals(
      read("/", '{"device_id":"7"}'),
      "traccar-client; 0:no-position",
    );
    const forward = (members: string, device = '{"uniqueId":"8612"}') =>
      read(
        "/traccar",
        `{"position":{"latitude":1,"longitude":2,"speed":1${members}},"device":${device}}`,
      );
    assertEquals(
      forward(',"fixTime":1796040000000,"course":5,"accuracy":0'),
      "traccar-forward; 8612 +1+2 1796040000.000 course=5,speed=0.51444444",
    );
    assertEquals(forward(',"outdated":true'), "traccar-forward; 0:no-fix");
    assertEquals(forward(',"valid":false'), "traccar-forward; 0:no-fix");
    assertEquals(forward(',"deviceId":10', "{}"), "traccar-forward; no-id");
    assertEquals(
      read("/traccar", '{"event":{"type":"deviceOnline"},"device":{}}'),
      "traccar-forward; 0:no-position",
    );
  },
});

const feature = (coordinates: string, properties: string) =>
  `{"type":"Feature","geometry":{"type":"Point","coordinates":${coordinates}},` +
  `"properties":{${properties}}}`;

Deno.test({
  name:
    "one bad point of Overland costs that point, and one without ID the batch",
  permissions: "none",
  fn() {
    const time = '"timestamp":"2026-11-30T12:00:00Z","device_id":"jun"';
    const good = feature("[2,1]", time);
    const batch = (...features: string[]) =>
      read("/overland", `{"locations":[${features.join()}]}`);
    const expected = "jun +1+2 1796040000";
    assertEquals(
      batch(
        feature("[2,91]", time),
        feature('["x",1]', time),
        feature("[2]", time),
        feature("[2,1]", '"timestamp":"noon","device_id":"jun"'),
        good,
        "null",
        '{"type":"Feature","geometry":null,"properties":{}}',
      ),
      `overland; ${expected}; 0:latitude-out-of-range; 1:not-a-number; ` +
        "2:no-position; 3:not-a-time; 5:no-position; 6:no-position",
    );
    assertEquals(batch(feature('["x",1]', time)), "overland; 0:not-a-number");
    assertEquals(
      batch(good, feature("[2,1]", '"device_id":" "')),
      "overland; no-id",
    );
    assertEquals(
      batch(feature(
        "[2,1]",
        '"horizontal_accuracy":8,"battery_level":0.61,' +
          `"speed":-1,"course":270,"altitude":12,${time}`,
      )),
      `overland; ${expected} accuracy=8,altitude=12,battery=61,course=270`,
    );
    assertEquals(
      read("/overland", '{"locations":{}}'),
      "overland; unknown-format",
    );
    assertEquals(
      read("/overland", '{"locations":[],"locations":[]}'),
      "overland; repeated-key",
    );
    const many = Array<string>(maxPoints + 1).fill("{}").join();
    assertEquals(batch(many), "overland; too-many-points");
  },
});

Deno.test({
  name: "GeoJSON keeps the third coordinate as the altitude",
  permissions: "none",
  fn() {
    assertEquals(
      read("/", feature("[2,1,3.5]", '"id":"a/b","time":3,"altitude":9')),
      "geojson; a/b +1+2 3 altitude=3.5",
    );
    assertEquals(
      read("/", '{"type":"FeatureCollection","features":[]}'),
      "geojson; 0:empty",
    );
    assertEquals(
      read("/", '{"type":"FeatureCollection","features":[7]}'),
      "geojson; 0:no-position",
    );
    assertEquals(read("/", feature("[2,1]", "")), "geojson; no-id");
    assertEquals(
      read("/geojson", '{"type":"Point","coordinates":[2,1]}'),
      "geojson; 0:no-position",
    );
  },
});

Deno.test({
  name: "plain reports are one, a list or lines",
  permissions: "none",
  fn() {
    const cab = '{"id":"fam/cab 1","lat":"1.50","lon":2,"time":3,"speed":4}';
    const expected = "fam/cab%201 +1.50+2 3 speed=4";
    assertEquals(read("/report", cab), `report; ${expected}`);
    assertEquals(read("/", cab), `report; ${expected}`);
    assertEquals(
      read("/report", `[${cab},{"id":"x"},7,{"id":"x","lat":"a","lon":1}]`),
      `report; ${expected}; 1:no-position; 2:unknown-format; 3:not-a-number`,
    );
    assertEquals(read("/report", "[7]"), "report; unknown-format");
    assertEquals(read("/report", "[]"), "report; 0:empty");
    assertEquals(
      read("/report", `${cab}\n\nnot json\n${cab}\n`),
      `report; ${expected}; ${expected}; 1:not-json`,
    );
    assertEquals(read("/report", "{}\n{"), "report; not-json");
    assertEquals(
      read("/report", `${cab}\n`.repeat(2 * maxPoints + 1)),
      "report; too-many-points",
    );
    for (const odd of ["true", "[1]", "{}"]) {
      assertEquals(
        read("/report", `{"id":${odd},"lat":1,"lon":2}`),
        "report; no-id",
      );
    }
    assertEquals(
      read("/report", '{"id":1,"lat":{},"lon":2}'),
      "report; not-a-number",
    );
    assertEquals(
      read("/report", '{"id":1,"lat":1,"lon":2,"time":true}'),
      "report; not-a-time",
    );
  },
});

Deno.test({
  name: "a stream of lines ends at one that is too long",
  permissions: "none",
  fn() {
    const lines = new ReportLines(() => ({ now }));
    const cab = '{"id":"cab","lat":1,"lon":2,"time":3}\n';
    const long = cab + " ".repeat(maxJsonLineBytes + 1) + cab;
    const readings = [
      ...lines.push(encodeBytes(long)),
      ...lines.push(encodeBytes(cab)),
      ...lines.end(),
    ];
    assertEquals(readings.map(shown), [
      "report; cab +1+2 3",
      "report; line-too-long",
    ]);
    assertEquals(
      shown(joinReadings(readings)),
      "report; cab +1+2 3; 1:line-too-long",
    );
    assertEquals(shown(joinReadings([])), "report");
    assertEquals(
      shown(joinReadings(readings.slice(1))),
      "report; line-too-long",
    );
  },
});

Deno.test({
  name: "PhoneTrack's paths name the phone, unless the name was never set",
  permissions: "none",
  fn() {
    const query = "?id=7&lat=1&lon=2&timestamp=3&speed=10";
    const base = "/index.php/apps/phonetrack";
    const knots = "speed=5.14444444";
    for (
      const [path, expected] of [
        ["/logGet/t0ken/old%20phone", "old%20phone +1+2 3 speed=10"],
        ["/logPost/t0ken/lena/", "lena +1+2 3 speed=10"],
        ["/log/traccar/t0ken/a%2Fb", `a%2Fb +1+2 3 ${knots}`],
        ["/log/traccar/t0ken/yourname", `7 +1+2 3 ${knots}`],
        ["/log/gpslogger/t0ken", "7 +1+2 3 speed=10"],
      ]
    ) {
      assertEquals(read(base + path + query), `phonetrack; ${expected}`, path);
    }
    assertEquals(
      read(`${base}/log/owntracks/t0ken/lena`, ownTracks(""), names),
      "owntracks; lena +1.5+2.5 1",
    );
    assertEquals(
      read(
        `${base}/logPostMultiple/t0ken/lena`,
        '{"points":[[1,2,3,408,10,71,8,"x",1.2,45],[1],7,["a",2]]}',
      ),
      "phonetrack; lena +1+2 3 " +
        "accuracy=10,altitude=408,battery=71,course=45,speed=1.2; " +
        "1:no-position; 2:no-position; 3:not-a-number",
    );
    assertEquals(
      read(`${base}/logPost/t0ken/lena`, '{"lat":1,"lon":2,"timestamp":3}'),
      "phonetrack; lena +1+2 3",
    );
    assertEquals(
      read(`${base}/logPostMultiple/t0ken/lena`, '{"points":[]}'),
      "phonetrack; 0:empty",
    );
    assertEquals(
      read(`${base}/logGet/t0ken/lena`),
      "phonetrack; 0:no-position",
    );
  },
});

Deno.test({
  name: "the form of Home Assistant gets its answers",
  permissions: "none",
  fn() {
    const answer = (body: string) => {
      const request = requestOf("/api/webhook/s3cret", body);
      const { body: text, status } = answerTo(
        recognizeRequest(request)({ now }),
      );
      return `${status} ${text}`;
    };
    const device = "latitude=1&longitude=2&device=";
    assertEquals(answer(`${device}tab 2`), "200 Setting location for tab%202");
    assertEquals(
      answer("device=tablet"),
      `422 ${reasons["no-position"].sentence}\n`,
    );
    assertEquals(answer(device), `422 ${reasons["no-id"].sentence}\n`);
    assertEquals(
      answer("latitude=91&longitude=2&device=x"),
      "200 ",
    );
    assertEquals(
      answer('{"latitude":1,"longitude":2,"device":"x"}'),
      "200 Setting location for x",
    );
  },
});

Deno.test({
  name: "a request is recognised by its body where it can be, and by its path",
  permissions: "none",
  fn() {
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const json = { "content-type": "application/json; charset=utf-8" };
    assertEquals(
      read("/", ownTracks(""), { ...form, ...names }),
      "owntracks; mira/pixel +1.5+2.5 1",
    );
    assertEquals(read("/pub", "", names), "owntracks; 0:empty");
    assertEquals(read("/any", "", names), "owntracks; 0:empty");
    assertEquals(read("/pub/"), "owntracks; 0:empty");
    assertEquals(read("/pub?id=1&lat=1&lon=2&timestamp=3"), "osmand; 1 +1+2 3");
    assertEquals(read("/t/s3cret/pub", ""), "owntracks; 0:empty");
    assertEquals(read("/pub", "x", form), "owntracks; not-json");
    assertEquals(read("/pub", "5"), "owntracks; unknown-format");
    assertEquals(read("/pub", "{}"), "owntracks; 0:no-position");
    assertEquals(read("/overland", ""), "overland; not-json");
    assertEquals(read("/", "x", json), "unknown; not-json");
    assertEquals(read("/", "{}"), "unknown; unknown-format");
    assertEquals(read("/", "--boundary\r\n"), "unknown; unknown-format");
    assertEquals(read("/"), "unknown; unknown-format");
    assertEquals(
      read("/", '{"_type":"lwt","_type":"location"}'),
      "owntracks; repeated-key",
    );
    assertEquals(read("/", "[".repeat(1_000_000)), "unknown; json-too-deep");
    const leading = " ".repeat(maxLeadingBytes - 1);
    assertEquals(read("/", `${leading}{}`), "unknown; unknown-format");
    assertEquals(read("/pub", `${leading}  {}`), "owntracks; not-json");
    const options = { ...requestOf("/?id=1&lat=1&lon=2"), method: "OPTIONS" };
    assertEquals(
      shown(recognizeRequest(options)({ now })),
      "unknown; other-method",
    );
    const body = new Uint8Array(maxBodyBytes + 1);
    assertEquals(
      shown(recognizeRequest({ ...requestOf("/pub"), body })({ now })),
      "owntracks; body-too-long",
    );
    const keys = "a=1&".repeat(300);
    assertEquals(read(`/?${keys}`), "unknown; too-many-parameters");
    assertEquals(
      read(`/pub?${keys}`, ownTracks("")),
      "owntracks; too-many-parameters",
    );
  },
});

Deno.test({
  name: "an MQTT topic names the client",
  permissions: "none",
  fn() {
    const topic = (topic: string, payload: string) => {
      const reading = recognizeTopic(topic, payload)({ now });
      return shown(reading);
    };
    const report = '{"id":"other","lat":1,"lon":2,"time":3}';
    for (
      const [name, payload, expected] of [
        ["herd/report/fam/cab 1", report, "report; fam/cab%201 +1+2 3"],
        ["herd/report/cab", `[${report}]`, "report; cab +1+2 3"],
        ["herd/report/cab", "", "report; 0:empty"],
        ["herd/report/", report, "report; 0:other-topic"],
        [
          "/owntracks/mira/pixel",
          ownTracks(""),
          "owntracks; mira/pixel +1.5+2.5 1",
        ],
        [
          "owntracks/mira/status",
          ownTracks(""),
          "owntracks; mira/status +1.5+2.5 1",
        ],
        ["owntracks/mira/pixel", "x", "owntracks; not-json"],
        ["owntracks", ownTracks(""), "owntracks; 0:other-topic"],
        ["herd/at/cab", report, "unknown; 0:other-topic"],
      ]
    ) assertEquals(topic(name, payload), expected, name);
  },
});

Deno.test({
  name: "a WebSocket message is JSON or a line of the client port",
  permissions: "none",
  fn() {
    for (const text of ["{", " [1]", "\r\n\t{}"]) assert(isJsonFrame(text));
    for (const text of ["", "IAMAT", "1", '"x"', "x{"]) {
      assert(!isJsonFrame(text));
    }
    assertEquals(shown(recognizeFrame("{")({ now })), "report; not-json");
    const report = '{"id":"a","lat":1,"lon":2,"time":3}';
    assertEquals(shown(recognizeFrame(report)({ now })), "report; a +1+2 3");
  },
});

Deno.test({
  name: "every reason has one sentence, and a refusal says what is expected",
  permissions: "none",
  fn() {
    for (const [name, { effect, sentence }] of Object.entries(reasons)) {
      assert(/^[a-z0-9-]+$/.test(name), name);
      assert(/^[A-Z][\x20-\x7e]+\.$/.test(sentence), sentence);
      assertEquals(
        effect === "refused",
        sentence.includes(": expected "),
        name,
      );
    }
  },
});

Deno.test("GATEWAYS.md has every reason with its effect and its sentence", () => {
  const rows = readDocument("docs/GATEWAYS.md").split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .filter(([, , effect]) => /^(?:ignored|refused|noted)$/.test(effect));
  assertEquals(
    rows.map(([, name, effect, sentence]) => [name, effect, sentence]),
    Object.entries(reasons).map(([name, { effect, sentence }]) => [
      `\`${name}\``,
      effect,
      sentence,
    ]),
  );
});

Deno.test("GATEWAYS.md has the limits", () => {
  const page = readDocument("docs/GATEWAYS.md");
  const { format } = new Intl.NumberFormat("en");
  for (
    const [row, ...values] of [
      ["ID, position, time", maxIdBytes, maxPositionBytes, maxTimeBytes],
      ["body, after gzip", maxBodyBytes],
      ["points in a message", maxPoints],
      ["levels of JSON", maxJsonDepth],
      ["values in a JSON text", maxJsonValues],
      ["values of one point in a message over 16 KiB", maxValuesInStep],
      ["string, run of digits, white space in JSON", maxJsonTokenBytes],
      ["white space before JSON", maxLeadingBytes],
      ["members of an outer object in a message over 16 KiB", maxValuesInStep],
      ["keys of a query and a form", maxParameters],
      ["bytes of a query and a form", maxParameterBytes],
      ["line of a stream of JSON", maxJsonLineBytes],
      ["topic in a message of OwnTracks", maxTopicBytes],
      ["tracker ID", maxTrackerIdBytes],
      ["line of NMEA, applied by the port", maxNmeaLineBytes],
    ] as const
  ) {
    const cell = values.map(format).join(", ");
    const [, found] = page.match(`\\| ${row} +\\| ([0-9, ]+)`) ?? [];
    assertEquals(found?.trim(), cell, row);
  }
});
