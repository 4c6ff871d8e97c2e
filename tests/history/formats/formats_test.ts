import { positionFormats } from "../../../history/formats/formats.ts";
import { TrackPlot } from "../../../history/formats/track_plot.ts";
import { readPastPosition } from "../../../history/past_position.ts";
import { bytesOfText, textOfBytes } from "../../../protocol/bytes.ts";
import { assert, assertEquals, assertStringIncludes } from "../../assert.ts";

/** What a format prints of some records about one client. */
function print(
  name: string,
  client: string,
  records: readonly string[],
): string {
  const format = positionFormats[name]({
    client,
    formatDateTime: (seconds) =>
      new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " "),
    zoneName: "UTC",
  });
  return format.start +
    records.map((record, index) =>
      format.position(readPastPosition(record), index === 0)
    ).join("") + format.end;
}

const records = [
  "AT Hill +0.263873386 kiwi +34.068930-118.445127 1520023934.918963997",
  "AT Smith -2.000000000 kiwi -00.50+180.000 1520023999.5 altitude=71.5,tid=m%2Cx",
];

Deno.test({
  name: "formats keep the digits of reports",
  permissions: "none",
  fn() {
    assertEquals(
      print("table", "kiwi", records),
      "time (UTC)               latitude      longitude      server\n" +
        "2018-03-02 20:52:14.918  +34.068930    -118.445127    Hill\n" +
        "2018-03-02 20:53:17.500  -00.50        +180.000       Smith         altitude 71.5, tid m,x\n",
    );
    assertEquals(
      print("at", "kiwi", records),
      `${records[0]}\n${
        records[1].slice(0, records[1].indexOf(" altitude"))
      }\n`,
    );
    assertEquals(
      print("csv", "kiwi", records),
      "client,time,latitude,longitude,client_time,server,difference,attributes\n" +
        "kiwi,2018-03-02T20:52:14.918963997Z,34.068930,-118.445127,1520023934.918963997,Hill,0.263873386,\n" +
        'kiwi,2018-03-02T20:53:17.5Z,-0.50,180.000,1520023999.5,Smith,-2.000000000,"altitude=71.5,tid=m%2Cx"\n',
    );
    assertEquals(
      print("json", "kiwi", records),
      '{"client":"kiwi","records":[\n' +
        '{"at":"AT Hill +0.263873386 kiwi +34.068930-118.445127 1520023934.918963997","latitude":34.068930,"longitude":-118.445127,"effective":1520023934.918963997},\n' +
        '{"at":"AT Smith -2.000000000 kiwi -00.50+180.000 1520023999.5","latitude":-0.50,"longitude":180.000,"effective":1520023997.500000000,"attributes":"altitude=71.5,tid=m%2Cx"}\n' +
        "]}\n",
    );
    assertEquals(
      print("geojson", "kiwi", records),
      '{"type":"FeatureCollection","features":[\n' +
        '{"type":"Feature","geometry":{"type":"Point","coordinates":[-118.445127,34.068930]},"properties":{"client":"kiwi","time":"2018-03-02T20:52:14.918963997Z","clientTime":1520023934.918963997,"server":"Hill"}},\n' +
        '{"type":"Feature","geometry":{"type":"Point","coordinates":[180.000,-0.50,71.5]},"properties":{"client":"kiwi","time":"2018-03-02T20:53:17.5Z","clientTime":1520023999.5,"server":"Smith","altitude":71.5,"tid":"m,x"}}\n' +
        "]}\n",
    );
    assertEquals(
      print("gpx", "kiwi", records),
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        '<gpx version="1.1" creator="herd" xmlns="http://www.topografix.com/GPX/1/1">\n' +
        "<trk><name>kiwi</name><trkseg>\n" +
        '<trkpt lat="34.068930" lon="-118.445127"><time>2018-03-02T20:52:14.918963997Z</time></trkpt>\n' +
        '<trkpt lat="-0.50" lon="-180"><ele>71.5</ele><time>2018-03-02T20:53:17.5Z</time></trkpt>\n' +
        "</trkseg></trk>\n</gpx>\n",
    );
  },
});

