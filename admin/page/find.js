/**
 * The search field. The page may hold but a sample of the clients, or an old
 * position; so the server is asked where a client is.
 *
 * @module
 */
import { byId } from "./dom.js";

/** What the server takes for white space, around an ID. */
const whiteSpace = /^[\t-\r ]+|[\t-\r ]+$/g;

/**
 * @param {(position: import("./types.d.ts").ShownPosition) => void} note
 *   Notes where a client is, so that it can be shown.
 * @param {(id: string) => boolean} pick
 *   Shows the client whose ID this is, or begins so; whether there is one.
 */
export function controlFind(note, pick) {
  const input = /** @type {HTMLInputElement} */ (byId("find-id"));
  byId("find").addEventListener("submit", async (event) => {
    event.preventDefault();
    const asked = input.value;
    const id = asked.replace(whiteSpace, "");
    const fault = await ask(id, note);
    // Somebody has typed on.
    if (input.value !== asked) return;
    input.setCustomValidity(pick(id) ? "" : fault);
    input.reportValidity();
  });
  input.addEventListener("input", () => input.setCustomValidity(""));
}

/**
 * @param {string} id
 * @param {(position: import("./types.d.ts").ShownPosition) => void} note
 * @returns {Promise<string>} What to say if it is not shown either.
 */
async function ask(id, note) {
  const url = new URL("client.json", document.baseURI);
  url.searchParams.set("id", id);
  try {
    const response = await fetch(url);
    if (response.ok) note((await response.json()).position);
    return "No client with this ID is known.";
  } catch {
    return "The server does not answer, and no client with this ID is shown.";
  }
}
