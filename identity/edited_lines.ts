/**
 * The lines of files that people edit. Lines end in LF, CR LF or CR; empty
 * lines and lines that begin with `#` are comments; blanks around a line do not
 * count. A byte order mark has been removed when the file was read.
 *
 * @module
 */
import { bytesOfText, type ByteString } from "../protocol/bytes.ts";
import { SetupError } from "../runtime/setup_error.ts";

/** A line that is no comment. */
export interface EditedLine {
  /** Its number in the file, from 1. */
  readonly number: number;
  /** The line as bytes of UTF-8, without blanks around it. */
  readonly text: ByteString;
}

/** What a decoder writes for bytes that are not UTF-8. */
const replacementCharacter = "\ufffd";

/**
 * The lines of a file that are no comments.
 *
 * @param path For messages.
 * @throws {SetupError} If the file has over `maxLength` characters, or is not UTF-8.
 */
export function readEditedLines(
  text: string,
  path: string,
  maxLength: number,
): EditedLine[] {
  if (text.length > maxLength) {
    throw new SetupError(`${path}: expected at most ${maxLength} characters`);
  }
  const lines = text.split(/\r\n|\r|\n/);
  if (text.includes(replacementCharacter)) {
    const index = lines.findIndex((line) =>
      line.includes(replacementCharacter)
    );
    throw faultAt(path, { number: index + 1 }, "expected UTF-8");
  }
  const found: EditedLine[] = [];
  for (const [index, line] of lines.entries()) {
    const trimmed = withoutBlanks(line);
    if (trimmed === "" || trimmed[0] === "#") continue;
    found.push({ number: index + 1, text: bytesOfText(trimmed) });
  }
  return found;
}

/** White space of the protocol: others may be part of an ID. */
const blanks = " \t\v\f";

function withoutBlanks(line: string): string {
  let [start, end] = [0, line.length];
  while (start < end && blanks.includes(line[start])) start += 1;
  while (start < end && blanks.includes(line[end - 1])) end -= 1;
  return line.slice(start, end);
}

/** An error that names the file and the line. */
export function faultAt(
  path: string,
  { number }: Pick<EditedLine, "number">,
  fault: string,
): SetupError {
  return new SetupError(`${path}:${number}: ${fault}`);
}
