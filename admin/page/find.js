/**
 * The search field. It requests a client's position from the server, because the
 * page may have only a sample of the clients, or an old position.
 *
 * @module
 */
import { byId } from "./dom.js";

/** White space around an ID, as the protocol defines it. */
const whiteSpace = /^[\t-\r ]+|[\t-\r ]+$/g;

/**
 * @param {(position: import("./types.d.ts").ShownPosition) => void} store
 *   Stores a position, so that it can be shown.
 * @param {(id: string) => boolean} pick
 *   Shows the client whose ID is this or begins with it; returns whether there
 *   is one.
 * @param {(shown: string, whole: string) => void} onFound
 *   Called with the ID of a client that the server knows, as the page shows it
 *   and as it is.
 */
export function controlFind(store, pick, onFound) {
  const input = /** @type {HTMLInputElement} */ (byId("find-id"));
  byId("find").addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = input.value;
    const id = text.replace(whiteSpace, "");
    const { fault, shown, whole } = await request(id, store);
    // The user has changed the text in the meantime.
    if (input.value !== text) return;
    const isPicked = pick(shown);
    if (isPicked && whole !== undefined) onFound(shown, whole);
    input.setCustomValidity(isPicked ? "" : fault);
    input.reportValidity();
  });
  input.addEventListener("input", () => input.setCustomValidity(""));
}

/**
 * @param {string} id
 * @param {(position: import("./types.d.ts").ShownPosition) => void} store
 * @returns {Promise<{ fault: string, shown: string, whole?: string }>} A message
 *   for the case that the page has no such client, the ID as the page shows it,
 *   and the whole ID if the server knows the client.
 */
async function request(id, store) {
  const url = new URL("client.json", document.baseURI);
  url.searchParams.set("id", id);
  try {
    const response = await fetch(url);
    const fault = "No client with this ID is known.";
    if (!response.ok) return { fault, shown: id };
    const { position: [whole, ...position], shown } = await response.json();
    store(
      /** @type {import("./types.d.ts").ShownPosition} */ (
        /** @type {unknown} */ ([shown, ...position])
      ),
    );
    return { fault, shown, whole };
  } catch {
    const fault =
      "The server does not answer, and no client with this ID is shown.";
    return { fault, shown: id };
  }
}
