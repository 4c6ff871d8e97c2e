/**
 * The table of servers: everything that the graph shows, as text.
 *
 * @module
 */
import { html, setText } from "./dom.js";
import { bytes, count, cut, duration } from "./format.js";
import { colourClass } from "./palette.js";
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
  clock: (clock) => describeClock(/** @type {ClockStatus} */ (clock)),
};

/** Kinds of cells that hold text. The others hold numbers. */
const textCells = ["tally", "links", "log", "data", "clock"];

/**
 * The cells that are shown only while a server needs them.
 *
 * @type {Record<string, (status: ServerFacts) => boolean>}
 */
const needed = {
  data: ({ data }) => data.bytes > 0,
  clock: ({ clock }) => clock.differs,
};

/**
 * @typedef {NonNullable<import("./types.d.ts").ServerView["status"]>} ServerFacts
 * @typedef {import("./types.d.ts").LinkSummary} LinkSummary
 * @typedef {import("./types.d.ts").LogStatus} LogStatus
 * @typedef {import("./types.d.ts").DataStatus} DataStatus
 * @typedef {import("./types.d.ts").ClockStatus} ClockStatus
 */
const columns = pageColumns.map(({ cell, path, title }) => ({
  title,
  isNumber: !textCells.includes(cell),
  isList: cell === "tally",
  isNeeded: needed[cell],
  text: (/** @type {unknown} */ server) => {
    const show = /** @type {(value: unknown) => string | string[]} */ (
      texts[cell]
    );
    const value = valueAt(server, path);
    return value === undefined ? "–" : show(value);
  },
}));

export class ServersTable {
  #heads = html(
    "tr",
    { role: "row" },
    ["Server", ...columns.map(({ title }) => title)].map((head, index) =>
      html("th", {
        scope: "col",
        role: "columnheader",
        class: columns[index - 1]?.isNumber ? "number" : "",
      }, [head])
    ),
  );
  #body = html("tbody", { role: "rowgroup" });

  /** @param {HTMLElement} parent */
  constructor(parent) {
    // Explicit roles: on narrow screens the style makes rows blocks, which would
    // remove their implicit roles.
    parent.append(
      html("table", { role: "table" }, [
        html("caption", { class: "unseen" }, [
          "Servers. Counts are since the server's start.",
        ]),
        html("thead", { role: "rowgroup" }, [this.#heads]),
        this.#body,
      ]),
    );
  }

  /** @param {readonly import("./types.d.ts").ServerView[]} servers */
  show(servers) {
    const rows = [...this.#body.children];
    const isSame = rows.length === servers.length &&
      rows.every((row, index) => row.id === rowId(servers[index]));
    if (!isSame) this.#body.replaceChildren(...servers.map(createRow));
    for (const [index, server] of servers.entries()) {
      fillRow(this.#body.children[index], server);
    }
    this.#hideColumns(servers);
  }

  /**
   * Hides the columns that no server needs.
   *
   * @param {readonly import("./types.d.ts").ServerView[]} servers
   */
  #hideColumns(servers) {
    for (const [index, { isNeeded }] of columns.entries()) {
      if (isNeeded === undefined) continue;
      const isShown = servers.some(({ status }) =>
        status !== undefined && isNeeded(status)
      );
      for (const row of [this.#heads, ...this.#body.children]) {
        /** @type {HTMLElement} */ (row.children[1 + index]).hidden = !isShown;
      }
    }
  }
}

/** @param {import("./types.d.ts").ServerView} server */
function rowId({ index, name }) {
  return `server ${index} ${name}`;
}

/** @param {import("./types.d.ts").ServerView} server */
function createRow(server) {
  return html("tr", { role: "row", id: rowId(server) }, [
    html("th", { scope: "row", role: "rowheader" }, [
      html("span", { class: `name mark ${colourClass(server.index)}` }, [
        cut(server.name, 60),
      ]),
      html("span", { class: "state" }),
    ]),
    ...columns.map(({ isList, isNumber, title }) =>
      html("td", {
        role: "cell",
        "data-label": title,
        class: isNumber ? "number" : isList ? "text list" : "text",
      })
    ),
  ]);
}

/**
 * @param {Element} row
 * @param {import("./types.d.ts").ServerView} server
 */
function fillRow(row, { age, state, note, status }) {
  row.setAttribute("data-state", state);
  row.setAttribute("data-age", age);
  const [head, ...cells] = row.children;
  const described = state === "unseen" ? "not seen from here" : state;
  setText(head.children[1], cut(note === "" ? described : note, 120));
  for (const [index, cell] of cells.entries()) {
    const value = status === undefined ? "–" : columns[index].text(status);
    if (typeof value === "string") setText(cell, value);
    else setEntries(cell, value);
  }
}

/**
 * Sets the entries of a list. A line is broken between them only.
 *
 * @param {Element} cell
 * @param {readonly string[]} entries
 */
function setEntries(cell, entries) {
  if (cell.textContent === entries.join(", ")) return;
  cell.replaceChildren(
    ...entries.flatMap((entry, index) => {
      const isLast = index === entries.length - 1;
      const text = html("span", { class: "entry" }, [
        isLast ? entry : `${entry},`,
      ]);
      return isLast ? [text] : [text, " "];
    }),
  );
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
  return entries.length === 0 ? "none" : entries;
}
