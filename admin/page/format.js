/**
 * Formats numbers, times and names.
 *
 * @module
 */

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/**
 * A count, such as `1,234`.
 *
 * @param {number} value
 */
export function count(value) {
  return grouped.format(value);
}

/**
 * A count and its noun: `1 link`, `2 links`.
 *
 * @param {number} value
 * @param {string} noun In the singular. The plural must end in s.
 */
export function counted(value, noun) {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/**
 * A rate, with one decimal if it is small.
 *
 * @param {number} perSecond
 */
export function rate(perSecond) {
  return perSecond < 9.95 && perSecond % 1 !== 0
    ? perSecond.toFixed(1)
    : count(perSecond);
}

/**
 * A size, such as `1.2 MB`.
 *
 * @param {number} value
 */
export function bytes(value) {
  return scaled(value, ["B", "kB", "MB", "GB", "TB"]);
}

/**
 * A short time, such as `850 µs`, `1.2 ms` or `3 s`.
 *
 * @param {number} seconds
 */
export function latency(seconds) {
  return scaled(seconds * 1e6, ["µs", "ms", "s"]);
}

/**
 * A long time, such as `3 min`.
 *
 * @param {number} seconds
 */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120) return `${whole} s`;
  if (whole < 120 * 60) return `${Math.floor(whole / 60)} min`;
  if (whole < 48 * 3600) return `${Math.floor(whole / 3600)} h`;
  return `${count(Math.floor(whole / 86400))} days`;
}

/**
 * How long ago something was, or how far ahead it is: `3 s ago`.
 *
 * @param {number} seconds
 */
export function age(seconds) {
  if (Math.abs(seconds) < 0.5) return "now";
  return seconds > 0
    ? `${duration(seconds)} ago`
    : `${duration(-seconds)} ahead`;
}

/**
 * The time of day in UTC, the zone of the whole page, such as `14:03:22`.
 *
 * @param {number} posixSeconds
 */
export function timeOfDay(posixSeconds) {
  return isoTime(posixSeconds)?.slice(-13, -5) ?? "–";
}

/**
 * A time as machines read it, such as `2025-11-24T16:00:00.000Z`; undefined if
 * it is too far away for a date.
 *
 * @param {number} posixSeconds
 */
export function isoTime(posixSeconds) {
  const date = new Date(posixSeconds * 1000);
  return isNaN(date.getTime()) ? undefined : date.toISOString();
}

/**
 * A client's time, which may be any number.
 *
 * @param {number} posixSeconds
 */
export function clientTime(posixSeconds) {
  const time = isoTime(posixSeconds);
  return time === undefined
    ? `${posixSeconds} s`
    : time.replace("T", " ").replace(/\.\d+Z$/, " UTC");
}

/**
 * A position, such as `34.06893° N, 118.44513° W`.
 *
 * @param {number} latitude
 * @param {number} longitude
 */
export function position(latitude, longitude) {
  const degrees = (/** @type {number} */ value) =>
    String(Number(Math.abs(value).toFixed(5)));
  return `${degrees(latitude)}° ${latitude < 0 ? "S" : "N"}, ` +
    `${degrees(longitude)}° ${longitude < 0 ? "W" : "E"}`;
}

/**
 * The text, cut if it is too long.
 *
 * @param {string} text
 * @param {number} maxLength In UTF-16 code units.
 */
export function cut(text, maxLength) {
  return text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
}

/**
 * @param {number} value
 * @param {readonly string[]} units Each a thousand times the one before.
 */
function scaled(value, units) {
  let index = 0;
  // 999.5 would be shown as 1000.
  while (value >= 999.5 && index < units.length - 1) {
    value /= 1000;
    index += 1;
  }
  const digits = value < 9.95 && index > 0 ? 1 : 0;
  return `${Number(value.toFixed(digits))} ${units[index]}`;
}
