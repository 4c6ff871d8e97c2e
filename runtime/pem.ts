/**
 * Reads the blocks of a PEM text (RFC 7468). A file that was edited or copied
 * may begin with a byte order mark, be indented, or have blanks or CR at the
 * ends of lines. Parsers differ in what they accept, so each block is written
 * again in one form that all parsers read alike.
 *
 * @module
 */

/** A block between `-----BEGIN LABEL-----` and `-----END LABEL-----`. */
export interface PemBlock {
  /** Such as `CERTIFICATE`. */
  readonly label: string;
  /** The block in lines of 64 characters, or as it was if it is not base64. */
  readonly text: string;
}

const beginPattern = /-----BEGIN [A-Z0-9 ]+-----/g;

const blockPattern = /-----BEGIN ([A-Z0-9 ]+)-----([^]*?)-----END \1-----/g;

const lineLength = 64;

/**
 * The blocks of a text. The text between them is ignored.
 *
 * @returns Undefined if a block has no end.
 */
export function readPemBlocks(text: string): PemBlock[] | undefined {
  const blocks = [...text.matchAll(blockPattern)];
  // A block without an end would be skipped, or would include the next one.
  const begun = text.match(beginPattern)?.length ?? 0;
  if (begun !== blocks.length) return undefined;
  return blocks.map(([whole, label, content]) => ({
    label,
    text: rewrite(label, content) ?? whole,
  }));
}

function rewrite(label: string, content: string): string | undefined {
  const base64 = content.replace(/\s/g, "");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const lines = base64.match(new RegExp(`.{1,${lineLength}}`, "g"))!;
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""]
    .join("\n");
}
