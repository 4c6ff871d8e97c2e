import {
  HttpFault,
  type RequestHead,
} from "../../../gateways/http/request_head.ts";
import {
  loadParser,
  RequestParser,
} from "../../../gateways/http/request_parser.ts";
import { maxKeptHeadBytes } from "../../../gateways/http/limits.ts";
import {
  type ByteString,
  decodeBytes,
  encodeBytes,
} from "../../../protocol/bytes.ts";
import { assert, assertEquals } from "../../assert.ts";

await loadParser();

/** The requests of a stream as text, and the fault that ends it. */
function parse(chunks: readonly ByteString[]): string[] {
  const found: string[] = [];
  let body = "";
  let head: RequestHead | undefined;
  const parser = new RequestParser({
    onHead: (next) => head = next,
    onBody: (bytes) => body += decodeBytes(bytes, 0, bytes.length),
    onEnd() {
      const { isPersistent, method, path, query } = head!;
      const target = query === undefined ? path : `${path}?${query}`;
      found.push(`${method} ${target} ${isPersistent} ${body}`.trimEnd());
      body = "";
    },
  });
  for (const chunk of chunks) {
    const result = parser.push(encodeBytes(chunk), 0, chunk.length);
    if (result instanceof HttpFault) {
      return [...found, `${result.status} ${result.message}`];
    }
  }
  return found;
}

const request = (...lines: readonly string[]) =>
  [...lines, "", ""].join("\r\n");
const post = (fields: readonly string[], body: string) =>
  request("POST /pub HTTP/1.1", "Host: h", ...fields) + body;

/** Streams that are taken, and their requests. */
const taken: [stream: string, ...requests: string[]][] = [
  [request("GET /a?b=c HTTP/1.1", "Host: h"), "GET /a?b=c true"],
  [request("GET / HTTP/1.0"), "GET / false"],
  [request("GET / HTTP/1.0", "Connection: keep-alive"), "GET / true"],
  [request("GET / HTTP/1.1", "Host: h", "Connection: close"), "GET / false"],
  ["\r\n\r\n" + request("GET / HTTP/1.1", "host:h"), "GET / true"],
  [request("GET http://h:1/a?b HTTP/1.1", "Host: h"), "GET /a?b true"],
  [request("OPTIONS * HTTP/1.1", "Host: h"), "OPTIONS * true"],
  [request("GET /\xc3\xa9 HTTP/1.1", "Host: h"), "GET /\xc3\xa9 true"],
  [post(["Content-Length: 3"], "abc"), "POST /pub true abc"],
  [
    post(
      ["Transfer-Encoding: Chunked"],
      "3\r\nabc\r\n00a;x=y\r\n0123456789\r\n0\r\n\r\n",
    ),
    "POST /pub true abc0123456789",
  ],
  [
    post(["Transfer-Encoding: chunked"], "1\r\na\r\n0\r\nTrailer: x\r\n\r\n"),
    "POST /pub true a",
  ],
  [
    post(["Content-Length: 1"], "a") + request("GET /b HTTP/1.1", "Host: h"),
    "POST /pub true a",
    "GET /b true",
  ],
];

/** As Java's HttpClient sends it. */
const h2c = [
  "Connection: Upgrade, HTTP2-Settings",
  "Upgrade: h2c",
  "HTTP2-Settings: AAEAAEAA",
];
taken.push(
  [
    post([...h2c, "Content-Length: 3"], "abc") +
    request("GET /b HTTP/1.1", "Host: h"),
    "POST /pub true abc",
    "GET /b true",
  ],
  [
    post([...h2c, "Transfer-Encoding: chunked"], "1\r\na\r\n0\r\n\r\n") +
    request("GET /b HTTP/1.1", "Host: h"),
    "POST /pub true a",
    "GET /b true",
  ],
);

const twice = (name: string) => `400 There are two ${name} fields.`;
const bareLine = "400 A line does not end in CR LF.";
const badField = "400 A header field is not NAME: VALUE in one line.";
const badSize = "400 The size of a chunk is no hexadecimal number.";
const badLength = "400 Content-Length is not a number.";

