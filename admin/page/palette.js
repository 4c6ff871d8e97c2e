/**
 * Assigns colours to servers. style.css defines the colours, for light and dark
 * schemes.
 *
 * @module
 */
import { otherServer } from "./clients.js";

/** The number of colours. More servers reuse them from the first on. */
const colourCount = 6;

/**
 * The colour of a server: 0 to 5, or 6 for `otherServer`.
 *
 * @param {number} server Its index in the herd file.
 */
export function colourOf(server) {
  return server === otherServer ? colourCount : server % colourCount;
}

/**
 * The class that sets an element's `--server` to a server's colour.
 *
 * @param {number} server
 */
export function colourClass(server) {
  return `server-${colourOf(server)}`;
}

/** The present colours of the canvases, from CSS. */
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
