/**
 * The servers' colours on the map with their numbers of clients, and the number
 * of clients that the map shows.
 *
 * @module
 */
import { otherServer } from "./clients.js";
import { html, setText } from "./dom.js";
import { count, counted, cut } from "./format.js";
import { colourClass } from "./palette.js";

/**
 * @param {HTMLElement} list
 * @param {readonly string[]} servers
 * @param {Uint32Array} counts The result of `Clients.countByServer`.
 */
export function showLegend(list, servers, counts) {
  const rows = [
    ...servers.map((name, index) => ({ name, index, clients: counts[index] })),
    { name: "others", index: otherServer, clients: counts[otherServer] },
  ].filter(({ index, clients }) => index !== otherServer || clients > 0);
  if (list.children.length !== rows.length) {
    list.replaceChildren(...rows.map(() =>
      html("li", {}, [
        html("span", { class: "name" }),
        html("span", { class: "count" }),
      ])
    ));
  }
  for (const [place, { name, index, clients }] of rows.entries()) {
    const item = list.children[place];
    item.className = `mark ${colourClass(index)}`;
    setText(item.children[0], cut(name, 30));
    setText(item.children[1], count(clients));
  }
}

/**
 * Shows how many of the known clients the map has.
 *
 * @param {HTMLElement} note
 * @param {number} shown Clients on the map.
 * @param {number} known Clients that the server knows.
 * @param {number} dots Visible dots.
 */
export function showSampleSize(note, shown, known, dots) {
  const parts = [
    shown >= known
      ? `${counted(shown, "client")}, all that are known`
      : `${count(shown)} of ${counted(known, "client")}, a sample`,
  ];
  if (dots < shown) parts.push(`${counted(dots, "dot")} in sight`);
  setText(note, parts.join(" · "));
}
