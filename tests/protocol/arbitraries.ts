/**
 * Arbitraries for property tests of the protocol.
 *
 * @module
 */
import fc from "../fast_check.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import {
  type Command,
  type Iamat,
  type OperandField,
  operandsOf,
  type Verb,
  verbs,
} from "../../protocol/command.ts";
import { makeReport } from "../../protocol/report.ts";
import type { Timestamp } from "../../protocol/time.ts";

/** Any byte string. */
export const anyBytes: fc.Arbitrary<ByteString> = fc.uint8Array({
  maxLength: 200,
}).map((bytes) => String.fromCharCode(...bytes));

/** Any byte except white space. */
const fieldByte = fc.integer({ min: 0, max: 255 }).filter((code) =>
  code !== 0x20 && (code < 0x09 || code > 0x0d)
).map((code) => String.fromCharCode(code));

/** Any client ID. */
export const anyClient: fc.Arbitrary<ByteString> = fc.string({
  unit: fieldByte,
  minLength: 1,
  maxLength: 40,
});

const digits = (min: number, max: number) =>
  fc.string({
    unit: fc.constantFrom(..."0123456789"),
    minLength: min,
    maxLength: max,
  });

const fraction = fc.option(digits(1, 14).map((text) => `.${text}`), {
  nil: "",
});

const sign = fc.constantFrom("+", "-");

/** A signed decimal number whose integer part is below `limit`. */
const angleBelow = (limit: number) =>
  fc.tuple(sign, fc.integer({ min: 0, max: limit - 1 }), fraction)
    .map(([sign, integer, fraction]) => `${sign}${integer}${fraction}`);

/** Any valid position. */
export const anyPosition: fc.Arbitrary<ByteString> = fc.tuple(
  angleBelow(90),
  angleBelow(180),
).map((angles) => angles.join(""));

/** Any valid time. */
export const anyTime: fc.Arbitrary<ByteString> = fc.tuple(
  digits(1, 15),
  fraction,
).map((parts) => parts.join(""));

/** Any valid operand, by its field. */
const anyOperand: Readonly<Record<OperandField, fc.Arbitrary<ByteString>>> = {
  client: anyClient,
  position: anyPosition,
  time: anyTime,
  radiusKm: fc.tuple(fc.integer({ min: 0, max: 49 }), fraction)
    .map((parts) => parts.join("")),
  bound: fc.integer({ min: 0, max: 20 }).map(String),
};

/** Any valid command with this verb. */
function anyWith<Each extends Verb>(verb: Each): fc.Arbitrary<Command<Each>> {
  const operands = operandsOf(verb)
    .map(({ field }) => [field, anyOperand[field as OperandField]]);
  const command: unknown = fc.record({
    verb: fc.constant(verb),
    ...Object.fromEntries(operands),
  });
  return command as fc.Arbitrary<Command<Each>>;
}

/** Any IAMAT. */
export const anyIamat: fc.Arbitrary<Iamat> = anyWith("IAMAT");

/** Any valid command. */
export const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  ...verbs.map((verb) => anyWith(verb)),
);

/** Any time between 1970 and 2100. */
export const anyTimestamp: fc.Arbitrary<Timestamp> = fc.record({
  seconds: fc.integer({ min: 0, max: 4_102_444_800 }),
  nanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
});

/** A command, a line that is nearly one, or any bytes; without LF. */
export const anyLine: fc.Arbitrary<ByteString> = fc.oneof(
  anyCommand.map((command) => Object.values(command).join(" ")),
  anyBytes,
  fc.tuple(
    fc.constantFrom("IAMAT", "WHATSAT", "AT", "iamat", "?", ""),
    fc.array(fc.oneof(anyClient, anyPosition, anyTime), { maxLength: 5 }),
    fc.constantFrom(" ", "\t", "  ", "\r", "\x0b\x0c"),
  ).map(([verb, operands, space]) => [verb, ...operands].join(space)),
).map((line) => line.replaceAll("\n", ""));

/** Times around which sums carry, and the limits of times. */
const edgeSeconds = fc.constantFrom(0, 1, 2, 1_520_023_934, 999_999_999_999);
const edgeNanoseconds = fc.constantFrom(0, 1, 2, 999_999_998, 999_999_999);
export const edgeTimestamp: fc.Arbitrary<Timestamp> = fc.record({
  seconds: edgeSeconds,
  nanoseconds: edgeNanoseconds,
});

/** Some times by different digits: few values, so that many pairs are equal. */
export const edgeTime: fc.Arbitrary<ByteString> = fc.tuple(
  edgeSeconds,
  edgeNanoseconds,
  fc.constantFrom("", "0", "00", "1", "19", "9999999999"),
  fc.constantFrom("", "0", "00"),
).map(([seconds, nanoseconds, more, zeros]) =>
  `${zeros}${seconds}.${String(nanoseconds).padStart(9, "0")}${more}`
).map((time) => time.length > 25 ? time.replace(/^0+(?=\d)/, "") : time);

/** Times without trailing zeros, or without decimals. */
export const shortTime: fc.Arbitrary<ByteString> = edgeTime.map((time) =>
  time.replace(/\.?0*$/, "") || "0"
);

/** Attributes, or none: few, so that many pairs are equal. */
export const fewAttributes: fc.Arbitrary<ByteString> = fc.constantFrom(
  "",
  "accuracy=1",
  "accuracy=1.5",
  "accuracy=10,tid=k",
  "tid=\xff",
);

/** A record that a server writes at some time, by a client with any clock. */
export const anyRecord: fc.Arbitrary<ByteString> = fc.tuple(
  fc.constantFrom("Hill", "Jaquez", "Smith"),
  fc.oneof(edgeTimestamp, edgeTimestamp, anyTimestamp),
  fc.oneof(edgeTime, shortTime, anyTime),
  fc.constantFrom("+1+1", "+2+2"),
  fewAttributes,
).map(([server, now, time, position, attributes]) =>
  makeReport(
    server,
    now,
    { verb: "IAMAT", client: "kiwi", position, time },
    attributes,
  ).record
);
