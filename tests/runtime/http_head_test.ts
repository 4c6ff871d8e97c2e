import { type HttpHead, parseHead } from "../../runtime/http_head.ts";
import { headEnd } from "../../runtime/http_head.ts";
import { assert, assertEquals } from "../assert.ts";

const head = (...lines: string[]) =>
  lines.map((line) => `${line}\r\n`).join("");

function accepted(text: string): HttpHead {
  const parsed = parseHead(text);
  assert(!("status" in parsed), JSON.stringify(parsed));
  return parsed;
}

Deno.test({
  name: "parseHead() reads method, URL and header fields",
  permissions: "none",
  fn() {
    const { isPersistent, request } = accepted(
      head("GET /a?b=%41 HTTP/1.1", "Host: h.example:8200", "X-A:  1 \t"),
    );
    assertEquals(isPersistent, true);
    assertEquals(request.method, "GET");
    assertEquals(request.url, "http://h.example:8200/a?b=%41");
    assertEquals(request.headers.get("x-a"), "1");
    assertEquals(request.headers.get("host"), "h.example:8200");
    const whole = accepted(
      head("GET http://other.example/x HTTP/1.1", "Host: h.example"),
    );
    assertEquals(whole.request.url, "http://other.example/x");
    accepted("GET / HTTP/1.1\nHost: lines.in.lf\n\n");
  },
});

Deno.test({
  name: "parseHead() knows after which requests the connection ends",
  permissions: "none",
  fn() {
    const persistent = (version: string, ...fields: string[]) =>
      accepted(head(`GET / HTTP/${version}`, "Host: h", ...fields))
        .isPersistent;
    assertEquals(persistent("1.1"), true);
    assertEquals(persistent("1.1", "Content-Length: 0"), true);
    assertEquals(persistent("1.0"), false);
    assertEquals(persistent("1.1", "Connection: Close"), false);
    // Their bodies are not read.
    assertEquals(persistent("1.1", "Content-Length: 5"), false);
    assertEquals(persistent("1.1", "Transfer-Encoding: chunked"), false);
  },
});

Deno.test({
  name: "parseHead() refuses heads that are not HTTP/1.1",
  permissions: "none",
  fn() {
    const wrong = [
      "",
      "IAMAT kiwi +1+2 1",
      "GET /",
      "GET / HTTP/2.0",
      "GET  / HTTP/1.1",
      "GET /a b HTTP/1.1",
      "get / HTTP/1.1",
      "GET /\x00 HTTP/1.1",
      "GET /\xff HTTP/1.1",
      "GET * HTTP/1.1",
      "GET a HTTP/1.1",
      "GET ftp://h/ HTTP/1.1",
    ].map((first) => head(first, "Host: h"));
    const fields = [
      "Host: h\r\nHost: h",
      "X",
      "",
      "Host:",
      "Host: a b",
      "Host: h\r\n folded: line",
      "Host: h\r\nX-A: a\x00b",
      "Host: h\r\nX-A: a\rb",
      "Host: h\r\nX A: b",
      "Host: h\r\nX-A : b",
      "Host: h:99999",
      "Host: user@h",
      "Host: user:secret@h",
      `Host: h\r\n${"a: b\r\n".repeat(200)}`,
    ].map((field) => head("GET / HTTP/1.1", field));
    for (const text of [...wrong, ...fields]) {
      const parsed = parseHead(text);
      assert("status" in parsed, text);
      assertEquals(parsed.status, 400, text);
    }
    const connect = parseHead(head("TRACE / HTTP/1.1", "Host: h"));
    assertEquals("status" in connect && connect.status, 405);
  },
});

Deno.test({
  name: "headEnd() is after the first empty line",
  permissions: "none",
  fn() {
    assertEquals(headEnd("a\r\nb\r\n\r\nc"), 8);
    assertEquals(headEnd("a\nb\n\nc"), 5);
    assertEquals(headEnd("a\r\nb\r\n"), -1);
    assertEquals(headEnd(""), -1);
  },
});