Deno.test({
  name: "formats escape every ID so that nothing of it is markup or a formula",
  permissions: "none",
  fn() {
    const odd = [
      "<&>\"'",
      '=HYPERLINK("x")',
      "@a,b",
      "-1+1",
      "\x00\x1b\x7f\xff",
      bytesOfText("\ufffe\uffff\u202e\u2028é"),
      "\\x41",
    ];
    for (const id of odd) {
      const record = `AT Hill +0.000000000 ${id} +1-2 5`;
      for (const name of ["json", "geojson"]) {
        // Fails on invalid UTF-8 and on an unescaped character.
        JSON.parse(strict(print(name, id, [record])));
      }
      const gpx = strict(print("gpx", id, [record]));
      const [, inner] = gpx.match(/<name>(.*)<\/name>/s)!;
      // Characters of XML 1.0, without markup but for character references.
      assert(
        /^(?:&#\d+;|[ -%'-;=?-~\xa0-\ud7ff\ue000-\ufffd]|[^\0-\uffff])*$/u
          .test(inner),
        inner,
      );
      const [, row] = print("csv", id, [record]).split("\n");
      assert(!/^"?[=+\-@]/.test(row), row);
      assertEquals(print("csv", id, [record]).split("\n").length, 3);
      assertEquals(
        print("at", id, [record]),
        `${record}\n`,
        "AT lines have the bytes of the ID",
      );
      const svg = plotOf(id, [record]);
      assert(!svg.includes("<&>"), svg);
      // deno-lint-ignore no-control-regex
      assert(!/[\0-\x08\x0e-\x1f\x7f\ufffe\uffff]/.test(svg), svg);
    }
    assertStringIncludes(
      print("csv", '=a"b', ['AT Hill +0.000000000 =a"b +1-2 5']),
      '"\'=a""b",1970-01-01T00:00:05Z,',
    );
    assertStringIncludes(
      print("gpx", bytesOfText("\uffff"), []),
      "<name>\\xef\\xbf\\xbf</name>",
    );
  },
});

/** A text that must be UTF-8. */
function strict(bytes: string): string {
  const text = textOfBytes(bytes);
  assertEquals(bytesOfText(text), bytes);
  return text;
}

function plotOf(client: string, records: readonly string[]): string {
  const plot = new TrackPlot(client);
  for (const record of records) plot.add(readPastPosition(record));
  return plot.draw().svg;
}

/** The points of the track in a plot. */
function pointsOf(svg: string): number[][] {
  const [, points] = svg.match(/points="([^"]*)"/)!;
  return points.trim().split(/\s+/).map((pair) => pair.split(",").map(Number));
}

Deno.test({
  name: "TrackPlot draws a track to scale, also over the date line",
  permissions: "none",
  fn() {
    const at = (position: string, time: number) =>
      `AT Hill +0.000000000 kiwi ${position} ${time}`;
    const svg = plotOf("kiwi", [
      at("+0.0+179.0", 5),
      at("+0.0-179.0", 6),
      at("+1.0-179.0", 7),
    ]);
    assertStringIncludes(svg, "Positions of kiwi");
    assertStringIncludes(svg, "1970-01-01T00:00:05Z to 1970-01-01T00:00:07Z");
    assertStringIncludes(svg, "3 positions");
    const [one, two, three] = pointsOf(svg);
    // Two degrees to the east, then one to the north.
    assert(two[0] > one[0] && two[1] === one[1], svg);
    assert(three[0] === two[0] && three[1] < two[1], svg);
    const ratio = (two[0] - one[0]) / (two[1] - three[1]);
    assert(Math.abs(ratio - 2) < 0.01, `${ratio}`);
  },
});

Deno.test({
  name: "TrackPlot draws one position, none, and very many",
  permissions: "none",
  fn() {
    assertEquals(pointsOf(plotOf("kiwi", [records[0]])).length, 1);
    assertStringIncludes(plotOf("kiwi", []), "No position is recorded.");
    const plot = new TrackPlot("kiwi");
    const position = readPastPosition(records[0]);
    for (let index = 0; index < 100_000; index++) {
      plot.add({ ...position, latitude: `+${index / 10_000}` });
    }
    const { svg } = plot.draw();
    const points = pointsOf(svg);
    assert(points.length > 1_000 && points.length < 5_000, `${points.length}`);
    // Those of the beginning are as far apart as those of the end.
    const half = points[Math.floor(points.length / 2)][1];
    const middle = (points[0][1] + points.at(-1)![1]) / 2;
    assert(Math.abs(half - middle) < 2, `${half} and not ${middle}`);
    assertStringIncludes(svg, "100000 positions");
  },
});
