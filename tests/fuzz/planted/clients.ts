/**
 * Faults in the parsing of commands, numbers and lines, and in sessions.
 *
 * @module
 */
import { parseCommand } from "../../../protocol/command.ts";
import { LineFramer } from "../../../protocol/framer.ts";
import type { Transport } from "../../../runtime/transport.ts";
import { ClientConnection } from "../../../sessions/client_connection.ts";
import { Session } from "../../../sessions/session.ts";
import { commandsTarget } from "../targets/commands.ts";
import { linesTarget } from "../targets/lines.ts";
import { numbersTarget } from "../targets/numbers.ts";
import { partialLinesTarget } from "../targets/partial_lines.ts";
import { sessionsTarget } from "../targets/sessions.ts";
import type { PlantedFault } from "./planted_fault.ts";

/** A framer that loses the last byte of a chunk after an unfinished line. */
class LossyFramer extends LineFramer {
  override push(buffer: Uint8Array, count: number): void {
    super.push(buffer, this.unfinished === "" ? count : count - 1);
  }
}

/** A session that treats a CR as part of the line's end. */
class SessionWithoutCr extends Session {
  override receive(bytes: Uint8Array, start: number, end: number): void {
    super.receive(bytes, start, bytes[end - 1] === 0x0d ? end - 1 : end);
  }
}

/** A session that does not answer empty lines. */
class SilentSession extends Session {
  override receive(bytes: Uint8Array, start: number, end: number): void {
    if (start < end) super.receive(bytes, start, end);
  }
}

/** Faults in the parsers of commands. */
export const commandFaults: readonly PlantedFault[] = [
  {
    fault: "a parser treats U+00A0 as white space",
    target: commandsTarget({
      parseCommand: (line) => parseCommand(line.replaceAll("\xa0", " ")),
    }),
    from: "iamat",
  },
  {
    fault: "a parser accepts verbs in lower case",
    target: commandsTarget({
      parseCommand: (line) =>
        parseCommand(line.replace(/^[a-z]+/, (verb) => verb.toUpperCase())),
    }),
    from: "whatsat",
  },
  {
    fault: "a parser ignores everything after NUL",
    target: commandsTarget({
      parseCommand: (line) => parseCommand(line.split("\0")[0]),
    }),
    from: "iamat",
  },
  {
    fault: "a parser accepts a bound of 21",
    target: commandsTarget({
      parseCommand: (line) => parseCommand(line.replace(/ 21$/, " 20")),
    }),
    from: "whatsat-limits",
  },
  {
    fault: "the fast parser reads the byte after the line",
    target: commandsTarget({
      readSpan: (span, bytes, start, end) => {
        const isDigit = /[0-9]/.test(String.fromCharCode(bytes[end]));
        return span.read(bytes, start, isDigit ? end + 1 : end);
      },
    }),
    from: "iamat-five-fields",
  },
];

/** Faults in functions on numbers. */
export const numberFaults: readonly PlantedFault[] = [
  {
    fault: "a limit is checked in floating point",
    target: numbersTarget({
      isAtMost: (bytes, start, end, limit) =>
        parseFloat(String.fromCharCode(...bytes.subarray(start, end))) <= limit,
    }),
    from: "radius",
  },
  {
    fault: "the clock difference is computed in floating point",
    target: numbersTarget({
      clockDifference: (now, time) => {
        const value = now.seconds + now.nanoseconds / 1e9 - Number(time);
        return `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(9)}`;
      },
    }),
    from: "equal-with-zeros",
  },
  {
    fault: "times are compared as text",
    target: numbersTarget({
      compareTimes: (a, aStart, aEnd, b, bStart, bEnd) => {
        const [one, other] = [
          a.subarray(aStart, aEnd),
          b.subarray(bStart, bEnd),
        ]
          .map((bytes) => String.fromCharCode(...bytes));
        return one < other ? -1 : one > other ? 1 : 0;
      },
    }),
    from: "clock-behind-by-a-nanosecond",
  },
  {
    fault: "metres are computed in floating point",
    target: numbersTarget({
      kilometresToMetres: (kilometres) => `${Number(kilometres) * 1000}`,
    }),
    from: "bound",
  },
];

/** Faults in the framer. */
export const lineFaults: readonly PlantedFault[] = [
  {
    fault: "a framer loses a byte of a line that continues",
    target: linesTarget((maxBytes) => new LossyFramer(maxBytes)),
    from: "lf-only",
  },
  {
    fault: "a framer accepts a line with one byte too many",
    target: linesTarget((maxBytes) => new LineFramer(maxBytes + 1)),
    from: "lf-only",
  },
  {
    fault: "a framer refuses the longest line",
    target: linesTarget((maxBytes) =>
      new LineFramer(Math.max(maxBytes - 1, 0))
    ),
    from: "lf-only",
  },
];

/** Adds a byte to a read after a command was answered without its LF. */
function withDoubledLineFeed(
  ...[transport, traffic, context]: ConstructorParameters<
    typeof ClientConnection
  >
): ClientConnection {
  let isDue = false;
  const { counts } = context;
  const hit = counts.hit.bind(counts);
  counts.hit = (limit) => {
    isDue ||= limit === "partial-line-ms";
    hit(limit);
  };
  const doubled: Transport = {
    closeWrite: () => transport.closeWrite(),
    close: () => transport.close(),
    write: (bytes) => transport.write(bytes),
    async read(buffer) {
      const count = await transport.read(buffer);
      if (!isDue || count === null || buffer[0] !== 0x0a) return count;
      isDue = false;
      buffer.copyWithin(1, 0, count);
      return count + 1;
    },
  };
  return new ClientConnection(doubled, traffic, context);
}

/** Faults in the answers to commands without their LF. */
export const partialLineFaults: readonly PlantedFault[] = [
  {
    fault: "a connection treats the LF of an answered command as a line",
    target: partialLinesTarget(withDoubledLineFeed),
    from: "report-then-silence",
  },
  {
    fault: "a connection waits too short a time for an LF",
    target: partialLinesTarget((transport, traffic, context) => {
      const partialLineMs = context.limits.partialLineMs - 1;
      const limits = { ...context.limits, partialLineMs };
      return new ClientConnection(transport, traffic, { ...context, limits });
    }),
    from: "report-then-silence",
  },
];

/** Faults in the session. */
export const sessionFaults: readonly PlantedFault[] = [
  {
    fault: "a session does not answer an empty line",
    target: sessionsTarget((...args) => new SilentSession(...args)),
    from: "report",
  },
  {
    fault: "a session echoes a line without its CR",
    target: sessionsTarget((...args) => new SessionWithoutCr(...args)),
    from: "report",
  },
];
