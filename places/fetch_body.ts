/**
 * Fetches a whole body as bytes. The API key is removed from bodies and errors.
 *
 * @module
 */
import { type ByteString, decodeBytes } from "../protocol/bytes.ts";
import { firstBodyBytes, maxBodyBytes } from "./limits.ts";
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
      const response = await fetch(address, { ...init, redirect: "manual" });
      await refuseStatus(address, response);
      const body = await readBody(address, response);
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
  // Each chunk that is kept would keep the buffer of 64 KiB that it was read
  // into, however short it is.
  let bytes = new Uint8Array(firstBodyBytes);
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    const end = sizeBytes + chunk.length;
    if (end > maxBodyBytes) {
      throw new PlacesError(
        `${address.host} answered more than ${maxBodyBytes} bytes`,
      );
    }
    if (end > bytes.length) {
      const larger = new Uint8Array(Math.max(end, bytes.length * 2));
      larger.set(bytes.subarray(0, sizeBytes));
      bytes = larger;
    }
    bytes.set(chunk, sizeBytes);
    sizeBytes = end;
  }
  return decodeBytes(bytes, 0, sizeBytes);
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
