/**
 * The head of an HTTP/1.1 request (RFC 9112): the request line and the header
 * fields. It says how many bytes of a body follow.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";

/** The head of a request. */
export interface HttpHead {
  /** The request without its body. */
  readonly request: Request;
  /**
   * How many bytes of a body follow the head; undefined if there is none, or if
   * its length is not in the head.
   */
  readonly bodyBytes: number | undefined;
  /** Whether the connection can be used for another request. */
  readonly isPersistent: boolean;
}

/** Why a head is refused. */
export interface HttpFault {
  readonly status: number;
  readonly text: string;
}

/** Most header fields of a request: browsers send about twenty. */
const maxFields = 100;

/** Only visible ASCII can be in a target (RFC 3986). */
const requestLine = /^([A-Z]{1,20}) ([\x21-\x7e]+) HTTP\/1\.([01])$/;

/** A name is a token (RFC 9110, 5.6.2). A value has no control characters. */
const headerField = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;

/** An absolute target, as proxies send it. */
const absoluteTarget = /^https?:\/\//i;

/**
 * The index after the empty line that ends the head, or -1. A line ends in CR LF
 * or LF.
 */
export function headEnd(bytes: ByteString): number {
  const found = bytes.match(/\r?\n\r?\n/);
  return found === null ? -1 : found.index! + found[0].length;
}

/** Parses a whole head, with or without its empty line. */
export function parseHead(head: ByteString): HttpHead | HttpFault {
  const [first, ...lines] = head.trimEnd().split(/\r?\n/);
  const [, method, target, minor] = first.match(requestLine) ?? [];
  if (method === undefined) return refuse("the request line is invalid");
  if (lines.length > maxFields) return refuse("there are too many fields");
  const headers = new Headers();
  for (const line of lines) {
    const [, name, value] = line.match(headerField) ?? [];
    if (name === undefined) return refuse("a header field is invalid");
    if (name.toLowerCase() === "host" && headers.has("host")) {
      return refuse("there are two Host headers");
    }
    headers.append(name, value.trimEnd());
  }
  const host = headers.get("host");
  if (host === null || host === "") return refuse("the Host header is missing");
  const url = absoluteTarget.test(target) ? target : `http://${host}${target}`;
  const isOriginForm = target.startsWith("/") || absoluteTarget.test(target);
  const parsed = isOriginForm ? URL.parse(url) : null;
  if (parsed === null || parsed.username + parsed.password !== "") {
    return refuse("the Host header or the target is invalid");
  }
  // `Request` refuses these methods.
  if (/^(CONNECT|TRACE|TRACK)$/.test(method)) {
    return { status: 405, text: "expected GET or HEAD" };
  }
  const hasBody = headers.has("transfer-encoding") ||
    (headers.get("content-length") ?? "0") !== "0";
  const isPersistent = minor === "1" && !hasBody &&
    !/\bclose\b/i.test(headers.get("connection") ?? "");
  const length = headers.get("content-length") ?? "";
  const hasLength = method === "POST" && hasBody &&
    !headers.has("transfer-encoding") && /^\d{1,9}$/.test(length);
  return {
    request: new Request(url, { method, headers }),
    bodyBytes: hasLength ? Number(length) : undefined,
    isPersistent,
  };
}

function refuse(text: string): HttpFault {
  return { status: 400, text };
}
