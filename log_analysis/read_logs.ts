/**
 * Reads logs of any size, a piece at a time.
 *
 * @module
 */
import { SetupError, setupError } from "../cli/exit.ts";
import { formatCount } from "../cli/numbers.ts";
import {
  allocateBuffer,
  type ByteString,
  decodeBytes,
} from "../protocol/bytes.ts";
import { printable } from "./format.ts";
import type { LogFile, ServerLog } from "./log_folder.ts";
import {
  type RecordCounts,
  RecordReader,
  type RecordVisitor,
} from "./record_reader.ts";
import { TimeFilter } from "./time_filter.ts";

const pieceBytes = 1024 * 1024;

/** How the reading goes, and who wants to know. */
export interface ReadingOptions {
  /** Gets a line about each file that cannot be read to its end. */
  readonly warn: (line: string) => void;
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
  { cut, damaged }: RecordCounts,
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

/** That there is no record in the logs, and what there is. */
export function nothingIn(
  logs: readonly ServerLog[],
  counts: readonly RecordCounts[],
): SetupError {
  const [first, ...others] = logs.flatMap(({ files }) => files);
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  const damaged = counts.reduce((sum, { damaged }) => sum + damaged, 0);
  const found = damaged === 0
    ? ""
    : `, but ${formatCount(damaged, "damaged line")}`;
  return new SetupError(`no record in ${first.path}${more}${found}`);
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
): Promise<RecordCounts> {
  let sum: RecordCounts = { records: 0, cut: 0, damaged: 0 };
  const checked = new TimeFilter(visitor);
  for (const file of files) {
    const counts = await readFile(file, checked, options);
    sum = {
      records: sum.records + counts.records,
      cut: sum.cut + counts.cut,
      damaged: sum.damaged + counts.damaged,
    };
  }
  checked.end();
  const { setAside } = checked;
  return {
    ...sum,
    records: sum.records - setAside,
    damaged: sum.damaged + setAside,
  };
}

async function readFile(
  { path, sizeBytes }: LogFile,
  visitor: RecordVisitor,
  options: ReadingOptions,
): Promise<RecordCounts> {
  const reader = new RecordReader(visitor);
  for await (const piece of piecesOf(path, sizeBytes, options.warn)) {
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
      if (count === null) {
        return tell(
          printable(`${path}: it has become shorter while it was read`),
        );
      }
      left -= count;
      yield decodeBytes(buffer, 0, count);
    }
  } catch (error) {
    // What the reader of a piece throws does not come here.
    tell(printable(setupError(path, error).message));
  }
}
