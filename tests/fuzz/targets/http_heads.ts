/**
 * The parser of HTTP heads, `runtime/http_head.ts`.
 *
 * For every input:
 *
 * - the head ends after the first empty line;
 * - a refusal has a status of the client's faults, and a text of one line;
 * - an accepted head has three words of visible ASCII in its first line, one
 *   Host header, and no control characters; the request has its method and all
 *   its fields; no request follows one with a body.
 *
 * @module
 */
import { headEnd, parseHead } from "../../../runtime/http_head.ts";
import type { ByteString } from "../../../protocol/bytes.ts";
import { demand, demandSame, magnitude, type Target } from "../target.ts";

/** @param parse The parser under test. */
export function httpHeadsTarget(parse = parseHead): Target {
  return {
    name: "http_heads",
    tokens: [
      "GET / HTTP/1.1\r\n",
      "HEAD ",
      " HTTP/1.0\r\n",
      "http://h/",
      "Host: h\r\n",
      "host:h:8200\r\n",
      "Host: user@h\r\n",
      "Content-Length: 5\r\n",
      "Content-Length: 0\r\n",
      "Transfer-Encoding: chunked\r\n",
      "Connection: close\r\n",
      "\r\n",
      "\n",
      "\r",
      " ",
      "\t",
      ":",
      "\x00",
      "\xff",
      "/../",
      "%00",
    ],
    check(input) {
      const end = headEnd(input);
      const plain = input.replaceAll("\r\n", "\n");
      demandSame("an end", end >= 0, /\n\n/.test(plain));
      if (end < 0) return "no end";
      const head = input.slice(0, end);
      demand("an empty line", /\n\r?\n$/.test(head));
      demandSame("no earlier end", headEnd(head.slice(0, -1)), -1);
      const result = parse(head);
      if ("status" in result) {
        demand("a status", result.status === 400 || result.status === 405);
        demand("a text", /^[\x20-\x7e]+$/.test(result.text));
        return `${result.status} ${result.text}`;
      }
      return checkRequest(head, result);
    },
  };
}

function checkRequest(
  head: ByteString,
  { isPersistent, request }: Exclude<ReturnType<typeof parseHead>, {
    status: number;
  }>,
): string {
  const lines = head.replaceAll("\r\n", "\n").trimEnd().split("\n");
  const [first, ...fields] = lines;
  const words = first.split(" ");
  demandSame("three words", words.length, 3);
  demand("visible words", words.every((word) => /^[\x21-\x7e]+$/.test(word)));
  demandSame("the method", request.method, words[0]);
  demandSame("a version", words[2].slice(0, 7), "HTTP/1.");
  const isControl = (character: string) =>
    character < " " && character !== "\t" || character === "\x7f";
  demand("no control characters", !Array.from(fields.join()).some(isControl));
  const names = fields.map((field) => field.split(":")[0].toLowerCase());
  const hosts = names.filter((name) => name === "host");
  demandSame("one host", hosts.length, 1);
  for (const name of names) demand("a field", request.headers.has(name));
  const lengths = fields.filter((_, index) =>
    names[index] === "content-length"
  );
  const hasBody = names.includes("transfer-encoding") ||
    lengths.some((field) => !/: *0 *$/.test(field.replaceAll("\t", " ")));
  if (hasBody) demandSame("an end after a body", isPersistent, false);
  demand("a URL", /^https?:\/\//.test(request.url));
  return `${words[2]} ${isPersistent} ${hasBody} ${magnitude(fields.length)}`;
}
