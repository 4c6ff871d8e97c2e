/**
 * A table with a row for each server: everything that the graph shows, as text,
 * or the gateways.
 *
 * @module
 */
import { columnsOf } from "./cells.js";
import { html, setText } from "./dom.js";
import { cut } from "./format.js";
import { colourClass } from "./palette.js";

/**
 * @typedef {NonNullable<import("./types.d.ts").ServerView["status"]>} ServerFacts
 * @typedef {import("./cells.js").Column} Column
 */

export class ServersTable {
  #name;
  #columns;
  #heads;
  #body = html("tbody", { role: "rowgroup" });

  /**
   * @param {HTMLElement} parent
   * @param {import("../../server/status/field.ts").PageTable} name
   * @param {string} caption
   */
  constructor(parent, name, caption) {
    this.#name = name;
    this.#columns = columnsOf(name);
    this.#heads = html(
      "tr",
      { role: "row" },
      ["Server", ...this.#columns.map(({ title }) => title)].map(
        (head, index) =>
          html("th", {
            scope: "col",
            role: "columnheader",
            class: this.#columns[index - 1]?.isNumber ? "number" : "",
          }, [head]),
      ),
    );
    // Explicit roles: on narrow screens the style makes rows blocks, which would
    // remove their implicit roles.
    parent.append(
      html("table", { role: "table" }, [
        html("caption", { class: "unseen" }, [caption]),
        html("thead", { role: "rowgroup" }, [this.#heads]),
        this.#body,
      ]),
    );
  }

  /** @param {readonly import("./types.d.ts").ServerView[]} servers */
  show(servers) {
    const rows = [...this.#body.children];
    const isSame = rows.length === servers.length &&
      rows.every((row, index) => row.id === this.#rowId(servers[index]));
    if (!isSame) {
      this.#body.replaceChildren(
        ...servers.map((server) =>
          createRow(this.#rowId(server), server, this.#columns)
        ),
      );
    }
    for (const [index, server] of servers.entries()) {
      fillRow(this.#body.children[index], server, this.#columns);
    }
    this.#hideColumns(servers);
  }

  /** @param {import("./types.d.ts").ServerView} server */
  #rowId({ index, name }) {
    return `${this.#name} ${index} ${name}`;
  }

  /**
   * Hides the columns that no server needs.
   *
   * @param {readonly import("./types.d.ts").ServerView[]} servers
   */
  #hideColumns(servers) {
    for (const [index, { isNeeded }] of this.#columns.entries()) {
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

/**
 * @param {string} id
 * @param {import("./types.d.ts").ServerView} server
 * @param {readonly Column[]} columns
 */
function createRow(id, server, columns) {
  return html("tr", { role: "row", id }, [
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
 * @param {readonly Column[]} columns
 */
function fillRow(row, { age, state, note, status }, columns) {
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
