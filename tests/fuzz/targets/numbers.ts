/**
 * Numbers as digits: `protocol/decimal.ts`, `protocol/position.ts` and
 * `protocol/time.ts`.
 *
 * The input is split at its spaces into up to three texts. For each of them:
 *
 * - it is a valid number, whole number, radius, bound, time or position exactly
 *   if it is by the reference;
 * - a comparison of a number with each limit gives the result of the reference;
 * - a position is split at the same index as by the reference;
 * - kilometres in metres are a thousand times the number, without unnecessary
 *   zeros.
 *
 * For two times:
 *
 * - they have the order of the reference, and the opposite order when
 *   exchanged;
 * - the clock difference between one as the server's time and the other as the
 *   client's time has the digits of the reference.
 *
 * @module
 */
import { encodeBytes } from "../../../protocol/bytes.ts";
import { isBound, isRadius } from "../../../protocol/command.ts";
import {
  isAtMost,
  isDecimal,
  isWholeNumber,
  kilometresToMetres,
} from "../../../protocol/decimal.ts";
import { isPosition, parsePosition } from "../../../protocol/position.ts";
import {
  clockDifference,
  compareTimes,
  isTime,
} from "../../../protocol/time.ts";
import * as reference from "../reference/numbers.ts";
import { demand, demandSame, magnitude, type Target } from "../target.ts";
import { numberTokens } from "./tokens.ts";

const real = { clockDifference, compareTimes, isAtMost, kilometresToMetres };

/** The limits that numbers are compared with. */
const limits = [0, 20, 50, 90, 180];

/** @param code The functions under test. */
export function numbersTarget(code: Partial<typeof real> = {}): Target {
  const { clockDifference, compareTimes, isAtMost, kilometresToMetres } = {
    ...real,
    ...code,
  };

  function checkOne(text: string): string {
    const isNumber = isDecimal(text);
    const objections = [
      reference.objectionToRadius(text),
      reference.objectionToBound(text),
      reference.objectionToTime(text),
      reference.objectionToPosition(text),
    ];
    const verdicts = [isRadius, isBound, isTime, isPosition];
    verdicts.forEach((verdict, index) =>
      demandSame(verdict.name, verdict(text), objections[index] === undefined)
    );
    demandSame("isDecimal", isNumber, reference.isDecimal(text));
    demandSame("isWholeNumber", isWholeNumber(text), reference.isDigits(text));
    if (isNumber) {
      for (const limit of limits) checkLimit(text, limit);
      checkMetres(text);
    }
    const angles = objections[3] === undefined
      ? reference.splitPosition(text)
      : undefined;
    const position = parsePosition(text);
    demandSame("latitude", position?.latitude, angles?.latitude);
    demandSame("longitude", position?.longitude, angles?.longitude);
    return objections.map((objection) => objection ?? "-").join();
  }

  function checkLimit(text: string, limit: number): void {
    const isWithin = reference.compareDecimals(text, `${limit}`) <= 0;
    const actual = isAtMost(encodeBytes(`${text}9`), 0, text.length, limit);
    demandSame(`isAtMost ${limit}`, actual, isWithin);
  }

  function checkMetres(kilometres: string): void {
    const metres = kilometresToMetres(kilometres);
    demand("metres are a number", reference.isDecimal(metres));
    const [integer, fraction] = kilometres.split(".");
    const padded = (fraction ?? "").padEnd(3, "0");
    const expected = `${integer}${padded.slice(0, 3)}.${padded.slice(3)}0`;
    demandSame("metres", reference.compareDecimals(metres, expected), 0);
    demand("no unnecessary zeros", !/^0\d|\..*0$/.test(metres));
  }

  function checkTwo(one: string, other: string): string {
    const expected = reference.compareDecimals(one, other);
    const [a, b] = [encodeBytes(`${one}9`), encodeBytes(`${other}.9`)];
    const [aEnd, bEnd] = [one.length, other.length];
    const order = Math.sign(compareTimes(a, 0, aEnd, b, 0, bEnd));
    demandSame("the order", order, expected);
    const opposite = Math.sign(compareTimes(b, 0, bEnd, a, 0, aEnd));
    demandSame("the opposite order", opposite, 0 - expected);
    const [seconds, fraction = ""] = one.split(".");
    const now = {
      seconds: Number(seconds.slice(0, 11)),
      nanoseconds: Number(fraction.slice(0, 9).padEnd(9, "0")),
    };
    const difference = clockDifference(now, other);
    const expectedDifference = reference.clockDifference(now, other);
    demandSame("the clock difference", difference, expectedDifference);
    return `${expected} ${difference.length}`;
  }

  return {
    name: "numbers",
    tokens: numberTokens,
    check(input) {
      const texts = input.split(" ").slice(0, 3);
      const signature = texts.map(checkOne).join(" ");
      const times = texts.filter(isTime);
      if (times.length < 2) return `${signature} ${magnitude(input.length)}`;
      return `${signature} ${checkTwo(times[0], times[1])}`;
    },
  };
}
