/**
 * Copies files, and computes their checksums.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** Files are copied in pieces of this size, in bytes. */
const pieceBytes = 1024 * 1024;

const lineFeed = 0x0a;

/** The size and the checksum of a copied file. */
export interface Copied {
  readonly bytes: number;
  /** SHA-256, in hexadecimal digits. */
  readonly sha256: string;
}

export interface CopyOptions {
  /**
   * Whether only whole lines are copied. The last line of a file that is being
   * written may be there in part.
   */
  readonly isOfLines?: boolean;
  /** Called with the bytes of each piece. */
  readonly onBytes?: (bytes: number) => void;
}

/**
 * Copies a file to a path where none is. The copy is readable by its owner only,
 * and survives a power cut when the promise resolves.
 *
 * @throws {Error} As the system does.
 */
export async function copyFile(
  from: string,
  to: string,
  { isOfLines = false, onBytes }: CopyOptions = {},
): Promise<Copied> {
  using source = await Deno.open(from, { read: true });
  using target = await Deno.open(to, {
    write: true,
    createNew: true,
    mode: 0o600,
  });
  const hash = createHash("sha256");
  const buffer = new Uint8Array(pieceBytes);
  /** A line whose end was not read yet. */
  let rest = new Uint8Array();
  let bytes = 0;
  const put = async (piece: Uint8Array) => {
    hash.update(piece);
    bytes += piece.length;
    for (let written = 0; written < piece.length;) {
      written += await target.write(piece.subarray(written));
    }
  };
  for (let count; (count = await source.read(buffer)) !== null;) {
    onBytes?.(count);
    const piece = buffer.subarray(0, count);
    const end = isOfLines ? piece.lastIndexOf(lineFeed) + 1 : count;
    if (end === 0) {
      rest = joined(rest, piece);
      continue;
    }
    await put(joined(rest, piece.subarray(0, end)));
    rest = piece.slice(end);
  }
  await target.syncData();
  return { bytes, sha256: hash.digest("hex") };
}

/** Two stretches of bytes as one. */
function joined(
  one: Uint8Array,
  other: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/** Sums up a file without copying it. */
export async function sumUp(path: string): Promise<Copied> {
  using file = await Deno.open(path, { read: true });
  const hash = createHash("sha256");
  const buffer = new Uint8Array(pieceBytes);
  let bytes = 0;
  for (let count; (count = await file.read(buffer)) !== null;) {
    hash.update(buffer.subarray(0, count));
    bytes += count;
  }
  return { bytes, sha256: hash.digest("hex") };
}
