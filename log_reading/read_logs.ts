/**
 * Reads logs of any size, a piece at a time.
 *
 * @module
 */
import { setupError } from "../cli/exit.ts";
import {
  allocateBuffer,
  type ByteString,
  decodeBytes,
} from "../protocol/bytes.ts";
import type { LogFile, ServerLog } from "./log_folder.ts";
import {
  type LineCounts,
  RecordReader,
  type RecordVisitor,
} from "./record_reader.ts";
import { formatCount } from "./words.ts";

const pieceBytes = 1024 * 1024;

/** How the reading goes, and who wants to know. */
export interface ReadingOptions {
  /** Gets a line about each file that cannot be read to its end. */
  readonly tell: (line: string) => void;
  /** Told how many bytes were read since the last call. */
  readonly progress: (bytes: number) => void;
}

/**
 * What was left out of a log, in words; undefined if that is nothing.
 *
 * @param lostLines What the server itself could not write.
 */
export function describeLeftOut(
  server: string,
  { cut, damaged }: LineCounts,
  lostLines: number,
): string | undefined {
  const parts = [
    damaged > 0 ? `${formatCount(damaged, "damaged line")} left out` : "",
    cut > 0 ? `${formatCount(cut, "cut-off line")} left out` : "",
    lostLines > 0
      ? `${formatCount(lostLines, "line")} missing, as the log says`
      : "",
  ].filter((part) => part !== "");
  return parts.length === 0
    ? undefined
    : `the log of ${server}: ${parts.join(", ")}`;
}

/** Bytes in all files. */
export function sizeOf(logs: readonly ServerLog[]): number {
  return logs.flatMap(({ files }) => files)
    .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** Reads one server's log and shows every record. Returns what lines it had. */
export async function readLog(
  { files }: ServerLog,
  visitor: RecordVisitor,
  options: ReadingOptions,
): Promise<LineCounts> {
  let sum: LineCounts = { records: 0, cut: 0, damaged: 0 };
  for (const file of files) {
    const counts = await readFile(file, visitor, options);
    sum = {
      records: sum.records + counts.records,
      cut: sum.cut + counts.cut,
      damaged: sum.damaged + counts.damaged,
    };
  }
  return sum;
}

async function readFile(
  { path, sizeBytes }: LogFile,
  visitor: RecordVisitor,
  options: ReadingOptions,
): Promise<LineCounts> {
  const reader = new RecordReader(visitor);
  for await (const piece of piecesOf(path, sizeBytes, options.tell)) {
    reader.push(piece);
    options.progress(piece.length);
  }
  reader.end();
  return reader.counts;
}

/** What is written to the file meanwhile is left for the next time. */
async function* piecesOf(
  path: string,
  sizeBytes: number,
  tell: (line: string) => void,
): AsyncGenerator<ByteString> {
  const buffer = allocateBuffer(pieceBytes);
  try {
    using file = await Deno.open(path);
    for (let left = sizeBytes; left > 0;) {
      const count = await file.read(buffer.subarray(0, left));
      if (count === null) return;
      left -= count;
      yield decodeBytes(buffer, 0, count);
    }
  } catch (error) {
    // What the reader of a piece throws does not come here.
    tell(setupError(path, error).message);
  }
}
