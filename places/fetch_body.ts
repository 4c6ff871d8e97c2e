/**
 * Fetches a body as bytes, whole or not at all. Neither a body nor an error
 * that comes from here holds the key that went out.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { ByteString } from "../protocol/bytes.ts";
import { maxBodyBytes } from "./limits.ts";
import { PlacesError } from "./provider.ts";
import { createRedactor } from "./redact.ts";

/** A response with its whole body. */
export interface Fetched {
  /** The HTTP status: below 300, or 400 to 499. */
  readonly status: number;
  readonly body: ByteString;
}

/** Asks an address and reads the answer to its end. */
export type FetchBody = (
  address: URL,
  init: RequestInit & { readonly signal: AbortSignal },
) => Promise<Fetched>;

/**
 * The way to ask with a key.
 *
 * It follows no redirect: the key is meant for the address that was asked. It
 * throws a PlacesError if there is no whole body within the limit, or the
 * service is failing (a status of 500 or more); such an error may pass if the
 * service is failing or the connection was lost.
 *
 * @param key Goes out in the address or in a header, and never comes back.
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
      const why = redact(describe(error));
      throw new PlacesError(
        `asking ${address.host} failed: ${why}`,
        isLostConnection(why),
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
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBodyBytes) {
      throw new PlacesError(
        `${address.host} answered more than ${maxBodyBytes} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("latin1");
}

/** What went wrong, without the address that Deno puts before it. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message } = error.cause instanceof Error ? error.cause : error;
  return message
    .replace(/^.*client error \(\w+\): /s, "")
    .replaceAll(/:? *https?:\/\/\S+/g, "");
}

/** Deno's words, the last two for encrypted connections. */
const lostConnection =
  /connection (?:closed|reset)|reading a body|broken pipe|peer closed connection|handshake eof/i;

/** Whether a connection that was there has gone. */
function isLostConnection(why: string): boolean {
  return lostConnection.test(why);
}
