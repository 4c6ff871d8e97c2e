/**
 * The hash that determines the leaf of a client in the digest tree.
 *
 * @module
 */
import type { TreeKey } from "../tree_key.ts";
import { HalfSipHash } from "./half_sip_hash.ts";

/**
 * The hash that a key selects. HalfSipHash has a key of 64 bits, so the halves
 * of the 128 bits are combined by XOR. The time is in the upper half, and is
 * hidden by the lower half, which is random.
 */
export function hashOfTree(key: TreeKey): HalfSipHash {
  const [a, b, c, d] = [0, 8, 16, 24].map((start) =>
    parseInt(key.slice(start, start + 8), 16)
  );
  return new HalfSipHash([(a ^ c) >>> 0, (b ^ d) >>> 0]);
}
