import fc from "../../fast_check.ts";
import {
  encodeId,
  encodeName,
  joinNames,
  nameInUtf8,
} from "../../../gateways/readers/ids.ts";
import { bytesOfText } from "../../../protocol/bytes.ts";
import { isField } from "../../../protocol/fields.ts";
import { assertEquals } from "../../assert.ts";
import { assertProperty } from "../../property.ts";
import { anyBytes } from "../../protocol/arbitraries.ts";

Deno.test({
  name:
    "encodeName() makes a part of an ID of any name, and different ones stay different",
  permissions: "none",
  fn() {
    assertEquals(encodeName("old phone"), "old%20phone");
    assertEquals(encodeName("a/b%c\x00\x7f\n"), "a%2Fb%25c%00%7F%0A");
    // It is too long for an ID, whatever becomes of it.
    assertEquals(encodeName(" ".repeat(4_000_000)).length, 4_000_000);
    assertEquals(encodeName("\xc3\x89lodie\xa0"), "\xc3\x89lodie\xa0");
    const decoded = (text: string) =>
      text.replace(
        /%(..)/g,
        (_, digits) => String.fromCharCode(parseInt(digits, 16)),
      );
    assertProperty(fc.property(anyBytes, (name) => {
      for (const encode of [encodeName, encodeId]) {
        const encoded = encode(name);
        assertEquals(isField(encoded), name !== "");
        assertEquals(decoded(encoded), name);
      }
      assertEquals(encodeName(name).includes("/"), false);
    }));
  },
});

Deno.test({
  name: "joinNames() leaves out what is missing, and encodeId() keeps slashes",
  permissions: "none",
  fn() {
    assertEquals(joinNames(["mira", "old phone"]), "mira/old%20phone");
    assertEquals(joinNames(["mira", undefined]), "mira");
    assertEquals(joinNames(["", "pixel"]), "pixel");
    assertEquals(joinNames([undefined, ""]), undefined);
    assertEquals(encodeId("mira/old phone"), "mira/old%20phone");
  },
});

Deno.test({
  name: "nameInUtf8() gives one name for UTF-8 and Latin-1",
  permissions: "none",
  fn() {
    assertEquals(nameInUtf8("J\xf6rg"), bytesOfText("Jörg"));
    assertEquals(nameInUtf8(bytesOfText("Jörg")), bytesOfText("Jörg"));
    assertEquals(nameInUtf8("mira"), "mira");
  },
});
