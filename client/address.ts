/**
 * Reads addresses of the form `HOST:PORT`.
 *
 * @module
 */
import type { Address } from "./types.ts";

const highestPort = 65_535;

/**
 * Reads `HOST:PORT`, such as `127.0.0.1:8000`, `hill.example:8000` or
 * `[::1]:8000`.
 *
 * @throws {RangeError} If the text has another form. The message quotes it.
 */
export function parseAddress(text: string): Address {
  const [, bracketed, name, digits] =
    text.match(/^(?:\[([^\]\s]+)\]|([^:\s]+)):(\d{1,5})$/) ?? [];
  const hostname = bracketed ?? name;
  const port = Number(digits);
  if (hostname === undefined || port < 1 || port > highestPort) {
    throw new RangeError(
      "expected HOST:PORT, such as 127.0.0.1:8000, found " +
        JSON.stringify(text),
    );
  }
  return { hostname, port };
}
