import { encodeBytes } from "../../protocol/bytes.ts";
import {
  deletedUntil,
  formatDeletion,
  isDeletion,
  keyOf,
  makeDeletion,
  readDeletion,
} from "../../protocol/deletion.ts";
import { Report } from "../../protocol/report.ts";
import { assert, assertEquals } from "../assert.ts";
import fc from "../fast_check.ts";
import { assertProperty } from "../property.ts";
import { reportOf } from "../peers/reports.ts";

/** Whether a line is a deletion, with other bytes around it. */
function isValid(line: string): boolean {
  const bytes = encodeBytes(`FORGET ${line}\nFORGET a 1.000000000`);
  const start = "FORGET ".length;
  return readDeletion(bytes, start, start + line.length, new Report());
}

Deno.test({
  name: "readDeletion() reads what formatDeletion() writes, byte for byte",
  permissions: "none",
  fn() {
    assertProperty(fc.property(
      fc.string({ unit: "binary-ascii", minLength: 1 }).map((text) =>
        text.replaceAll(/[\s]/g, "\xff")
      ),
      fc.nat(),
      fc.nat(999_999_999),
      (client, seconds, nanoseconds) => {
        const until = { seconds, nanoseconds };
        const deletion = makeDeletion(client, until);
        assertEquals(deletion.line, formatDeletion(client, until));
        assertEquals(deletion.client, client);
        assertEquals(deletedUntil(deletion), until);
        assertEquals(keyOf(deletion), `FORGET ${client}`);
        assert(isDeletion(deletion));
      },
    ));
    const report = reportOf("kiwi", 5);
    assert(!isDeletion(report));
    assertEquals(keyOf(report), "kiwi");
  },
});

Deno.test({
  name: "readDeletion() takes one form of each deletion only",
  permissions: "none",
  fn() {
    const valid = [
      "FORGET kiwi 1520023934.918963997",
      "FORGET kiwi 0.000000000",
      "FORGET \u00e9,a 999999999999.999999999",
    ];
    const invalid = [
      "",
      "FORGET",
      "FORGET ",
      "FORGET kiwi",
      "FORGET kiwi ",
      "FORGET kiwi 1520023934",
      "FORGET kiwi 1520023934.",
      "FORGET kiwi 1520023934.91896399",
      "FORGET kiwi 1520023934.9189639970",
      "FORGET kiwi 01.000000000",
      "FORGET kiwi -1.000000000",
      "FORGET kiwi .000000000",
      "FORGET kiwi 1000000000000.000000000",
      "FORGET kiwi 1.000000000 ",
      "FORGET kiwi 1.00000000x",
      "FORGET  kiwi 1.000000000",
      "FORGET kiwi  1.000000000",
      "FORGET ki\twi 1.000000000",
      "FORGET kiwi\t1.000000000",
      "FORGET kiwi 1.000000000\r",
      "forget kiwi 1.000000000",
      "FORGOT kiwi 1.000000000",
    ];
    assertEquals(valid.filter((line) => !isValid(line)), []);
    assertEquals(invalid.filter(isValid), []);
  },
});
