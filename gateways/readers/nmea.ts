/**
 * Sentences of NMEA 0183: RMC has position, date, speed and course, GGA the
 * altitude. `$PGID,ID*hh`, which old versions of Traccar Client send first,
 * names the device.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { Timestamp } from "../../protocol/time.ts";
import { AttributeReader, knots } from "./fields.ts";
import { encodeName } from "./ids.ts";
import { degreesOfMinutes, trimSpace } from "./numbers.ts";
import { type RawPoint, type Reading, ReadingBuilder } from "./reading.ts";
import type { Reason } from "./reasons.ts";
import { secondsOfDate } from "./times.ts";

const star = 0x2a;

/**
 * The fields of a sentence, its address first; undefined if the checksum after
 * the star is missing or wrong.
 */
function fieldsOfSentence(sentence: ByteString): ByteString[] | undefined {
  const starAt = sentence.length - 3;
  if (sentence.charCodeAt(starAt) !== star) return undefined;
  const digits = sentence.slice(starAt + 1);
  let sum = 0;
  for (let index = 1; index < starAt; index++) {
    sum ^= sentence.charCodeAt(index);
  }
  const expected = sum.toString(16).padStart(2, "0");
  if (digits.toLowerCase() !== expected) return undefined;
  return sentence.slice(1, starAt).split(",");
}

/** Hours, minutes, seconds and a fraction with its dot. */
const timeForm = /^(\d\d)(\d\d)(\d\d)(\.\d{1,9})?$/;

/** Day, month and year of the century. */
const dateForm = /^(\d\d)(\d\d)(\d\d)$/;

/** Years before this one are of the next century: GPS began in 1980. */
const firstYear = 80;

/** POSIX seconds, with the fraction as sent; undefined if it is no time. */
function secondsOf(time: ByteString, date: ByteString): ByteString | undefined {
  const clock = timeForm.exec(time);
  const calendar = dateForm.exec(date);
  if (clock === null || calendar === null) return undefined;
  const [day, month, year] = calendar.slice(1).map(Number);
  const [hour, minute, second] = clock.slice(1, 4).map(Number);
  const fullYear = year + (year < firstYear ? 2000 : 1900);
  const seconds = secondsOfDate(fullYear, month, day, hour, minute, second);
  return seconds === undefined ? undefined : `${seconds}${clock[4] ?? ""}`;
}

/** An angle with its hemisphere, as signed degrees; undefined if it is none. */
function angleOf(
  text: ByteString,
  hemisphere: ByteString,
  positive: string,
  negative: string,
): ByteString | undefined {
  if (hemisphere !== positive && hemisphere !== negative) return undefined;
  const angle = degreesOfMinutes(text, hemisphere === negative);
  if (angle === undefined) return undefined;
  return (angle.isNegative ? "-" : "") + angle.digits;
}

/** The last GGA sentence with a fix. */
interface Gga {
  readonly time: ByteString;
  readonly altitude: ByteString | undefined;
}

/** Reads the sentences of one connection or one sender, line by line. */
export class NmeaReader {
  readonly #ownId: ByteString | undefined;
  #id: ByteString | undefined;
  /** The last GGA, until an RMC comes. */
  #gga: Gga | undefined;

  /** @param ownId The ID of a device that does not say its own. */
  constructor(ownId?: ByteString) {
    this.#ownId = ownId;
  }

  /**
   * Reads a line without its LF. A GGA sentence alone gives no sighting, as it
   * has no date. It is ignored when a second one comes without an RMC.
   */
  readLine(line: ByteString, now: Timestamp): Reading {
    const context = this.#ownId === undefined
      ? { now }
      : { now, ownId: this.#ownId };
    const builder = new ReadingBuilder("nmea", "nothing", context);
    const sentence = trimSpace(line);
    if (sentence !== "") {
      const point = this.#read(sentence);
      if (point !== undefined) builder.add(point);
    }
    return builder.finish();
  }

  #read(sentence: ByteString): RawPoint | Reason | undefined {
    if (!sentence.startsWith("$")) return "other-sentence";
    const fields = fieldsOfSentence(sentence);
    if (fields === undefined) return "wrong-checksum";
    const [address] = fields;
    if (address === "PGID") return this.#readId(fields);
    // Two letters for the satellites, such as GP or GN, then the sentence.
    if (/^[A-Z]{2}RMC$/.test(address)) return this.#readRmc(fields);
    if (/^[A-Z]{2}GGA$/.test(address)) return this.#readGga(fields);
    return "other-sentence";
  }

  #readId(fields: readonly ByteString[]): Reason | undefined {
    const name = fields[1] ?? "";
    if (name === "") return "broken-sentence";
    this.#id = encodeName(name);
    return undefined;
  }

  #readRmc(fields: readonly ByteString[]): RawPoint | Reason {
    const gga = this.#gga;
    this.#gga = undefined;
    if (fields.length < 10) return "broken-sentence";
    const [, time, status, lat, northSouth, lon, eastWest] = fields;
    const [speed, course, date, , , mode] = fields.slice(7);
    if (status === "V" || mode === "N") return "no-fix";
    const latitude = angleOf(lat, northSouth, "N", "S");
    const longitude = angleOf(lon, eastWest, "E", "W");
    if (status !== "A" || latitude === undefined || longitude === undefined) {
      return "broken-sentence";
    }
    const seconds = date === "" ? undefined : secondsOf(time, date);
    if (date !== "" && seconds === undefined) return "broken-sentence";
    const attributes = new AttributeReader("nmea");
    if (gga?.time === time) attributes.number("altitude", gga.altitude);
    attributes.number("course", course);
    attributes.number("speed", speed, knots);
    return {
      id: this.#id,
      latitude,
      longitude,
      time: seconds,
      attributes,
      // Positions of a simulator.
      isMock: mode === "S",
    };
  }

  #readGga(fields: readonly ByteString[]): Reason | undefined {
    if (fields.length < 11) return "broken-sentence";
    const time = fields[1];
    const [quality, , , altitude, unit] = fields.slice(6);
    if (quality === "0") return "no-fix";
    const isSecond = this.#gga !== undefined;
    this.#gga = { time, altitude: unit === "M" ? altitude : undefined };
    return isSecond ? "no-date" : undefined;
  }
}
