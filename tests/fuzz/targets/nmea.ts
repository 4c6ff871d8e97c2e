/**
 * The reader of NMEA 0183, `gateways/readers/nmea.ts`.
 *
 * For every stream of lines:
 *
 * - each reading is valid (`readings.ts`);
 * - a sighting comes from an RMC sentence with a right checksum and the status
 *   A, and its degrees are those of the minutes, to eight decimals;
 * - its client is the last one that PGID named, or the connection.
 *
 * @module
 */
import { NmeaReader } from "../../../gateways/readers/nmea.ts";
import type { ByteString } from "../../../protocol/bytes.ts";
import { demand, demandSame, type Target } from "../target.ts";
import { checkReading, now } from "./readings.ts";

/** Whether the two digits after the star are the XOR of what is before. */
function hasChecksum(sentence: ByteString): boolean {
  const found = /^\$([^]*)\*([0-9a-fA-F]{2})$/.exec(sentence);
  if (found === null) return false;
  const sum = Array.from(found[1])
    .reduce((sum, byte) => sum ^ byte.charCodeAt(0), 0);
  return sum === parseInt(found[2], 16);
}

/** Degrees of `ddmm.mmmm` in floating point. */
function degreesOf(text: string): number {
  const dotAt = text.includes(".") ? text.indexOf(".") : text.length;
  return Number(text.slice(0, dotAt - 2)) + Number(text.slice(dotAt - 2)) / 60;
}

const trimmed = (text: ByteString) =>
  text.replace(/^[\t-\r ]+/, "").replace(/[\t-\r ]+$/, "");

/** Adds the checksum to a sentence that ends in `*!`. */
function withChecksum(line: ByteString): ByteString {
  const found = /^\$([^]*)\*!$/.exec(line);
  if (found === null) return line;
  const sum = Array.from(found[1])
    .reduce((sum, byte) => sum ^ byte.charCodeAt(0), 0);
  return `$${found[1]}*${sum.toString(16).padStart(2, "0")}`;
}

/**
 * In inputs `*!` stands for the right checksum, as no mutation would hit it.
 *
 * @param create Creates the reader under test.
 */
export function nmeaTarget(
  create: (ownId: ByteString) => Pick<NmeaReader, "readLine"> = (ownId) =>
    new NmeaReader(ownId),
): Target {
  return {
    name: "nmea",
    tokens: [
      "$GPRMC,120000.00,A,3540.87417,N,13946.02749,E,000.4,084.4,301126,,,A*!\n",
      "$GNGGA,120000.00,3540.87417,N,13946.02749,E,1,09,0.9,12.3,M,36.7,M,,*!\n",
      "$PGID,480117*!\n",
      "*!",
      "*00",
      ",A,",
      ",V,",
      ",S,",
      ",W,",
      ",,",
      "0000.0",
      "5959.99999999",
      "9000.0",
      "18000.00000001",
      "301126",
      "290224",
      "\r\n",
    ],
    check(stream) {
      const reader = create("own");
      const signatures = new Set<string>();
      let client = "own";
      for (const part of stream.split("\n")) {
        const line = withChecksum(trimmed(part));
        const reading = reader.readLine(line, now);
        signatures.add(checkReading(reading));
        const fields = line.slice(1, -3).split(",");
        const isRight = hasChecksum(line);
        if (isRight && fields[0] === "PGID" && fields[1]) client = fields[1];
        for (const sighting of reading.sightings) {
          demand("a right checksum", isRight);
          demand("an RMC sentence", /^[A-Z]{2}RMC$/.test(fields[0]));
          demandSame("the status", fields[2], "A");
          checkAngle(sighting.latitude, fields[3], fields[4] === "S");
          checkAngle(sighting.longitude, fields[5], fields[6] === "W");
          demandSame("the client", decoded(sighting.client), client);
        }
      }
      return [...signatures].slice(0, 3).join();
    },
  };
}

function checkAngle(
  degrees: ByteString,
  minutes: ByteString,
  isNegative: boolean,
): void {
  demandSame("the sign", degrees.startsWith("-"), isNegative);
  const difference = Math.abs(Number(degrees.slice(1)) - degreesOf(minutes));
  demand("the degrees", difference < 5.1e-9);
}

const decoded = (client: ByteString) =>
  client.replace(
    /%(..)/g,
    (_, digits) => String.fromCharCode(parseInt(digits, 16)),
  );
