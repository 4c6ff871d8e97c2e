import { positionFormats } from "../../../history/formats/formats.ts";
import { fileKinds } from "../../../history/import/row_readers.ts";
import type {
  ImportContext,
  ImportRow,
} from "../../../history/import/import_row.ts";
import {
  maxFeatureLength,
  maxRowLength,
} from "../../../history/import/limits.ts";
import { readPastPosition } from "../../../history/past_position.ts";
import { textOfBytes } from "../../../protocol/bytes.ts";
import { assert, assertEquals } from "../../assert.ts";

const context: ImportContext = { client: undefined, server: "Smith" };

/** The rows of a file, given in pieces of some characters. */
function read(
  kind: string,
  text: string,
  given: Partial<ImportContext> = {},
  pieceLength = 7,
): ImportRow[] {
  const reader = fileKinds[kind].create({ ...context, ...given });
  const rows: ImportRow[] = [];
  for (let start = 0; start < text.length; start += pieceLength) {
    rows.push(...reader.push(text.slice(start, start + pieceLength)));
  }
  return [...rows, ...reader.end()];
}

/** The records, or `LINE: FAULT`. */
const short = (rows: readonly ImportRow[]) =>
  rows.map(({ fault, line, record }) => record ?? `${line}: ${fault}`);

/** What a format prints. */
function print(name: string, records: readonly string[]): string {
  const format = positionFormats[name]({
    client: "kiwi",
    formatDateTime: String,
    zoneName: "UTC",
  });
  const text = format.start +
    records.map((record, index) =>
      format.position(readPastPosition(record), index === 0)
    ).join("") + format.end;
  return fileKinds[name].isBytes ? text : textOfBytes(text);
}

const records = [
  "AT Hill +0.263873386 kiwi +34.068930-118.445127 1520023934.918963997",
  "AT Smith -2.000000000 kiwi -0.50+18.0 1520023999.5 accuracy=4,altitude=71.5",
];

Deno.test({
  name: "readers read what herd where has printed, in pieces of any length",
  permissions: "none",
  fn() {
    for (const length of [1, 2, 7, 100_000]) {
      const csv = read("csv", print("csv", records), {}, length);
      assertEquals(short(csv), records, `${length}`);
      assertEquals(csv.map(({ line }) => line), [2, 3]);
      const lines = records.map((record) => record.replace(/ accuracy.*/, ""));
      assertEquals(short(read("at", print("at", records), {}, length)), lines);
      // These have the time that counts, and no clock difference.
      const counted = [
        "AT Smith +0.000000000 kiwi +34.068930-118.445127 1520023934.918963997",
        "AT Smith +0.000000000 kiwi -0.50+18.0 1520023997.5 altitude=71.5",
      ];
      assertEquals(
        short(read("gpx", print("gpx", records), {}, length)),
        counted,
      );
      const points = read("geojson", print("geojson", records), {}, length);
      assertEquals(short(points), [
        counted[0],
        counted[1].replace("1520023997.5", "1520023999.5"),
      ]);
      assertEquals(points.map(({ line }) => line), [2, 3]);
    }
  },
});

Deno.test({
  name: "each bad row is named with its line, and the others are read",
  permissions: "none",
  fn() {
    const csv = "Time,Lat,Lon,Device\r\n" +
      "2026-12-01T14:00:00Z,1,2,a\r\n" +
      "\r\n" +
      '"2026-12-01T14:00:00Z",1.5,-2,"two\nlines"\r\n' +
      "yesterday,1,2,a\r\n" +
      "1520023934918,1,2,a\r\n" +
      "5,91,2,a\r\n" +
      "5,1e1,2,a\r\n" +
      "5,1,2\r\n" +
      "5,1,2,\r\n" +
      "5,+1,2,'=a";
    assertEquals(short(read("csv", csv)), [
      "AT Smith +0.000000000 a +1+2 1796133600",
      "4: expected an AT line, or fields that make one",
      "6: expected a time such as 2026-12-01T14:00:00Z, or POSIX seconds, found yesterday",
      "7: 1520023934918 can only be milliseconds: expected seconds, 1520023934.918",
      "8: expected a latitude from -90 to 90 and a longitude from -180 to 180, found 91 and 2",
      "9: expected a latitude from -90 to 90 and a longitude from -180 to 180, found 1e1 and 2",
      "10: it names no client: add --client ID",
      "11: it names no client: add --client ID",
      "AT Smith +0.000000000 =a +1+2 5",
    ]);
    assertEquals(
      short(read("csv", "5,1,2\n6,1,2\n")),
      [
        "1: expected a first row with the columns time, latitude and longitude, found 5,1,2",
      ],
    );
    assertEquals(
      short(
        read("at", "AT Hill +0.000000000 a +1+2 5 accuracy=4\r\n\nIAMAT\n"),
      ),
      [
        "AT Hill +0.000000000 a +1+2 5 accuracy=4",
        "3: expected an AT line, or fields that make one",
      ],
    );
    const geoJson = JSON.stringify({
      name: 'a {[ " name',
      type: "FeatureCollection",
      features: [
        { type: "Feature", geometry: { type: "LineString" } },
        { type: "Feature", geometry: null, properties: null },
        {
          geometry: { coordinates: [2.5, -1, 30], type: "Point" },
          properties: { time: "5.25", id: "a", o: [{ "}": "]" }] },
        },
      ],
    });
    assertEquals(short(read("geojson", geoJson)), [
      "1: expected a geometry Point, found LineString",
      "1: expected a geometry Point, found none",
      "AT Smith +0.000000000 a -1+2.5 5.25 altitude=30",
    ]);
    const big = '{"features":[{"geometry":{"type":"Point","coordinates":' +
      '[1.00000000000000001,2.10]},"properties":{"time":1520023934.918963997}}]}';
    assertEquals(short(read("geojson", big, { client: "kiwi" })), [
      "AT Smith +0.000000000 kiwi +2.10+1.00000000000000001 1520023934.918963997",
    ]);
  },
});

