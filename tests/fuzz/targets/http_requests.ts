/**
 * The framing of HTTP requests, `gateways/http/strict_parser.ts`.
 *
 * For every stream:
 *
 * - the requests and the fault do not depend on how it is split;
 * - a fault has a status of the client's faults, and a text of one line;
 * - a second, simple reader finds the same requests one after the other, with
 *   the same methods, targets and bodies, in the bytes before the fault. It
 *   knows only lines that end in CR LF, and one way to say a length.
 *
 * @module
 */
import {
  HttpFault,
  type RequestHead,
} from "../../../gateways/http/request_head.ts";
import {
  loadParser,
  RequestParser,
} from "../../../gateways/http/request_parser.ts";
import {
  type ByteString,
  decodeBytes,
  encodeBytes,
} from "../../../protocol/bytes.ts";
import { chunkings } from "../chunks.ts";
import { demand, demandAlike, magnitude, type Target } from "../target.ts";

await loadParser();

/** A whole request. */
export interface FoundRequest {
  readonly method: string;
  readonly target: ByteString;
  readonly body: ByteString;
}

/** The requests of a stream, and the fault that ends it. */
export interface FoundRequests {
  readonly requests: readonly FoundRequest[];
  readonly fault: readonly [status: number, text: string] | undefined;
}

/** Reads a stream, given in chunks. */
export type ReadRequests = (chunks: readonly ByteString[]) => FoundRequests;

/** The real parser. */
export const readRequests: ReadRequests = (chunks) => {
  const requests: FoundRequest[] = [];
  let head: RequestHead | undefined;
  let body = "";
  const parser = new RequestParser({
    onHead: (next) => head = next,
    onBody: (bytes) => body += decodeBytes(bytes, 0, bytes.length),
    onEnd() {
      const { method, path, query } = head!;
      const target = query === undefined ? path : `${path}?${query}`;
      requests.push({ method, target, body });
      body = "";
    },
  });
  for (const chunk of chunks) {
    const bytes = encodeBytes(chunk);
    for (let at = 0; at < bytes.length;) {
      const parsed = parser.push(bytes, at, bytes.length);
      if (parsed instanceof HttpFault) {
        return { requests, fault: [parsed.status, parsed.message] };
      }
      at = parsed;
    }
  }
  return { requests, fault: undefined };
};

/** @param read The reader under test. */
export function httpRequestsTarget(read = readRequests): Target {
  return {
    name: "http_requests",
    tokens: [
      "GET / HTTP/1.1\r\n",
      "POST /pub?u=m HTTP/1.1\r\n",
      "HEAD ",
      " HTTP/1.0\r\n",
      "http://h/",
      "Host: h\r\n",
      "Content-Length: 5\r\n",
      "Content-Length: 0\r\n",
      "content-length:\t1 \r\n",
      "Transfer-Encoding: chunked\r\n",
      "transfer-encoding: Chunked\r\n",
      "Transfer-Encoding: gzip, chunked\r\n",
      "Connection: close\r\n",
      "Connection: Upgrade\r\nUpgrade: websocket\r\n",
      "Expect: 100-continue\r\n",
      "5\r\n12345\r\n",
      "a;b=c\r\n0123456789\r\n",
      "0\r\n\r\n",
      "0\r\nX: y\r\n\r\n",
      "\r\n\r\n",
      "\r\n",
      "\n",
      "\r",
      " ",
      "\t",
      "+",
      "0x",
      "\x00",
      "\xff",
    ],
    check(input) {
      const [whole, ...others] = chunkings(input).map(read);
      for (const other of others) demandAlike("other chunks", other, whole);
      const { fault, requests } = whole;
      if (fault !== undefined) {
        const [status, text] = fault;
        demand("a status", [400, 417, 431, 501, 505].includes(status));
        demand("a text", /^[\x20-\x7e]+$/.test(text));
      }
      let rest = input;
      for (const request of requests) {
        const found = firstRequest(rest);
        demand("a request for the simple reader", found !== undefined);
        demandAlike("the request", found!.request, request);
        rest = rest.slice(found!.length);
      }
      const bodies = requests.filter(({ body }) => body !== "").length;
      return `${magnitude(requests.length)} ${magnitude(bodies)} ${
        fault?.join(" ") ?? magnitude(rest.length)
      }`;
    },
  };
}

/** The first request of a stream; undefined if there is none. */
function firstRequest(
  stream: ByteString,
): { request: FoundRequest; length: number } | undefined {
  const blank = /^(?:\r\n)*/.exec(stream)![0].length;
  const end = stream.indexOf("\r\n\r\n", blank);
  if (end < 0) return undefined;
  const [first, ...fields] = stream.slice(blank, end).split("\r\n");
  const [method, url, version, ...more] = first.split(" ");
  const isClean = [first, ...fields].every((line) => !/[\r\n]/.test(line)) &&
    fields.every((field) => /^[^\s:]+:/.test(field));
  if (more.length > 0 || !/^HTTP\/1\.[01]$/.test(version) || !isClean) {
    return undefined;
  }
  const valuesOf = (name: string) =>
    fields.filter((field) => field.toLowerCase().startsWith(`${name}:`))
      .map((field) =>
        field.slice(name.length + 1).replace(/^[ \t]+|[ \t]+$/g, "")
      );
  const lengths = valuesOf("content-length");
  const codings = valuesOf("transfer-encoding");
  if (lengths.length + codings.length > 1) return undefined;
  const start = end + 4;
  const body = codings.length > 0
    ? codings[0].toLowerCase() === "chunked"
      ? chunkedBody(stream.slice(start))
      : undefined
    : sizedBody(stream.slice(start), lengths.at(0) ?? "0");
  if (body === undefined) return undefined;
  const path = url.replace(/^https?:\/\/[^/?]*/i, "");
  const target = path.startsWith("/") || path === "*" ? path : `/${path}`;
  return {
    request: { method, target, body: body.text },
    length: start + body.length,
  };
}

interface SimpleBody {
  readonly text: ByteString;
  /** Bytes of the stream that it takes. */
  readonly length: number;
}

function sizedBody(rest: ByteString, length: string): SimpleBody | undefined {
  if (!/^[0-9]+$/.test(length) || rest.length < Number(length)) {
    return undefined;
  }
  return { text: rest.slice(0, Number(length)), length: Number(length) };
}

function chunkedBody(rest: ByteString): SimpleBody | undefined {
  let text = "";
  for (let at = 0;;) {
    const lineEnd = rest.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const [size] = rest.slice(at, lineEnd).split(/[; \t]/);
    if (!/^[0-9a-f]+$/i.test(size)) return undefined;
    const start = lineEnd + 2;
    const bytes = parseInt(size, 16);
    if (bytes === 0) {
      const trailer = /^(?:[^\r\n]+\r\n)*\r\n/.exec(rest.slice(start));
      return trailer === null
        ? undefined
        : { text, length: start + trailer[0].length };
    }
    if (rest.slice(start + bytes, start + bytes + 2) !== "\r\n") {
      return undefined;
    }
    text += rest.slice(start, start + bytes);
    at = start + bytes + 2;
  }
}
