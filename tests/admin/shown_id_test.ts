import { showId, startOfCutId } from "../../admin/shown_id.ts";
import {
  escapedIdBytes,
  hashedIdBytes,
  maxShownIdBytes,
  maxShownIdLength,
} from "../../admin/limits.ts";
import { escapeBytes } from "../../log/escape.ts";
import { bytesOfText, textOfBytes } from "../../protocol/bytes.ts";
import { assert, assertEquals } from "../assert.ts";

Deno.test({
  name: "showId() escapes a short ID, and cuts a long one",
  permissions: "none",
  fn() {
    for (const short of ["x".repeat(maxShownIdBytes), "\x01".repeat(50)]) {
      assertEquals(showId(short), textOfBytes(escapeBytes(short)));
    }
    const shown = showId("x".repeat(maxShownIdBytes + 1));
    assertEquals(
      shown.replace(/#[0-9a-f]{13}/, "#hash"),
      `${"x".repeat(maxShownIdBytes)}… (${maxShownIdBytes + 1} bytes, #hash)`,
    );
    for (const bytes of [51, maxShownIdBytes, 65_000]) {
      const odd = showId("\x01".repeat(bytes));
      assert(odd.length < maxShownIdLength + 40, odd);
      assertEquals(startOfCutId(odd), "\x01".repeat(escapedIdBytes));
    }
  },
});

Deno.test({
  name: "showId() tells IDs apart that differ at their beginning or end",
  permissions: "none",
  fn() {
    const filler = "\x01".repeat(65_000);
    const ids = Array.from({ length: 200 }, (_, index) => [
      index + filler,
      filler + index,
      filler.slice(0, 400) + index,
      filler.slice(0, maxShownIdBytes + 1 + index),
    ]).flat();
    assertEquals(new Set(ids.map(showId)).size, new Set(ids).size);
    // All bytes of an ID of the usual length count.
    const usual = "x".repeat(hashedIdBytes);
    const shown = new Set(Array.from(
      usual,
      (_, index) =>
        showId(usual.slice(0, index) + "y" + usual.slice(index + 1)),
    ));
    assertEquals(shown.size, hashedIdBytes);
  },
});

Deno.test({
  name: "showId() cuts between characters, and startOfCutId() inverts it",
  permissions: "none",
  fn() {
    for (const character of ["é", "€", "🐄"]) {
      for (const before of ["", "x", "xx", "xxx"]) {
        const id = bytesOfText(before + character.repeat(100));
        const shown = showId(id);
        assert(!shown.includes("\\x"), shown);
        const start = startOfCutId(shown)!;
        assert(id.startsWith(start) && start.length > maxShownIdBytes - 4);
      }
    }
    const odd = "\x80".repeat(200);
    assertEquals(startOfCutId(showId(odd)), odd.slice(0, escapedIdBytes));
    for (const text of ["kiwi", "kiwi…", "a… (5 bytes)", ""]) {
      assertEquals(startOfCutId(text), undefined, text);
    }
  },
});
