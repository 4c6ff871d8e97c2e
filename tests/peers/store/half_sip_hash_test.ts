import { HalfSipHash } from "../../../peers/store/half_sip_hash.ts";
import { encodeBytes } from "../../../protocol/bytes.ts";
import { assert, assertEquals } from "../../assert.ts";

/** 10,000 similar IDs. */
const clients = Array.from({ length: 10_000 }, (_, index) => `phone-${index}`);

function viewOf(text: string): DataView {
  return new DataView(encodeBytes(text).buffer);
}

function hashesOf(key: readonly [number, number]): number[] {
  const hash = new HalfSipHash(key);
  return clients.map((client) =>
    hash.hash(viewOf(`x${client}y`), 1, 1 + client.length)
  );
}

Deno.test({
  name: "HalfSipHash is HalfSipHash-1-3",
  permissions: "none",
  fn() {
    // From the tests of Linux, lib/tests/siphash_kunit.c: the key is 00 01 ...
    // 07, and the messages are the first 0 to 15 bytes of 00 01 ... 0f.
    const known = "5814c896 e7e864ca bc4b0e30 01539939 " +
      "7e059ea6 88e3d89b a0080b65 9d38d9d6 " +
      "577999b1 c839caed e4fa32cf 959246ee " +
      "6b28096c 66dd9cd6 16658a7c d0257b04";
    const hash = new HalfSipHash([0x03020100, 0x07060504]);
    const message = Uint8Array.from({ length: 16 }, (_, index) => index);
    const view = new DataView(message.buffer);
    const hashes = Array.from(
      message,
      (length) => hash.hash(view, 0, length).toString(16).padStart(8, "0"),
    );
    assertEquals(hashes.join(" "), known);
  },
});

Deno.test({
  name: "HalfSipHash spreads similar IDs evenly, with any key",
  permissions: "none",
  fn() {
    for (const key of [[0, 0], [1, 0], [0xdeadbeef, 0x01234567]] as const) {
      const hashes = hashesOf(key);
      assert(new Set(hashes).size >= clients.length - 1);
      for (const shift of [0, 8, 16, 24]) {
        const counts = new Array<number>(256).fill(0);
        for (const hash of hashes) counts[hash >>> shift & 0xff] += 1;
        // The mean is 39.
        assert(Math.min(...counts) > 10 && Math.max(...counts) < 80);
      }
    }
  },
});

Deno.test({
  name: "HalfSipHash has other collisions with another key",
  permissions: "none",
  fn() {
    const byTop = Map.groupBy(
      hashesOf([1, 2]).map((hash, index) => ({ hash, index })),
      ({ hash }) => hash >>> 22,
    );
    const others = hashesOf([1, 3]);
    const together = [...byTop.values()].find(({ length }) => length > 5)!;
    const tops = together.map(({ index }) => others[index] >>> 22);
    assert(new Set(tops).size > 1);
  },
});

Deno.test({
  name: "HalfSipHash depends on all bytes, on their number and on the key",
  permissions: "none",
  fn() {
    const hash = (text: string, key: [number, number] = [7, 9]) =>
      new HalfSipHash(key).hash(viewOf(text), 0, text.length);
    assertEquals(hash("kiwi"), hash("kiwi"));
    const all = ["", "\0", "\0\0", "k", "kiwi", "kiwj", "kiwi\0", "kiwikiwi"]
      .map((text) => hash(text));
    all.push(hash("kiwi", [8, 9]), hash("kiwi", [7, 8]));
    assertEquals(new Set(all).size, all.length);
  },
});
