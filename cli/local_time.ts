/**
 * The time zone of this machine, and times as text for people.
 *
 * @module
 */

/** A day of the calendar, and a time of the day. */
interface LocalTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** The time zone of this machine, as `TimeZone` of protocol/ describes it. */
export const localZone = {
  secondsOf(
    day: Pick<LocalTime, "day" | "month" | "year">,
    time: Pick<LocalTime, "hour" | "minute" | "second">,
  ): number | undefined {
    const wanted = { ...day, ...time };
    const date = new Date(
      wanted.year,
      wanted.month - 1,
      wanted.day,
      wanted.hour,
      wanted.minute,
      wanted.second,
    );
    // For years before 100, and for times that clocks skip, it is another time.
    const found = localTimeOf(date);
    const isSame = Object.entries(wanted).every(([part, value]) =>
      found[part as keyof LocalTime] === value
    );
    return isSame ? date.getTime() / 1000 : undefined;
  },
  dayOf(seconds: number): Pick<LocalTime, "day" | "month" | "year"> {
    const { day, month, year } = localTimeOf(new Date(seconds * 1000));
    return { day, month, year };
  },
};

function localTimeOf(date: Date): LocalTime {
  return {
    year: date.getFullYear(),
    month: date.getMonth() + 1,
    day: date.getDate(),
    hour: date.getHours(),
    minute: date.getMinutes(),
    second: date.getSeconds(),
  };
}

/**
 * Whole POSIX seconds as a date and a time, `2026-12-01 14:00:05`; the number
 * itself if the calendar does not reach so far.
 *
 * @param isUtc Whether the time is in UTC, and not in this machine's zone.
 */
export function formatDateTime(seconds: number, isUtc: boolean): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return `${seconds}`;
  // The same digits as UTC would show them.
  const offsetMs = isUtc ? 0 : -date.getTimezoneOffset() * 60_000;
  const shown = new Date(date.getTime() + offsetMs);
  if (Number.isNaN(shown.getTime())) return `${seconds}`;
  const [day, time] = shown.toISOString().split("T");
  return `${day} ${time.slice(0, 8)}`;
}
