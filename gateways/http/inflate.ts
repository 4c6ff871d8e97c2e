/**
 * Decompresses bodies. The work is done outside of the event loop, and ends at a
 * limit, so that a small body cannot become a large one.
 *
 * @module
 */
import { maxBodyBytes } from "../readers/limits.ts";
import { HttpFault } from "./request_head.ts";

/** The body without gzip, or why it has none. */
export async function inflate(
  body: Uint8Array,
): Promise<Uint8Array | HttpFault> {
  // Loading it takes milliseconds, and few clients compress.
  const { gunzip } = await import("node:zlib");
  return await new Promise((resolve) => {
    gunzip(body, { maxOutputLength: maxBodyBytes }, (error, bytes) => {
      if (error === null) return resolve(bytes);
      const isTooLong = "code" in error &&
        error.code === "ERR_BUFFER_TOO_LARGE";
      resolve(
        isTooLong
          ? new HttpFault(
            413,
            `The body is too long without gzip: expected at most ${maxBodyBytes} bytes.`,
          )
          : new HttpFault(400, "The body is not in gzip."),
      );
    });
  });
}

/**
 * Whether a body is in gzip; a fault if it is in another coding, or in several.
 */
export function isGzip(coding: string | undefined): boolean | HttpFault {
  switch (coding?.trim().toLowerCase()) {
    case undefined:
    case "":
    case "identity":
      return false;
    case "gzip":
    case "x-gzip":
      return true;
    default:
      return new HttpFault(
        415,
        "The Content-Encoding is not known: expected gzip, once, or none.",
      );
  }
}
