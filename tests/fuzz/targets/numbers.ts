/**
 * Numbers as digits: `protocol/decimal.ts`, `protocol/position.ts` and
 * `protocol/time.ts`.
 *
 * The input is cut at its spaces into up to three texts. For each of them:
 *
 * - the verdicts on number, whole number, radius, bound, time and position are
 *   the reference's;
 * - a number is compared with each limit as the reference does it, digit by
 *   digit;
 * - a position is cut where the reference cuts it;
 * - kilometres in metres are a thousand times the number, without idle zeros.
 *
 * Of two times:
 *
 * - they are in the order that the reference says, and in the other one when
 *   they change places;
 * - the clock difference of a clock that shows the one, when a client says the
 *   other, has the digits of the reference.
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

/** What numbers are compared with. */
const limits = [0, 20, 50, 90, 180];

/** @param code What is done with numbers, under test. */
export function numbersTarget(code: Partial<typeof real> = {}): Target {
  const { clockDifference, compareTimes, isAtMost, kilometresToMetres } = {
    ...real,
    ...code,
  };

  function checkOne(text: string): string {
    const isOne = isDecimal(text);
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
    demandSame("isDecimal", isOne, reference.isDecimal(text));
    demandSame("isWholeNumber", isWholeNumber(text), reference.isDigits(text));
    if (isOne) {
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
    demand("no idle zeros", !/^0\d|\..*0$/.test(metres));
  }

  function checkTwo(one: string, other: string): string {
    const expected = reference.compareDecimals(one, other);
    const [a, b] = [encodeBytes(`${one}9`), encodeBytes(`${other}.9`)];
    const [aEnd, bEnd] = [one.length, other.length];
    const order = Math.sign(compareTimes(a, 0, aEnd, b, 0, bEnd));
    demandSame("the order", order, expected);
    const back = Math.sign(compareTimes(b, 0, bEnd, a, 0, aEnd));
    demandSame("the order of the other way round", back, 0 - expected);
    const [seconds, fraction = ""] = one.split(".");
    const now = {
      seconds: Number(seconds.slice(0, 11)),
      nanoseconds: Number(fraction.slice(0, 9).padEnd(9, "0")),
    };
    const difference = clockDifference(now, other);
    const right = reference.clockDifference(now, other);
    demandSame("the clock difference", difference, right);
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
