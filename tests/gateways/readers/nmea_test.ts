import { NmeaReader } from "../../../gateways/readers/nmea.ts";
import { assertEquals } from "../../assert.ts";

const now = { seconds: 1_796_040_000, nanoseconds: 0 };

/** A sentence with its checksum. */
function sentence(text: string): string {
  const sum = [...text].reduce((sum, byte) => sum ^ byte.charCodeAt(0), 0);
  return `$${text}*${sum.toString(16).toUpperCase().padStart(2, "0")}\r`;
}

/** What a reader makes of lines. */
function read(lines: readonly string[], ownId?: string): string[] {
  const reader = new NmeaReader(ownId);
  return lines.flatMap((line) => {
    const { ignored, refusal, sightings } = reader.readLine(line, now);
    return [
      ...sightings.map((sighting) =>
        `${sighting.client} ${sighting.latitude}${sighting.longitude} ` +
        `${sighting.time} ${sighting.attributes}` +
        (sighting.isMock ? " mock" : "")
      ),
      ...ignored.map(({ reason }) => reason),
      ...refusal === undefined ? [] : [refusal],
    ];
  });
}

const rmc = (
  {
    course = "",
    date = "301126",
    mode = "A",
    position = "0130.0,N,00230.0,E",
    speed = "",
    status = "A",
    time = "120000",
  } = {},
) =>
  sentence(
    `GPRMC,${time},${status},${position},${speed},${course},${date},,,${mode}`,
  );
const gga = (time: string, quality = "1", altitude = "12.30,M") =>
  sentence(
    `GNGGA,${time},0130.0,N,00230.0,E,${quality},09,0.9,${altitude},36.7,M,,`,
  );

Deno.test({
  name:
    "RMC gives position, time, speed and course; GGA of that time the altitude",
  permissions: "none",
  fn() {
    assertEquals(
      read([
        gga("120000.50"),
        rmc({ time: "120000.50", speed: "10.0", course: "84.4" }),
      ], "van"),
      ["van +1.5+2.5 1796040000.50 altitude=12.3,course=84.4,source=nmea,speed=5.14444444"],
    );
    assertEquals(read([gga("115959"), rmc()], "van"), [
      "van +1.5+2.5 1796040000 source=nmea",
    ]);
    assertEquals(read([gga("120000", "1", "12.3,F"), rmc()], "van"), [
      "van +1.5+2.5 1796040000 source=nmea",
    ]);
    assertEquals(
      read([rmc({ position: "0130.0,S,18000.0,W", mode: "S" })], "van"),
      ["van -1.5-180 1796040000 source=nmea mock"],
    );
    assertEquals(read([rmc({ date: "" })], "van"), [
      "van +1.5+2.5 arrival source=nmea",
    ]);
    assertEquals(
      read([rmc({ date: "010180" })], "van")[0].split(" ")[2],
      "315576000",
    );
  },
});

Deno.test({
  name: "PGID names the device from then on",
  permissions: "none",
  fn() {
    const position = rmc();
    assertEquals(
      read([
        position,
        sentence("PGID,a/b"),
        position,
        sentence("PGID,c"),
        position,
      ], "own")
        .map((line) => line.split(" ")[0]),
      ["own", "a%2Fb", "c"],
    );
    assertEquals(read([position]), ["no-id"]);
    assertEquals(read([sentence("PGID"), sentence("PGID,")]), [
      "broken-sentence",
      "broken-sentence",
    ]);
  },
});

Deno.test({
  name: "sentences without a fix, a checksum or a date are ignored",
  permissions: "none",
  fn() {
    const good = rmc();
    const cases: readonly (readonly [string, ...string[]])[] = [
      [rmc({ status: "V", position: ",,," }), "no-fix"],
      [rmc({ mode: "N" }), "no-fix"],
      [gga("120000", "0"), "no-fix"],
      [good.replace("*", "*0"), "wrong-checksum"],
      [good.replace(/\*.*/, ""), "wrong-checksum"],
      [good.replace("0130", "0131"), "wrong-checksum"],
      ["$", "wrong-checksum"],
      ["$*", "wrong-checksum"],
      [sentence("GPGSV,3,1,12"), "other-sentence"],
      [sentence(""), "other-sentence"],
      [sentence("GPRMCX,1"), "other-sentence"],
      ["!AIVDM,1,1,,A,x,0*00", "other-sentence"],
      ["hello", "other-sentence"],
      [sentence("GPRMC,120000,A"), "broken-sentence"],
      [rmc({ status: "X" }), "broken-sentence"],
      [rmc({ position: "0160.0,N,00230.0,E" }), "broken-sentence"],
      [rmc({ position: "0130.0,E,00230.0,E" }), "broken-sentence"],
      [rmc({ date: "310226" }), "broken-sentence"],
      [rmc({ time: "12:00" }), "broken-sentence"],
      [rmc({ time: "250000" }), "broken-sentence"],
      [sentence("GPGGA,120000"), "broken-sentence"],
      [rmc({ position: "9100.0,N,00230.0,E" }), "latitude-out-of-range"],
      [rmc({ position: "0000.0,N,00000.0,E" }), "zero-position"],
      [gga("120000")],
      ["\r"],
      [""],
    ];
    for (const [line, ...reasons] of cases) {
      assertEquals(read([line], "van"), reasons, line);
    }
    // A device that never says the date.
    assertEquals(
      read([gga("120000"), gga("120001"), gga("120002"), good], "van"),
      [
        "no-date",
        "no-date",
        "van +1.5+2.5 1796040000 source=nmea",
      ],
    );
    assertEquals(
      read([good.replace(/\*(.*)/, (sum) => sum.toLowerCase())], "v").length,
      1,
    );
  },
});