/** Streams that are refused. */
const refused: readonly [stream: string, fault: string][] = [
  [
    post(["Content-Length: 3", "Transfer-Encoding: chunked"], "0\r\n\r\n"),
    "400 Content-Length and Transfer-Encoding are both given.",
  ],
  [
    post(["Content-Length: 3", "Content-Length: 3"], "abc"),
    twice("Content-Length"),
  ],
  [
    post(["Content-Length: 3", "content-length: 4"], "abc"),
    twice("content-length"),
  ],
  [
    post(["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], ""),
    twice("Transfer-Encoding"),
  ],
  [post(["Content-Length: 3, 3"], "abc"), badLength],
  [post(["Content-Length: +3"], "abc"), badLength],
  [post(["Content-Length: 0x3"], "abc"), badLength],
  [post(["Content-Length: 3e0"], "abc"), badLength],
  [post(["Content-Length: -3"], "abc"), badLength],
  [post(["Content-Length:"], "abc"), badLength],
  [post(["Content-Length : 3"], "abc"), badField],
  [post(["Content-Length\t: 3"], "abc"), badField],
  [post([" Content-Length: 3"], "abc"), badField],
  [post(["X: a", " folded"], ""), badField],
  [post(["X: a", "\tfolded"], ""), badField],
  [post(["no colon"], ""), badField],
  [post([": no name"], ""), badField],
  [post(["X: a\x00b"], ""), badField],
  [post(["X: a\x7fb"], ""), badField],
  [post(["X: a\rContent-Length: 3"], ""), bareLine],
  [post(["X: a\nContent-Length: 3"], ""), bareLine],
  ["GET / HTTP/1.1\nHost: h\n\n", bareLine],
  ["GET / HTTP/1.1\r\nHost: h\n\r\n", bareLine],
  ["GET / HTTP/1.1\r\nHost: h\r\n\n", bareLine],
  ["\n" + request("GET / HTTP/1.1", "Host: h"), bareLine],
  [
    post(["Transfer-Encoding: gzip, chunked"], ""),
    "501 The Transfer-Encoding is not chunked.",
  ],
  [
    post(["Transfer-Encoding: identity"], ""),
    "501 The Transfer-Encoding is not chunked.",
  ],
  [
    post(["Transfer-Encoding: xchunked"], ""),
    "501 The Transfer-Encoding is not chunked.",
  ],
  [
    post(["Transfer-Encoding:"], ""),
    "501 The Transfer-Encoding is not chunked.",
  ],
  [
    request("POST / HTTP/1.0", "Transfer-Encoding: chunked"),
    "400 HTTP/1.0 has no Transfer-Encoding.",
  ],
  [request("GET / HTTP/1.1"), "400 The Host field is missing."],
  [request("GET / HTTP/1.1", "Host: a", "Host: b"), twice("Host")],
  [request("GET / HTTP/2.0", "Host: h"), "505 The version is not HTTP/1.1."],
  [request("GET / HTTP/1.2", "Host: h"), "505 The version is not HTTP/1.1."],
  [
    request("GET  / HTTP/1.1", "Host: h"),
    "400 The request line is invalid: expected METHOD TARGET HTTP/1.1.",
  ],
  [
    request("GET / HTTP/1.1 ", "Host: h"),
    "400 The request line is invalid: expected METHOD TARGET HTTP/1.1.",
  ],
  [
    request("NONE / HTTP/1.1", "Host: h"),
    "501 The method is not known: expected GET or POST.",
  ],
  [
    request("CONNECT h:1 HTTP/1.1", "Host: h"),
    "400 The request target is invalid: expected a path.",
  ],
  [
    request("GET a HTTP/1.1", "Host: h"),
    "400 The request target is invalid: expected a path.",
  ],
  [
    request("GET * HTTP/1.1", "Host: h"),
    "400 The request target is invalid: expected a path.",
  ],
  [
    request("GET /a#b HTTP/1.1", "Host: h"),
    "400 The request target is invalid: expected a path.",
  ],
  [
    post(
      ["Connection: Upgrade", "Upgrade: websocket", "Content-Length: 1"],
      "a",
    ),
    "400 A request for a WebSocket has a body.",
  ],
  [
    post([
      "Connection: Upgrade",
      "Upgrade: h2c, WebSocket",
      "Transfer-Encoding: chunked",
    ], "0\r\n\r\n"),
    "400 A request for a WebSocket has a body.",
  ],
  ...["g", "-1", "0x1", "1 2", "", "123456789", "1\x00"].map((
    size,
  ): [string, string] => [
    post(["Transfer-Encoding: chunked"], `${size}\r\na\r\n0\r\n\r\n`),
    badSize,
  ]),
  [post(["Transfer-Encoding: chunked"], "1\na\r\n0\r\n\r\n"), bareLine],
  [
    post(["Transfer-Encoding: chunked"], "1\r\nab\r\n0\r\n\r\n"),
    "400 A chunk does not end in CR LF.",
  ],
  [
    post(["Transfer-Encoding: chunked"], `1;${"x".repeat(300)}\r\na\r\n`),
    "400 The line before a chunk is too long.",
  ],
  [
    post(["Transfer-Encoding: chunked"], `0\r\nX: a\n\r\n`),
    bareLine,
  ],
  [
    post(
      ["Transfer-Encoding: chunked"],
      `0\r\n${"X: a\r\n".repeat(4_000)}\r\n`,
    ),
    "431 There are too many header fields: expected at most 100.",
  ],
  [
    post([`X: ${"a".repeat(17_000)}`], ""),
    "431 The header fields are too long: expected at most 16384 bytes.",
  ],
  [
    "\r\n".repeat(9_000),
    "431 The header fields are too long: expected at most 16384 bytes.",
  ],
  [
    post(Array.from({ length: 101 }, (_, index) => `X${index}: a`), ""),
    "431 There are too many header fields: expected at most 100.",
  ],
];

Deno.test({
  name: "the parser takes requests, and finds where each of them ends",
  permissions: "none",
  fn() {
    for (const [stream, ...requests] of taken) {
      assertEquals(parse([stream]), requests, JSON.stringify(stream));
    }
  },
});

Deno.test({
  name: "the parser refuses what other servers could read in another way",
  permissions: "none",
  fn() {
    for (const [stream, fault] of refused) {
      assertEquals(parse([stream]).at(-1), fault, JSON.stringify(stream));
    }
  },
});

Deno.test({
  name: "the parser gives the same wherever a stream is split",
  permissions: "none",
  fn() {
    const streams = [...taken, ...refused].map(([stream]) => stream)
      .filter((stream) => stream.length < 500);
    assert(streams.length > 50);
    for (const stream of streams) {
      const whole = parse([stream]);
      for (let cut = 1; cut < stream.length; cut++) {
        const parts = [stream.slice(0, cut), stream.slice(cut)];
        assertEquals(parse(parts), whole, JSON.stringify(parts));
      }
      assertEquals(parse([...stream]), whole, JSON.stringify(stream));
    }
  },
});

Deno.test({
  name: "the parser keeps the bytes of header fields",
  permissions: "none",
  fn() {
    let headers: ReadonlyMap<string, ByteString> = new Map();
    const parser = new RequestParser({
      onHead: (head) => headers = head.headers,
      onBody() {},
      onEnd() {},
    });
    const bytes = encodeBytes(request(
      "GET / HTTP/1.1",
      "Host: h",
      "X-Limit-U: \t\xc3\xa9\xa0 \t",
      "x-limit-u: b",
      "X-Empty:",
    ));
    parser.push(bytes, 0, bytes.length);
    assertEquals(headers.get("x-limit-u"), "\xc3\xa9\xa0, b");
    assertEquals(headers.get("x-empty"), "");
  },
});

/** The heads and bodies of a stream, given in chunks. */
function headsOf(chunks: readonly ByteString[]) {
  const heads: RequestHead[] = [];
  const bodies: ByteString[] = [];
  let body = "";
  const parser = new RequestParser({
    onHead: (head) => heads.push(head),
    onBody: (bytes) => body += decodeBytes(bytes, 0, bytes.length),
    onEnd() {
      bodies.push(body);
      body = "";
    },
  });
  for (const chunk of chunks) {
    // The buffer of a connection is used again.
    const bytes = encodeBytes(`xx${chunk}yy`);
    const result = parser.push(bytes, 2, 2 + chunk.length);
    assertEquals(result, 2 + chunk.length);
    bytes.fill(0);
  }
  assert(!parser.isWithinRequest);
  return { bodies, heads };
}

Deno.test({
  name: "a head with the bytes of the last one is taken without parsing",
  permissions: "none",
  fn() {
    const one = post(["X: 1", "Content-Length: 3"], "abc");
    const other = post(["X: 2", "Content-Length: 3"], "def");
    const { bodies, heads } = headsOf([one, one, other, other, one + one]);
    assertEquals(bodies, ["abc", "abc", "def", "def", "abc", "abc"]);
    assert(heads[0] === heads[1] && heads[2] === heads[3]);
    assert(heads[1] !== heads[2] && heads[4] !== heads[3]);
    assertEquals(heads.map(({ headers }) => headers.get("x")), [
      ..."112211",
    ]);
    // Its end, and its body, may come later.
    for (let at = 1; at < one.length; at++) {
      const split = [one, one.slice(0, at), one.slice(at), other];
      assertEquals(headsOf(split).bodies, ["abc", "abc", "def"], `${at}`);
    }
  },
});

Deno.test({
  name: "a head is not kept if it is long, or has no body of known length",
  permissions: "none",
  fn() {
    const long = "x".repeat(maxKeptHeadBytes);
    for (
      const text of [
        request("GET / HTTP/1.1", "Host: h"),
        post(["Transfer-Encoding: chunked"], "1\r\na\r\n0\r\n\r\n"),
        post(["Expect: 100-continue", "Content-Length: 1"], "a"),
        post([`X: ${long}`, "Content-Length: 1"], "a"),
      ]
    ) {
      const { heads } = headsOf([text, text]);
      assert(heads[0] !== heads[1], text.slice(0, 80));
    }
  },
});
