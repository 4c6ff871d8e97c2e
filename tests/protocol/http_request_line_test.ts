import { isHttpRequestLine } from "../../protocol/http_request_line.ts";
import { assert } from "../assert.ts";

Deno.test({
  name: "isHttpRequestLine() knows the first lines of browsers, and no others",
  permissions: "none",
  fn() {
    for (
      const line of [
        "GET / HTTP/1.1\r",
        "POST /a?b=c HTTP/1.1",
        "OPTIONS * HTTP/1.0\r",
        "CONNECT example.org:443 HTTP/1.1\r",
        "PRI * HTTP/2.0\r",
        "get http://127.0.0.1:8000/ HTTP/1.1\r",
        "IAMAT /kiwi HTTP/1.1\r",
        "X-Y_Z! / HTTP/9.9",
      ]
    ) assert(isHttpRequestLine(line), line);
    for (
      const line of [
        "",
        "GET /",
        "GET / HTTP/1",
        "GET / http/1.1",
        "GET / HTTP/1.1 ",
        "GET  / HTTP/1.1",
        " GET / HTTP/1.1",
        "GET / a HTTP/1.1",
        "G,T / HTTP/1.1",
        "GET / HTTP/1.1\r\r",
        "GET / HTTP/10.1",
        "IAMAT kiwi +34-118 1520023934",
      ]
    ) assert(!isHttpRequestLine(line), line);
  },
});