Deno.test({
  name: "GPX is read with prefixes, comments, CDATA, and references",
  permissions: "none",
  fn() {
    const gpx = `<?xml version="1.0"?>
<!-- <trkpt lat="9" lon="9"> -->
<g:gpx xmlns:g="x">
<g:wpt lon='2' lat='1'><g:name>no ID of a track</g:name><g:time>1970-01-01T00:00:05Z</g:time></g:wpt>
<g:trk><g:name><![CDATA[a<b]]>&amp;&#99;&#x64;</g:name><g:trkseg>
<g:trkpt lat="1" lon="2"><g:ele>7.50</g:ele><g:extensions><g:time>never</g:time></g:extensions><g:time> 1970-01-01T00:00:05Z </g:time></g:trkpt>
<g:trkpt lat="1" lon="2"/>
</g:trkseg></g:trk></g:gpx>
`;
    assertEquals(short(read("gpx", gpx)), [
      "4: it names no client: add --client ID",
      "AT Smith +0.000000000 a<b&cd +1+2 5 altitude=7.5",
      "7: expected a time such as 2026-12-01T14:00:00Z, or POSIX seconds, found none",
    ]);
    assertEquals(short(read("gpx", gpx, { client: "kiwi" })).slice(0, 2), [
      "AT Smith +0.000000000 kiwi +1+2 5",
      "AT Smith +0.000000000 kiwi +1+2 5 altitude=7.5",
    ]);
  },
});

Deno.test({
  name: "a broken or too long file gives one fault, and takes little memory",
  permissions: "none",
  fn() {
    const long = "x".repeat(maxRowLength + 10);
    const cases: [kind: string, text: string, fault: string][] = [
      ["gpx", "", "1: expected GPX"],
      ["gpx", "<html></html>", "1: expected one element gpx, found html"],
      ["gpx", "<gpx><trk></gpx>", "1: </gpx> ends no element that is open"],
      ["gpx", "<gpx>\n<trk>", "2: the file ends too early"],
      [
        "gpx",
        '<!DOCTYPE gpx [<!ENTITY a "b">]><gpx></gpx>',
        "1: expected no document type declaration",
      ],
      [
        "gpx",
        `<gpx><trk><name>&nbsp;</name></trk></gpx>`,
        "1: &nbsp; is not a character",
      ],
      ["gpx", `<gpx a="${long}"/>`, "1: a tag or a text is too long"],
      ["gpx", "<a>".repeat(2), "1: expected one element gpx, found a"],
      ["geojson", "[]", "1: expected a FeatureCollection with features"],
      ["geojson", '{"features":[{"a":', "1: the file ends too early"],
      [
        "geojson",
        `{"features":[{"a":"${"x".repeat(maxFeatureLength)}"}]}`,
        "1: the feature is too long",
      ],
      ["geojson", '{"features":[{a}]}', "1: the feature is not JSON"],
      ["at", `${long}\n`, "1: the line is too long"],
      ["csv", 'time,lat,lon\n"1', "2: a quote has no end"],
      ["csv", `time,lat,lon\n${long}\n`, "2: the row is too long"],
    ];
    for (const [kind, text, fault] of cases) {
      assertEquals(short(read(kind, text, {}, 4_096)), [fault], kind);
    }
    const deep = short(read("gpx", `<gpx>${"<a>".repeat(1_000)}`));
    assertEquals(deep, ["1: elements are nested too deeply"]);
    assert(short(read("geojson", "[".repeat(100_000), {}, 4_096)).length === 1);
  },
});
