import fc from "../fast_check.ts";
import { decodeBytes, encodeBytes } from "../../protocol/bytes.ts";
import { formatCommand, parseCommand } from "../../protocol/command.ts";
import { IamatSpan } from "../../protocol/iamat_span.ts";
import { assert, assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";
import { anyIamat, anyLine } from "./arbitraries.ts";

/** Parses a line with other bytes around it, which must have no effect. */
function read(line: string): string[] | undefined {
  const bytes = encodeBytes(`1 +1${line}0.5`);
  const span = new IamatSpan();
  const start = "1 +1".length;
  if (!span.read(bytes, start, start + line.length)) return undefined;
  const { clientEnd, clientStart, end, timeStart } = span;
  return [
    decodeBytes(span.bytes, clientStart, clientEnd),
    decodeBytes(span.bytes, clientEnd + 1, timeStart - 1),
    decodeBytes(span.bytes, timeStart, end),
  ];
}

Deno.test({
  name: "IamatSpan parses every IAMAT in its shortest form",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(anyIamat, (iamat) => {
        const { client, position, time } = iamat;
        assertEquals(read(formatCommand(iamat)), [client, position, time]);
      }),
      { numRuns: 1_000 },
    );
  },
});

Deno.test({
  name:
    "IamatSpan accepts only lines that parseCommand() parses in the same way",
  permissions: "none",
  fn() {
    // Errors are most likely for lines that are nearly valid.
    const nearly = fc.tuple(
      anyIamat,
      fc.nat(80),
      fc.constantFrom(..."+-. 09A\t"),
    )
      .map(([iamat, at, character]) => {
        const line = formatCommand(iamat);
        const place = at % (line.length + 1);
        return line.slice(0, place) + character + line.slice(place + at % 2);
      });
    let read = 0;
    assertProperty(
      fc.property(fc.oneof(anyLine, nearly), (line) => {
        const span = new IamatSpan();
        if (!span.read(encodeBytes(line), 0, line.length)) return;
        read += 1;
        const command = parseCommand(line);
        assert(command?.verb === "IAMAT", line);
        assertEquals(formatCommand(command), line);
      }),
      { numRuns: 3_000 },
    );
    assert(read > 100, `${read}`);
  },
});

Deno.test({
  name: "IamatSpan leaves other white space and other verbs to parseCommand()",
  permissions: "none",
  fn() {
    const line = "IAMAT kiwi +34.068930-118.445127 1520023934.918963997";
    assertEquals(read(line)?.[0], "kiwi");
    for (
      const other of [
        "",
        "IAMAT",
        "IAMAT ",
        line.replace("IAMAT", "iamat"),
        line.replace("IAMAT", "WHATSAT"),
        line.replace(" ", "  "),
        line.replace(" +", "\t+"),
        `${line}\r`,
        ` ${line}`,
        `${line} `,
        `${line} 1`,
        line.replace("kiwi", ""),
        line.replace("+34", "+94"),
        line.replace("118", "188"),
        line.replace("1520023934.", "1234567890123456."),
      ]
    ) assertEquals(read(other), undefined, other);
  },
});
