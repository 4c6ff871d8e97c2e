import { encodeBytes } from "../../../protocol/bytes.ts";
import {
  fingerprint,
  fingerprintOf,
} from "../../../peers/store/fingerprint.ts";
import { assert, assertEquals } from "../../assert.ts";
import { murmur } from "./murmur.ts";

Deno.test({
  name: "murmur() is MurmurHash3_x86_32",
  permissions: "none",
  fn() {
    // Values of other implementations.
    const known = {
      "": 0,
      "a": 0x3c2569b2,
      "hello": 0x248bfa47,
      "hello, world": 0x149bbb7f,
      "The quick brown fox jumps over the lazy dog": 0x2e4ff723,
    };
    for (const [text, hash] of Object.entries(known)) {
      assertEquals(murmur(0, text), hash, text);
    }
  },
});

Deno.test({
  name: "fingerprint() is 21 bits of one MurmurHash and 32 of another",
  permissions: "none",
  fn() {
    const line = "AT Hill +0.263873386 kiwi +34.068930-118.445127 1520023934.9";
    for (let length = 0; length <= line.length; length++) {
      const text = line.slice(0, length);
      const high = Math.floor(murmur(2, text) / 2 ** 11);
      assertEquals(fingerprint(text), high * 2 ** 32 + murmur(1, text), text);
    }
  },
});

Deno.test({
  name: "fingerprint() is a safe integer that depends on every byte",
  permissions: "none",
  fn() {
    const line = "AT Hill +0.263873386 kiwi +34.068930-118.445127 1520023934.9";
    const seen = new Set([fingerprint(line)]);
    for (let index = 0; index < line.length; index++) {
      const changed = line.slice(0, index) + "\xff" + line.slice(index + 1);
      seen.add(fingerprint(changed));
      seen.add(fingerprint(line.slice(0, index)));
    }
    assertEquals(seen.size, 1 + 2 * line.length);
    for (const value of seen) assert(Number.isSafeInteger(value) && value >= 0);
  },
});

Deno.test({
  name: "fingerprintOf() does not depend on the place in a buffer",
  permissions: "none",
  fn() {
    const text = "kiwi.cs.ucla.edu";
    for (let start = 0; start < 8; start++) {
      const bytes = encodeBytes("#".repeat(start) + text + "####");
      const end = start + text.length;
      const view = new DataView(bytes.buffer);
      assertEquals(fingerprintOf(view, start, end), fingerprint(text));
    }
  },
});
