/**
 * The key of the digest tree. The hash of a client's ID determines its leaf, and
 * clients choose their IDs. Without a key, an attacker could put all clients
 * into one leaf, and each comparison with a neighbour would list all of them.
 *
 * Neighbours that compare must have the same key. Each server draws one when it
 * starts, and linked servers adopt the smaller one.
 *
 * @module
 */
/** 32 hexadecimal digits in lower case. Keys are ordered as text. */
export type TreeKey = string;

/** Hexadecimal digits of a key. */
export const treeKeyDigits = 32;

/** Digits of the time at which a key was drawn. */
const timeDigits = 10;

/**
 * Makes a key: the time, and 88 random bits. As the smaller key is adopted, a
 * server that starts takes the key of its herd, and the herd keeps its key.
 *
 * @param seconds POSIX seconds.
 * @param random 32 random hexadecimal digits.
 */
export function makeTreeKey(seconds: number, random: string): TreeKey {
  const most = 16 ** timeDigits - 1;
  const time = Math.min(Math.max(Math.floor(seconds), 0), most);
  return time.toString(16).padStart(timeDigits, "0") +
    random.slice(timeDigits, treeKeyDigits);
}
