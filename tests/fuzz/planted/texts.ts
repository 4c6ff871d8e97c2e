/**
 * Faults in the handling of texts from clients and places services.
 *
 * @module
 */
import { escapeBytes } from "../../../log/escape.ts";
import { renderNearby } from "../../../places/google_new_shape.ts";
import { Body } from "../../../places/trim.ts";
import { bytesOfText, textOfBytes } from "../../../protocol/bytes.ts";
import { parseHead } from "../../../runtime/http_head.ts";
import { readSummaryLine } from "../../../peers/replication/summary_flood.ts";
import { parseSummary } from "../../../server/status/summary.ts";
import { bodiesTarget } from "../targets/bodies.ts";
import { escapesTarget } from "../targets/escapes.ts";
import { httpHeadsTarget } from "../targets/http_heads.ts";
import { keysTarget } from "../targets/keys.ts";
import { newBodiesTarget } from "../targets/new_bodies.ts";
import { summariesTarget } from "../targets/summaries.ts";
import type { PlantedFault } from "./planted_fault.ts";

/** Faults in the trimmer, the renderer, the redactor and the log. */
export const textFaults: readonly PlantedFault[] = [
  {
    fault: "a trimmer removes one result too many",
    target: bodiesTarget((text) => {
      const body = new Body(text);
      const cut = (bound: number) => body.cut(bound > 1 ? bound - 1 : bound);
      return { cut, status: body.status };
    }),
    from: "empty-list",
  },
  {
    fault: "a trimmer reformats the JSON",
    target: bodiesTarget((text) => {
      const { status } = new Body(text);
      const value = JSON.parse(textOfBytes(text));
      const cut = (bound: number) =>
        bytesOfText(
          JSON.stringify({ ...value, results: value.results.slice(0, bound) }),
        );
      return { cut, status };
    }),
    from: "squeezed",
  },
  {
    fault: "a trimmer leaves empty lines",
    target: bodiesTarget((text) => {
      const body = new Body(text);
      const cut = (bound: number) =>
        body.cut(bound).replace(/\n/, /\n\n/.test(text) ? "\n\n" : "\n");
      return { cut, status: body.status };
    }),
    from: "of-google",
  },
  {
    fault: "a < from the new API is not escaped",
    target: newBodiesTarget((body, httpStatus) =>
      renderNearby(body, httpStatus).replaceAll("\\u003c", "<")
    ),
    from: "error-denied",
  },
  {
    fault: "a request with two hosts is accepted",
    target: httpHeadsTarget((head) =>
      parseHead(head.replace(/^host:.*\n(?=[^]*^host:)/im, ""))
    ),
    from: "get",
  },
  {
    fault: "a request may follow one with a body",
    target: httpHeadsTarget((head) => {
      const parsed = parseHead(head);
      return "status" in parsed ? parsed : { ...parsed, isPersistent: true };
    }),
    from: "get",
  },
  {
    fault: "a summary of another server is accepted",
    target: summariesTarget((_, text) => {
      const [, name = ""] = text.match(/"name":"(\w+)"/) ?? [];
      return parseSummary(name, text);
    }),
    from: "whole",
  },
  {
    fault: "the links of a summary are not checked",
    target: summariesTarget((name, text) => {
      const summary = parseSummary(name, text.replace(/"isUp":\w+/, ""));
      if (summary === undefined) return undefined;
      return { ...summary, links: JSON.parse(text).links ?? [] };
    }),
    from: "whole",
  },
  {
    fault: "a line with a summary may have control bytes",
    target: summariesTarget(undefined, (line, isServer) => {
      const plain = line.replace(/[^ -~]/g, "?");
      const read = readSummaryLine(plain, isServer);
      return read && { ...read, text: line.slice(-read.text.length) };
    }),
    from: "whole",
  },
  {
    fault: "a key is found only in its plain spelling",
    target: keysTarget((key) => (text) => text.replaceAll(key, "[key]")),
    from: "plain",
  },
  {
    fault: "the escaping omits the backslash",
    target: escapesTarget({
      escapeBytes: (bytes) => escapeBytes(bytes).replaceAll("\\\\", "\\"),
    }),
    from: "plain",
  },
  {
    fault: "the escaping omits control characters outside ASCII",
    target: escapesTarget({
      escapeBytes: (bytes) =>
        escapeBytes(bytes).replaceAll("\\xc2\\x85", "\xc2\x85"),
    }),
    from: "plain",
  },
  {
    fault: "DEL is copied without escaping",
    target: escapesTarget({
      copyPlain: (source, start, end, target, at) => {
        for (let index = start; index < end; index++, at++) {
          const byte = source.getUint8(index);
          if (byte < 0x20 || byte > 0x7f || byte === 0x5c) return -1;
          target.setUint8(at, byte);
        }
        return at;
      },
    }),
    from: "plain",
  },
];
