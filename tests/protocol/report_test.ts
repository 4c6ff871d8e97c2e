import fc from "../fast_check.ts";
import { decodeBytes } from "../../protocol/bytes.ts";
import {
  attributesOf,
  clientOf,
  fieldsOf,
  lineOf,
  makeReport,
  parseReport,
  positionOf,
  timeOf,
} from "../../protocol/report.ts";
import { maxAttributesBytes } from "../../protocol/limits.ts";
import { formatPosition } from "../../protocol/position.ts";
import { assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";
import { anyIamat, anyTimestamp, fewAttributes } from "./arbitraries.ts";

const isServer = (name: string) => name === "Hill";

const line =
  "AT Hill +0.263873386 kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997";

Deno.test({
  name: "makeReport() writes the AT line of the specification",
  permissions: "none",
  fn() {
    const report = makeReport(
      "Hill",
      { seconds: 1520023935, nanoseconds: 182837383 },
      {
        verb: "IAMAT",
        client: "kiwi.cs.ucla.edu",
        position: "+34.068930-118.445127",
        time: "1520023934.918963997",
      },
    );
    assertEquals(report.line, line);
    assertEquals(report.client, "kiwi.cs.ucla.edu");
    assertEquals(report.server, "Hill");
  },
});

Deno.test({
  name: "parseReport() is the inverse of makeReport()",
  permissions: "none",
  fn() {
    const any = [anyIamat, anyTimestamp, fewAttributes] as const;
    assertProperty(fc.property(...any, (iamat, now, attributes) => {
      const report = makeReport("Hill", now, iamat, attributes);
      const parsed = parseReport(report.record, isServer)!;
      assertEquals(parsed.line, report.line);
      assertEquals(parsed.record, report.record);
      assertEquals(parsed.attributes, attributes);
      assertEquals(report.attributes, attributes);
      assertEquals(lineOf(report.record), report.line);
      assertEquals(attributesOf(report.record), attributes);
      assertEquals(
        report.record,
        attributes === "" ? report.line : `${report.line} ${attributes}`,
      );
      assertEquals(parsed.client, iamat.client);
      assertEquals(parsed.server, "Hill");
      assertEquals(
        decodeBytes(parsed.bytes, parsed.timeStart, parsed.end),
        iamat.time,
      );
      assertEquals(clientOf(report.line), iamat.client);
      assertEquals(timeOf(report.line), iamat.time);
      assertEquals(formatPosition(positionOf(report.line)), iamat.position);
      assertEquals(fieldsOf(report.line)[2], iamat.client);
    }));
  },
});

Deno.test({
  name: "parseReport() refuses lines that makeReport() would not write",
  permissions: "none",
  fn() {
    for (
      const bad of [
        "",
        "AT",
        line.replace("Hill", "Hell"),
        line.replace("AT", "at"),
        line.replace("+0.263873386", "0.263873386"),
        line.replace("+0.263873386", "+0.26387338"),
        line.replace("+0.263873386", "+0.2638733860"),
        line.replace("+0.263873386", "+1e-9"),
        line.replace("+34.068930", "34.068930"),
        line.replace("+34.068930", "+94.068930"),
        line.replace("1520023934", "-1520023934"),
        line.replace(" kiwi", "  kiwi"),
        line.replace(" kiwi", "\tkiwi"),
        line.replace(" +34", "\t+34"),
        line.replace("kiwi.cs.ucla.edu", ""),
        line.replace("+0.2", `+${"1".repeat(17)}.2`),
        ` ${line}`,
        `${line} `,
        `${line}\r`,
        `${line} more`,
        `${line}  tid=mx`,
        `${line}\ttid=mx`,
        `${line} tid=mx `,
        `${line} tid=mx tid=mx`,
        `${line} tid=mx,accuracy=14`,
        `${line} accuracy=14,accuracy=14`,
        `${line} accuracy=14.0`,
        `${line} Tid=mx`,
        `${line} tid=${"x".repeat(maxAttributesBytes - 3)}`,
        line.replace("1520023934", "tid=mx"),
      ]
    ) assertEquals(parseReport(bad, isServer), undefined, bad);
    const longest = `${line} tid=${"x".repeat(maxAttributesBytes - 4)}`;
    assertEquals(parseReport(longest, isServer)?.record, longest);
  },
});
