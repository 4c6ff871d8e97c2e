/**
 * Replies of the administration port. Text from clients is sent only as JSON or
 * plain text, so that it cannot become markup.
 *
 * @module
 */

/**
 * Allows only contents from this port: no inline scripts or styles, nothing from
 * other origins, and no framing by other pages.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The headers of every reply. */
export const commonHeaders: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": contentSecurityPolicy,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

const plainText = "text/plain; charset=utf-8";

/** The type of JSON. */
export const jsonType = "application/json; charset=utf-8";

/** Replies with a sentence, without a full stop. */
export function replyText(
  status: number,
  sentence: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return reply(status, plainText, `${sentence}\n`, headers);
}

/** Replies with a value as JSON. */
export function replyJson(value: unknown, indent?: number): Response {
  const text = JSON.stringify(value, null, indent);
  return reply(200, jsonType, indent === undefined ? text : `${text}\n`);
}

export function reply(
  status: number,
  contentType: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body = new TextEncoder().encode(text);
  return new Response(body, {
    status,
    headers: {
      ...commonHeaders,
      "content-type": contentType,
      "content-length": String(body.length),
      ...headers,
    },
  });
}
