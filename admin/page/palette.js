/**
 * The servers' colours. They stand in style.css, for light and dark; here is
 * only which of them a server has.
 *
 * @module
 */
import { otherServer } from "./clients.js";

/** How many colours there are. More servers begin again with the first. */
const colourCount = 6;

/**
 * The colour of the server at this place in the herd file: 0 to 5, or 6 for a
 * server that is not in it.
 *
 * @param {number} server
 */
export function colourOf(server) {
  return server === otherServer ? colourCount : server % colourCount;
}

/**
 * The class that gives an element its server's colour as `--server`.
 *
 * @param {number} server
 */
export function colourClass(server) {
  return `server-${colourOf(server)}`;
}

/** What the canvases draw with, as CSS has it now. */
export function readColours() {
  const style = getComputedStyle(document.documentElement);
  const read = (/** @type {string} */ name) =>
    style.getPropertyValue(`--${name}`).trim();
  return {
    sea: read("sea"),
    land: read("land"),
    borders: read("borders"),
    graticule: read("graticule"),
    halo: read("halo"),
    mark: read("text"),
    servers: Array.from(
      { length: colourCount + 1 },
      (_, index) => read(`server-${index}`),
    ),
  };
}
