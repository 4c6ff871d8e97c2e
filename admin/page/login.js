/**
 * The page for logging in: exchanges a token for a cookie. The token is sent in
 * a header, so it is in no URL, and no page of another site can send it.
 *
 * @module
 */
import { byId } from "./dom.js";

const token = /** @type {HTMLInputElement} */ (byId("token"));

byId("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = byId("answer");
  answer.textContent = "";
  try {
    const response = await fetch(new URL("login", document.baseURI), {
      method: "POST",
      headers: { authorization: `Bearer ${token.value.trim()}` },
    });
    if (response.ok) return location.reload();
    answer.textContent = await response.text();
  } catch {
    // A header cannot have every character.
    answer.textContent = "The server does not answer, or this is no token.";
  }
});
