/**
 * The parsers of clients' commands, `protocol/command.ts` and
 * `protocol/iamat_span.ts`.
 *
 * For every line:
 *
 * - `parseCommand` accepts the same lines as the reference, with the same
 *   fields;
 * - `formatCommand` writes the command with single spaces, and parsing that
 *   gives the same command;
 * - `IamatSpan` accepts exactly the IAMATs without unnecessary white space, and
 *   finds their operands; bytes around the line in its buffer have no effect.
 *
 * @module
 */
import { type ByteString, decodeBytes } from "../../../protocol/bytes.ts";
import { formatCommand, parseCommand } from "../../../protocol/command.ts";
import { IamatSpan } from "../../../protocol/iamat_span.ts";
import { readCommand, type Reading } from "../reference/commands.ts";
import { demandAlike, demandSame, magnitude, type Target } from "../target.ts";
import { place } from "./surroundings.ts";
import { clientTokens } from "./tokens.ts";

const real = {
  parseCommand,
  readSpan(span: IamatSpan, bytes: Uint8Array, start: number, end: number) {
    return span.read(bytes, start, end);
  },
};

/** @param code The parsers under test. */
export function commandsTarget(code: Partial<typeof real> = {}): Target {
  const { parseCommand, readSpan } = { ...real, ...code };
  const span = new IamatSpan();

  function checkSpan(line: ByteString, expected: Reading): void {
    const isShortest = expected.verb === "IAMAT" &&
      line === ["IAMAT", ...expected.operands].join(" ");
    for (const { bytes, end, start } of place(line)) {
      const isRead = readSpan(span, bytes, start, end);
      demandSame("IamatSpan.read()", isRead, isShortest);
      if (!isRead || expected.verb === undefined) continue;
      const [client, position, time] = expected.operands;
      const { clientEnd, clientStart, timeStart } = span;
      const found = [
        decodeBytes(bytes, clientStart, clientEnd),
        decodeBytes(bytes, clientEnd + 1, timeStart - 1),
        decodeBytes(bytes, timeStart, span.end),
      ];
      demandAlike("the operands", found, [client, position, time]);
      demandSame("the end", span.end, end);
    }
  }

  return {
    name: "commands",
    tokens: clientTokens,
    check(line) {
      const expected = readCommand(line);
      const command = parseCommand(line);
      demandSame("the verb", command?.verb, expected.verb);
      checkSpan(line, expected);
      if (command === undefined || expected.verb === undefined) {
        const reason = "objection" in expected ? expected.objection : "";
        return `${reason} ${magnitude(line.length)}`;
      }
      const { verb, ...operands } = command;
      demandAlike("the operands", Object.values(operands), expected.operands);
      const shortest = formatCommand(command);
      const again = [verb, ...expected.operands].join(" ");
      demandSame("formatCommand()", shortest, again);
      demandAlike("the command parsed again", parseCommand(shortest), command);
      const extra = magnitude(line.length - again.length);
      return `${verb} ${magnitude(line.length)} ${extra}`;
    },
  };
}
