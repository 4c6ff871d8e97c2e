import fc from "../fast_check.ts";
import { decodeBase64Url, encodeBase64Url } from "../../identity/base64url.ts";
import { assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";

Deno.test({
  name: "decoding inverts encoding",
  permissions: "none",
  fn() {
    const property = fc.property(fc.uint8Array(), (bytes) => {
      assertEquals(decodeBase64Url(encodeBase64Url(bytes)), bytes);
    });
    assertProperty(property);
  },
});

Deno.test({
  name: "a text that decodes is the spelling of its bytes",
  permissions: "none",
  fn() {
    const unit = fc.constantFrom(..."ABab01-_+/= \n");
    const property = fc.property(fc.string({ unit, maxLength: 9 }), (text) => {
      const bytes = decodeBase64Url(text);
      if (bytes !== undefined) assertEquals(encodeBase64Url(bytes), text);
    });
    // Bits that no byte uses; padding; white space; the other alphabet; length.
    const examples = ["AB", "AA==", "AA ", "A A", "+/+/", "A", "AAAAA"];
    for (const text of examples) assertEquals(decodeBase64Url(text), undefined);
    assertProperty(property, { numRuns: 2_000 });
  },
});
