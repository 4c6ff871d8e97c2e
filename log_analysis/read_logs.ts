/**
 * Reads logs of any size in chunks.
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

const chunkBytes = 1024 * 1024;

/** Callbacks while logs are read. */
export interface ReadingOptions {
  /** Receives a line about each file that cannot be read to its end. */
  readonly warn: (line: string) => void;
  /** Receives the number of bytes read since the last call. */
  readonly progress: (bytes: number) => void;
}

/**
 * Describes the lines that were left out of a log; undefined if there are none.
 *
 * @param lostLines Lines that the server could not write.
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

/** The error for logs without any record. */
export function noRecordsError(
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

/** The size of all files, in bytes. */
export function sizeOf(logs: readonly ServerLog[]): number {
  return logs.flatMap(({ files }) => files)
    .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/**
 * Reads one server's log and passes every record to the visitor. Returns the
 * numbers of its lines.
 */
export async function readLog(
  { files }: ServerLog,
  visitor: RecordVisitor,
  options: ReadingOptions,
): Promise<RecordCounts> {
  let sum: RecordCounts = { records: 0, cut: 0, damaged: 0 };
  const filter = new TimeFilter(visitor);
  for (const file of files) {
    const counts = await readFile(file, filter, options);
    sum = {
      records: sum.records + counts.records,
      cut: sum.cut + counts.cut,
      damaged: sum.damaged + counts.damaged,
    };
  }
  filter.end();
  const { rejected } = filter;
  return {
    ...sum,
    records: sum.records - rejected,
    damaged: sum.damaged + rejected,
  };
}

async function readFile(
  { path, sizeBytes }: LogFile,
  visitor: RecordVisitor,
  options: ReadingOptions,
): Promise<RecordCounts> {
  const reader = new RecordReader(visitor);
  for await (const chunk of chunksOf(path, sizeBytes, options.warn)) {
    reader.push(chunk);
    options.progress(chunk.length);
  }
  reader.end();
  return reader.counts;
}

/**
 * Reads only as many bytes as the file had when it was found, as it may still
 * grow.
 */
async function* chunksOf(
  path: string,
  sizeBytes: number,
  warn: (line: string) => void,
): AsyncGenerator<ByteString> {
  const buffer = allocateBuffer(chunkBytes);
  try {
    using file = await Deno.open(path);
    for (let left = sizeBytes; left > 0;) {
      const count = await file.read(buffer.subarray(0, left));
      if (count === null) {
        return warn(
          printable(`${path}: the file was truncated while it was read`),
        );
      }
      left -= count;
      yield decodeBytes(buffer, 0, count);
    }
  } catch (error) {
    // Errors of the consumer of a chunk are not caught here.
    warn(printable(setupError(path, error).message));
  }
}
