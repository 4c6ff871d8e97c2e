/**
 * The cells of the tables with a row for each server: the text of each kind of
 * value, and the columns.
 *
 * @module
 */
import { bytes, count, cut, duration, timeOfDay } from "./format.js";
import { pageColumns } from "./status_fields.js";
import { valueAt } from "./values.js";

/**
 * Formats each kind of value.
 *
 * @typedef {import("../../server/status/field.ts").PageCells} PageCells
 * @type {{ readonly [Cell in keyof PageCells]: (value: PageCells[Cell]) => string | string[] }}
 */
const texts = {
  count,
  bytes,
  duration,
  tally,
  links: (links) =>
    describeLinks(/** @type {readonly LinkSummary[]} */ (links)),
  log: (log) => describeLog(/** @type {LogStatus} */ (log)),
  data: (data) => describeData(/** @type {DataStatus} */ (data)),
  history: (history) => describeHistory(/** @type {HistoryStatus} */ (history)),
  clock: (clock) => describeClock(/** @type {ClockStatus} */ (clock)),
  ports: (ports) => listOr("none", describePorts(ports)),
  example: (example) =>
    describeExample(/** @type {GatewayExample | null} */ (example)),
};

/** A history that is written within this time, in seconds, is not behind. */
const lateSeconds = 2;

/** Kinds of cells that hold a list of short entries, and other text. */
const listCells = ["tally", "ports"];
const textCells = [
  ...listCells,
  "links",
  "log",
  "data",
  "history",
  "clock",
  "example",
];

/**
 * The cells that are shown only while a server needs them.
 *
 * @type {Record<string, (status: ServerFacts) => boolean>}
 */
const needed = {
  data: ({ data }) => data.bytes > 0,
  history: ({ history }) => history.kind !== null,
  clock: ({ clock }) => clock.differs,
};

/**
 * @typedef {NonNullable<import("./types.d.ts").ServerView["status"]>} ServerFacts
 * @typedef {import("./types.d.ts").LinkSummary} LinkSummary
 * @typedef {import("./types.d.ts").LogStatus} LogStatus
 * @typedef {import("./types.d.ts").DataStatus} DataStatus
 * @typedef {import("./types.d.ts").HistoryStatus} HistoryStatus
 * @typedef {import("./types.d.ts").ClockStatus} ClockStatus
 * @typedef {import("./types.d.ts").GatewayExample} GatewayExample
 *
 * @typedef {object} Column
 * @property {string} title
 * @property {boolean} isNumber Whether it is aligned on the right.
 * @property {boolean} isList Whether lines are broken between entries only.
 * @property {((status: ServerFacts) => boolean) | undefined} isNeeded
 *   Undefined if it is always shown.
 * @property {(server: unknown) => string | string[]} text
 */

/**
 * The columns of a table.
 *
 * @param {import("../../server/status/field.ts").PageTable} table
 * @returns {Column[]}
 */
export function columnsOf(table) {
  return pageColumns[table].map(({ cell, path, title }) => ({
    title,
    isNumber: !textCells.includes(cell),
    isList: listCells.includes(cell),
    isNeeded: needed[cell],
    text: (server) => {
      const show = /** @type {(value: unknown) => string | string[]} */ (
        texts[cell]
      );
      const value = valueAt(server, path);
      return value === undefined ? "–" : show(value);
    },
  }));
}

/** @param {readonly LinkSummary[]} links */
function describeLinks(links) {
  const up = links.filter(({ isUp }) => isUp).length;
  return [
    `${up} of ${links.length} up`,
    ...links.flatMap(
      ({ neighbour, isUp, stateSeconds, lastFailure, ...link }) => {
        if (!isUp) {
          const why = lastFailure === null ? "" : `: ${cut(lastFailure, 80)}`;
          return [`${neighbour} down for ${duration(stateSeconds)}${why}`];
        }
        const { waitingReports } = link;
        if (waitingReports > 0) {
          return [`${neighbour} ${count(waitingReports)} behind`];
        }
        return link.isCaughtUp ? [] : [`${neighbour} catching up`];
      },
    ),
  ].join("; ");
}

/** @param {ClockStatus} clock */
function describeClock({ aheadSeconds, clocks, differs }) {
  if (!differs) return clocks === 1 ? "alone" : "agrees";
  const way = aheadSeconds > 0 ? "ahead of" : "behind";
  return `${duration(Math.abs(aheadSeconds))} ${way} the median of ${clocks}`;
}

/** @param {LogStatus} log */
function describeLog(log) {
  const parts = [];
  if (log.fault !== null) parts.push(cut(log.fault, 80));
  if (log.lostLines > 0) parts.push(`${count(log.lostLines)} lines lost`);
  parts.push(log.lagBytes > 0 ? `${bytes(log.lagBytes)} behind` : "written");
  return parts.join("; ");
}

/** @param {DataStatus} data */
function describeData(data) {
  if (data.bytes === 0) return "in memory only";
  const parts = [];
  if (data.fault !== null) parts.push(cut(data.fault, 80));
  if (data.lostRecords > 0) {
    parts.push(`${count(data.lostRecords)} records lost`);
  }
  parts.push(bytes(data.bytes));
  return parts.join("; ");
}

/** @param {HistoryStatus} history */
function describeHistory(history) {
  if (history.kind === null) return "not recorded";
  const parts = [];
  if (history.fault !== null) parts.push(cut(history.fault, 80));
  if (history.lostRecords > 0) {
    parts.push(`${count(history.lostRecords)} records lost`);
  }
  if (history.lagSeconds >= lateSeconds) {
    parts.push(`${duration(history.lagSeconds)} behind`);
  }
  if (history.bytes > 0) parts.push(bytes(history.bytes));
  return parts.length === 0 ? "written" : parts.join("; ");
}

/**
 * The counts that are not 0, the greatest first.
 *
 * @param {Readonly<Record<string, number>>} counts
 */
function tally(counts) {
  const entries = Object.entries(counts)
    .filter(([, value]) => value > 0)
    .sort(([one, oneCount], [other, otherCount]) =>
      otherCount - oneCount || (one < other ? -1 : 1)
    )
    .map(([name, value]) => `${cut(name, 30)} ${count(value)}`);
  return listOr("none", entries);
}

/**
 * @param {string} none Shown for an empty list.
 * @param {string[]} entries
 */
function listOr(none, entries) {
  return entries.length === 0 ? none : entries;
}

/** @param {Readonly<Record<string, string>>} ports */
function describePorts(ports) {
  return Object.entries(ports).map(([kind, address]) => `${kind} ${address}`);
}

/** @param {GatewayExample | null} example */
function describeExample(example) {
  if (example === null) return "none";
  const { gateway, reason, text, time } = example;
  const shown = text === null ? "(shown to operators only)" : text;
  return `${reason} by ${gateway} at ${timeOfDay(time)}: ${shown}`;
}
