/**
 * Times of the past as people write them: `yesterday 14:00`, `2 hours ago`, a
 * date with or without a zone, and what `readTypedTime` reads. The clock and the
 * time zone are passed in.
 *
 * @module
 */
import type { Timestamp } from "./time.ts";
import { digitsOf, readTypedTime } from "./typed_time.ts";

/** A day of the calendar. */
export interface CalendarDay {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
}

/** A time of the day. */
export interface DayTime {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** Converts between POSIX seconds and the days and clocks of a zone. */
export interface TimeZone {
  /**
   * The POSIX seconds of a day and a time; undefined if there is no such day, or
   * if clocks of the zone skipped this time. Of a time that came twice, it gives
   * the first.
   */
  readonly secondsOf: (day: CalendarDay, time: DayTime) => number | undefined;
  /** The day on which these POSIX seconds are. */
  readonly dayOf: (seconds: number) => CalendarDay;
}

/** Coordinated universal time. */
export const utc: TimeZone = {
  secondsOf: ({ day, month, year }, { hour, minute, second }) => {
    const midnight = new Date(Date.UTC(year, month - 1, day));
    const isDay = midnight.getUTCFullYear() === year &&
      midnight.getUTCMonth() === month - 1 && midnight.getUTCDate() === day;
    return isDay
      ? midnight.getTime() / 1000 + (hour * 60 + minute) * 60 + second
      : undefined;
  },
  dayOf: (seconds) => {
    const date = new Date(seconds * 1000);
    return {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
    };
  },
};

/** What `readWrittenTime` accepts, for help and messages. */
export const writtenTimes =
  "now, yesterday 14:00, 2 hours ago, 2026-12-01 14:00, " +
  "2026-12-01T14:00:00Z, or POSIX seconds such as 1520023934.918";

/** What times depend on. */
export interface TimeContext {
  readonly now: Timestamp;
  /** The zone of times that are written without one. */
  readonly zone: TimeZone;
}

/** The result of `readWrittenTime`. */
export type WrittenTime =
  /** POSIX seconds, with the digits of the fraction. */
  | { readonly digits: string }
  /** What is wrong, as a phrase. */
  | { readonly fault: string };

/** Units of `2 hours ago`, in seconds. */
const units: Readonly<Record<string, number>> = {
  s: 1,
  second: 1,
  min: 60,
  minute: 60,
  h: 3_600,
  hour: 3_600,
  d: 86_400,
  day: 86_400,
  week: 604_800,
};

const agoForm =
  /^(\d{1,9}) ?(s|seconds?|min|minutes?|h|hours?|d|days?|weeks?) ago$/;

const clock = "([01]?\\d|2[0-3]):([0-5]\\d)(?::([0-5]\\d)(?:[.,](\\d+))?)?";

const clockForm = RegExp(`^${clock}$`);
const dayForm = RegExp(
  `^(today|yesterday|(\\d{4})-(\\d\\d)-(\\d\\d))(?:[T ]${clock})?$`,
);

/** A date and a time with a space between them, and a zone. */
const zonedForm = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d.*?) ?(Z|[+-]\d\d:\d\d)$/;

/** Reads a time. White space around it, and capital letters, do not count. */
export function readWrittenTime(
  text: string,
  { now, zone }: TimeContext,
): WrittenTime {
  const words = text.trim().replace(/\s+/g, " ");
  const typed = readTypedTime(words.replace(zonedForm, "$1T$2$3"));
  switch (typed.kind) {
    case "now":
      return { digits: digitsOf(now) };
    case "time":
      return { digits: typed.digits };
    case "other unit":
      return { fault: typed.fault };
  }
  const lower = words.toLowerCase();
  if (lower === "now") return { digits: digitsOf(now) };
  const [, count, unit] = lower.match(agoForm) ?? [];
  if (count !== undefined) {
    const seconds = Number(count) *
      units[unit in units ? unit : unit.slice(0, -1)];
    return seconds > now.seconds
      ? { fault: `${text} is before 1970` }
      : { digits: digitsOf({ ...now, seconds: now.seconds - seconds }) };
  }
  const [, hourOfToday, ...restOfToday] = lower.match(clockForm) ?? [];
  if (hourOfToday !== undefined) {
    const day = zone.dayOf(now.seconds);
    return ofDay(text, day, [hourOfToday, ...restOfToday], zone);
  }
  const [, word, year, month, date, ...parts] =
    words.replace(/^[a-z]+/i, (word) => word.toLowerCase()).match(dayForm) ??
      [];
  if (word === undefined) {
    return { fault: `expected ${writtenTimes}, found ${text}` };
  }
  const day = year === undefined
    ? dayBefore(zone.dayOf(now.seconds), word === "today" ? 0 : 1)
    : { year: Number(year), month: Number(month), day: Number(date) };
  return ofDay(text, day, parts, zone);
}

function ofDay(
  text: string,
  day: CalendarDay,
  [hour = "0", minute = "0", second = "0", fraction]: readonly (
    | string
    | undefined
  )[],
  zone: TimeZone,
): WrittenTime {
  const time = {
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
  };
  if (utc.secondsOf(day, time) === undefined) {
    return { fault: `${text}: there is no such day` };
  }
  const seconds = zone.secondsOf(day, time);
  if (seconds === undefined) {
    return { fault: `${text}: clocks of this time zone skipped this time` };
  }
  if (seconds < 0) return { fault: `${text} is before 1970` };
  return { digits: fraction ? `${seconds}.${fraction}` : `${seconds}` };
}

/** The day that is some days earlier. */
function dayBefore(day: CalendarDay, days: number): CalendarDay {
  const noon = utc.secondsOf(day, { hour: 12, minute: 0, second: 0 })!;
  return utc.dayOf(noon - days * 86_400);
}
