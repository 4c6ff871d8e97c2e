/**
 * The escaping of text for the log, `log/escape.ts` and `log/record.ts`.
 *
 * For all bytes:
 *
 * - the escaped text is UTF-8 without control characters, so that no input can
 *   forge a line, and unescaping it gives the same bytes;
 * - the fast path accepts exactly printable ASCII, at any index in a buffer,
 *   and copies the bytes;
 * - an invalid byte after a text does not change the escaping of the text;
 * - an event with the bytes as a value is one line of printable ASCII, from
 *   which the value can be parsed.
 *
 * @module
 */
import { copyPlain, escapeBytes, unescapeBytes } from "../../../log/escape.ts";
import { maxEventFieldLength } from "../../../log/limits.ts";
import { formatEvent } from "../../../log/record.ts";
import { type ByteString, encodeBytes } from "../../../protocol/bytes.ts";
import { demand, demandSame, magnitude, type Target } from "../target.ts";

const real = { copyPlain, escapeBytes, unescapeBytes };

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @param code The functions under test. */
export function escapesTarget(code: Partial<typeof real> = {}): Target {
  const { copyPlain, escapeBytes, unescapeBytes } = { ...real, ...code };

  function checkPlain(bytes: ByteString): void {
    const isPlain = /^[\x20-\x5b\x5d-\x7e]*$/.test(bytes);
    for (const shift of [0, 1, 3]) {
      const source = encodeBytes(
        `${"x".repeat(shift)}${bytes}\xff\xff\xff\xff`,
      );
      const target = new Uint8Array(source.length + 4);
      const end = copyPlain(
        new DataView(source.buffer),
        shift,
        shift + bytes.length,
        new DataView(target.buffer),
        1,
      );
      demandSame("copyPlain()", end, isPlain ? 1 + bytes.length : -1);
      if (!isPlain) continue;
      const copy = target.subarray(1, end);
      const original = source.subarray(shift, shift + bytes.length);
      demand(
        "the copy is equal",
        copy.every((byte, at) => byte === original[at]),
      );
    }
  }

  return {
    name: "escapes",
    tokens: [
      "\\",
      "\\n",
      "\\x0a",
      "\\xff",
      "\x1b[31m",
      "\x7f",
      "\xc2\x85",
      "\xc2\xad",
      "\xc3\xa9",
      "\xe2\x80\xae",
      "\xe2\x80\xa9",
      "\xed\xa0\x80",
      "\xf0\x9f",
      "\xf4\x90\x80\x80",
      "\xf3\xa0\x80\x81",
      "\n2026-11-22T17:31:38.427107Z server -- info started",
    ],
    check(bytes) {
      const escaped = escapeBytes(bytes);
      const text = strictUtf8.decode(encodeBytes(escaped));
      demand(
        "no control characters",
        !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text),
      );
      demandSame("the bytes unescaped", unescapeBytes(escaped), bytes);
      const mixed = escapeBytes(`${bytes}\xff`);
      demandSame("the same before invalid UTF-8", mixed, `${escaped}\\xff`);
      checkPlain(bytes);
      checkEvent(bytes);
      const isSame = escaped === bytes;
      const growth = magnitude(escaped.length - bytes.length);
      const isAscii = !/[^\0-\x7f]/.test(escaped);
      return `${magnitude(bytes.length)} ${isSame} ${growth} ${isAscii}`;
    },
  };
}

function checkEvent(value: ByteString): void {
  const fields = { detail: value };
  const line = formatEvent("T", "server", "info", "an event", fields);
  const [, json] =
    line.match(/^T server -- info an-event detail=([ -~]*)\n$/) ??
      [];
  if (json === undefined) demand("an event is one line of ASCII", false);
  const isShort = value.length <= maxEventFieldLength;
  const parsed = isShort ? value : `${value.slice(0, maxEventFieldLength)}...`;
  demandSame("the value parsed", JSON.parse(json), parsed);
}
