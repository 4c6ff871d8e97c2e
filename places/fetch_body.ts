/**
 * Fetches a body as bytes, whole or not at all. Whatever goes wrong is told
 * without the address, which may hold a key.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { ByteString } from "../protocol/bytes.ts";
import { maxBodyBytes } from "./limits.ts";
import { PlacesError } from "./provider.ts";

/** A response with its whole body. */
export interface Fetched {
  /** The HTTP status. */
  readonly status: number;
  readonly body: ByteString;
}

/**
 * Asks and reads the answer to its end. Follows no redirect: the key is meant
 * for the address that was asked.
 *
 * @throws {PlacesError} If there is no whole body within the limit.
 */
export async function fetchBody(
  address: URL,
  init: RequestInit,
  signal: AbortSignal,
): Promise<Fetched> {
  try {
    const response = await fetch(address, {
      ...init,
      redirect: "manual",
      signal,
    });
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      throw new PlacesError(`${address.host} answered with a redirect`);
    }
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
    const body = Buffer.concat(chunks).toString("latin1");
    return { status: response.status, body };
  } catch (error) {
    if (error instanceof PlacesError) throw error;
    const name = error instanceof Error ? error.name : "unknown";
    throw new PlacesError(`asking ${address.host} failed (${name})`);
  }
}
