/**
 * The servers' colours on the map, how many clients each heard, and how much of
 * all there is the map shows.
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
 * @param {Uint32Array} counts By the servers' places, as `Clients` counts them.
 */
export function showLegend(list, servers, counts) {
  const rows = [
    ...servers.map((name, index) => ({ name, index, heard: counts[index] })),
    { name: "others", index: otherServer, heard: counts[otherServer] },
  ].filter(({ index, heard }) => index !== otherServer || heard > 0);
  if (list.children.length !== rows.length) {
    list.replaceChildren(...rows.map(() =>
      html("li", {}, [
        html("span", { class: "name" }),
        html("span", { class: "count" }),
      ])
    ));
  }
  for (const [place, { name, index, heard }] of rows.entries()) {
    const item = list.children[place];
    item.className = `mark ${colourClass(index)}`;
    setText(item.children[0], cut(name, 30));
    setText(item.children[1], count(heard));
  }
}

/**
 * Says how many of how many clients are shown.
 *
 * @param {HTMLElement} note
 * @param {number} shown
 * @param {number} known By the server.
 * @param {number} dots
 */
export function showShown(note, shown, known, dots) {
  const parts = [
    shown >= known
      ? `${counted(shown, "client")}, all that are known`
      : `${count(shown)} of ${counted(known, "client")}, a sample`,
  ];
  if (dots < shown) parts.push(`${counted(dots, "dot")} in sight`);
  setText(note, parts.join(" · "));
}
