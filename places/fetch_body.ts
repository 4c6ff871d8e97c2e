/**
 * Fetches a whole body as bytes. The API key is removed from bodies and errors.
 *
 * @module
 */
import { type ByteString, decodeBytes } from "../protocol/bytes.ts";
import { SystemClock } from "../runtime/clock.ts";
import { chunkBytes, maxBodyBytes } from "./limits.ts";
import { PlacesError } from "./provider.ts";
import { createRedactor } from "./redact.ts";

/** A response with its whole body. */
export interface Fetched {
  /** The HTTP status: below 300, or 400 to 499. */
  readonly status: number;
  readonly body: ByteString;
}

/** Sends a request and reads the whole response. */
export type FetchBody = (
  address: URL,
  init: RequestInit & { readonly signal: AbortSignal },
) => Promise<Fetched>;

/**
 * Creates a function that makes requests with a key.
 *
 * It follows no redirect, as the key is meant only for the given address. It
 * throws a PlacesError if the body is incomplete or too long, or if the status
 * is 500 or more. `mayPass` is set for such a status and for a lost connection.
 *
 * @param key The key, which is part of the address or a header.
 */
export function createFetchBody(key: string): FetchBody {
  const redact = createRedactor(key);
  return async (address, init) => {
    try {
      await ownTurn();
      const response = await fetch(address, { ...init, redirect: "manual" });
      await refuseStatus(address, response);
      const body = await readBody(address, response);
      await ownTurn();
      return { status: response.status, body: redact(body) };
    } catch (error) {
      if (error instanceof PlacesError) throw error;
      const reason = redact(describe(error));
      throw new PlacesError(
        `asking ${address.host} failed: ${reason}`,
        isLostConnection(reason),
      );
    }
  };
}

const clock = new SystemClock();

let lastTurn: Promise<void> = Promise.resolve();

/**
 * Resolves in a turn of the event loop that no other call gets. The longest body
 * takes up to ten milliseconds to redact and parse, and several may arrive
 * together. Many requests may begin together, after others have timed out
 * together.
 */
export function ownTurn(): Promise<void> {
  return lastTurn = lastTurn.then(() =>
    new Promise((resolve) => clock.nextTurn(resolve))
  );
}

async function refuseStatus(address: URL, response: Response): Promise<void> {
  const { body, status } = response;
  const isFailing = status >= 500;
  if (!isFailing && (status < 300 || status >= 400)) return;
  await body?.cancel();
  throw new PlacesError(
    isFailing
      ? `${address.host} answered ${status}`
      : `${address.host} answered ${status}, a redirect, which is not followed`,
    isFailing,
  );
}

async function readBody(address: URL, response: Response): Promise<ByteString> {
  // Without a buffer of ours, each chunk is read into a new one of 64 KiB,
  // however short it is.
  const reader = response.body?.getReader({ mode: "byob" });
  let chunk = new Uint8Array(chunkBytes);
  let body = new Uint8Array(chunkBytes);
  let sizeBytes = 0;
  while (reader !== undefined) {
    const { done, value } = await reader.read(chunk);
    if (done) break;
    const end = sizeBytes + value.length;
    if (end > maxBodyBytes) {
      await reader.cancel();
      throw new PlacesError(
        `${address.host} answered more than ${maxBodyBytes} bytes`,
      );
    }
    if (end > body.length) {
      const larger = new Uint8Array(body.length * 2);
      larger.set(body.subarray(0, sizeBytes));
      body = larger;
    }
    body.set(value, sizeBytes);
    sizeBytes = end;
    chunk = new Uint8Array(value.buffer);
  }
  return decodeBytes(body, 0, sizeBytes);
}

/** An error's message without the address that Deno puts before it. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message } = error.cause instanceof Error ? error.cause : error;
  return message
    .replace(/^.*client error \(\w+\): /s, "")
    .replaceAll(/:? *https?:\/\/\S+/g, "");
}

/** Deno's messages for a lost connection. The last two are those of TLS. */
const lostConnection =
  /connection (?:closed|reset)|reading a body|broken pipe|peer closed connection|handshake eof/i;

/** Whether an established connection was lost. */
function isLostConnection(reason: string): boolean {
  return lostConnection.test(reason);
}
