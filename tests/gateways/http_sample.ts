/**
 * Splits a sample of HTTP requests, byte for byte as on a connection, into
 * requests as a gateway passes them to the readers.
 *
 * @module
 */
import { gunzipSync } from "node:zlib";
import type { GatewayRequest } from "../../gateways/readers/recognize.ts";
import { type ByteString, encodeBytes } from "../../protocol/bytes.ts";

/** All requests of a connection. Each head ends in CR LF CR LF. */
export function parseRequests(bytes: ByteString): GatewayRequest[] {
  const requests: GatewayRequest[] = [];
  for (let at = 0; at < bytes.length;) {
    const headEnd = bytes.indexOf("\r\n\r\n", at);
    const [first, ...lines] = bytes.slice(at, headEnd).split("\r\n");
    const [method, target] = first.split(" ");
    const headers = new Map(lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }));
    const bodyStart = headEnd + 4;
    at = bodyStart + Number(headers.get("content-length") ?? "0");
    const sent = encodeBytes(bytes.slice(bodyStart, at));
    const body = headers.get("content-encoding") === "gzip"
      ? new Uint8Array(gunzipSync(sent))
      : sent;
    requests.push({ method, ...splitTarget(target), headers, body });
  }
  return requests;
}

/** Path and query of a target in origin form. */
export function splitTarget(
  target: ByteString,
): { path: ByteString; query: ByteString } {
  const mark = target.indexOf("?");
  return mark < 0
    ? { path: target, query: "" }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** A request with this target; a POST if there is a body. */
export function requestOf(
  target: ByteString,
  body: ByteString = "",
  headers: Readonly<Record<string, ByteString>> = {},
): GatewayRequest {
  return {
    method: body === "" ? "GET" : "POST",
    ...splitTarget(target),
    headers: new Map(Object.entries(headers)),
    body: encodeBytes(body),
  };
}
