/**
 * Reads addresses of the form `HOST:PORT`, and checks those that a program
 * passes.
 *
 * @module
 */
import { describe, expectedWholeNumber, isWholeNumber } from "./numbers.ts";
import type { Address } from "./types.ts";

const highestPort = 65_535;

/** The longest delay of a timer, in milliseconds: it is kept in 31 bits. */
const longestTimeoutMs = 2 ** 31 - 1;

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

/**
 * Checks the numbers of an address, and that no part of TLS is missing.
 *
 * @throws {RangeError} If one is invalid. The message names it.
 */
export function checkAddress(address: Address): void {
  const { port, timeoutMs = Infinity } = address;
  if (!isWholeNumber(port, 1, highestPort)) {
    throw new RangeError(
      `port: ${expectedWholeNumber(1, highestPort)}, found ${describe(port)}`,
    );
  }
  const isTimeout = typeof timeoutMs === "number" && timeoutMs > 0 &&
    (timeoutMs <= longestTimeoutMs || timeoutMs === Infinity);
  if (!isTimeout) {
    throw new RangeError(
      `timeoutMs: expected more than 0 and at most ${longestTimeoutMs} ` +
        `milliseconds, or Infinity, found ${describe(timeoutMs)}`,
    );
  }
  // Without one of them the certificate would not be sent.
  const { tlsAuthority, tlsCertificate, tlsKey } = address;
  if (tlsCertificate === undefined && tlsKey === undefined) return;
  const missing = Object.entries({ tlsAuthority, tlsCertificate, tlsKey })
    .find(([, text]) => text === undefined);
  if (missing === undefined) return;
  throw new RangeError(
    `${missing[0]}: expected a text in PEM, as a client certificate needs ` +
      "tlsCertificate, tlsKey and tlsAuthority",
  );
}
