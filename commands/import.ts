/**
 * `herd import FILE`: adds the positions of a file to the history of a server,
 * at its administration port.
 *
 * @module
 */
import {
  type Arguments,
  describeFlags,
  type Flags,
  readArguments,
  UsageError,
  wholeNumber,
} from "../cli/arguments.ts";
import { nextSignal, SetupError, setupError } from "../cli/exit.ts";
import { print } from "../cli/print.ts";
import { Progress } from "../cli/progress.ts";
import { formatCount, formatNumber } from "../cli/numbers.ts";
import { note } from "../cli/write.ts";
import type { RowReader } from "../history/import/import_row.ts";
import { type FileKind, fileKinds } from "../history/import/row_readers.ts";
import {
  type ByteString,
  decodeBytes,
  encodeBytes,
} from "../protocol/bytes.ts";
import { effectiveAtOf } from "../protocol/order.ts";
import { dayOf } from "../protocol/time.ts";
import type { ServerEntry } from "../peers/topology.ts";
import { requireReadPermission } from "../runtime/files.ts";
import { serverNamed } from "../server/settings/settings.ts";
import {
  adminPortFlags,
  type AdminRequests,
  readAdminPorts,
} from "./admin_ports.ts";

/** Most records of a request, and most bytes. A server takes twice as many. */
const [batchRecords, batchBytes] = [2_500, 512 * 1024];

/** Longest wait for the answer to a batch, in milliseconds. */
const answerTimeoutMs = 30_000;

/** The file is read in pieces of this size, in bytes. */
const readBytes = 64 * 1024;

/** Most bad rows that are named. The others are counted. */
const maxNamedRows = 1_000;

const kinds = Object.keys(fileKinds);

const importFlags: Flags = {
  client: {
    value: "ID",
    help: "client of rows that name none, as the log writes it",
  },
  server: {
    value: "NAME",
    help: "server to whose history they are added (the first of the herd)",
  },
  format: { value: "FORMAT", help: `${kinds.join(", ")} (by the file's name)` },
  skip: {
    value: "ROWS",
    help: "skip this many rows, to continue an import (0)",
  },
  ...adminPortFlags,
};

const help = `Adds the positions of a file to the history of a server.

Usage: herd import FILE [flags]

  herd import track.gpx --client kiwi.cs.ucla.edu
  herd import positions.csv --server Campbell

FILE is GPX, GeoJSON (a FeatureCollection of points), CSV with the columns time,
latitude and longitude, or AT lines. The newest position of a client does not
change, whatever is imported. Rows that were imported before are not added again,
so that an import may be repeated. Servers accept this command as they accept
herd forget. The exit status is 1 if a row was not imported.

${describeFlags(importFlags)}`;

export async function importFile(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, importFlags);
  const { flags } = parsed;
  if (flags.has("help")) return print(help);
  const path = readPath(parsed);
  const kind = readKind(parsed, path);
  const skip = wholeNumber(parsed, "skip", 0, 1e15) ?? 0;
  const { require, topology } = await readAdminPorts(parsed);
  const name = flags.get("server");
  const entry = name === undefined
    ? topology.servers[0]
    : serverNamed(topology, name);
  const requests = await require([entry]);
  await requireReadPermission([path]);
  const reader = kind.create({
    client: flags.get("client"),
    server: entry.name,
  });
  const task = new Import(path, entry, requests, skip);
  await task.run(reader, kind.isBytes);
  if (task.isStopped) Deno.exitCode = 1;
}

function readPath({ positionals }: Arguments): string {
  const [path, ...others] = positionals;
  if (path === undefined) throw new UsageError("expected a file");
  if (others.length > 0) {
    throw new UsageError(`expected one file, found ${others[0]} too`);
  }
  return path;
}

function readKind({ flags }: Arguments, path: string): FileKind {
  const name = flags.get("format") ??
    kinds.find((kind) =>
      fileKinds[kind].endings.some((ending) =>
        path.toLowerCase().endsWith(ending)
      )
    );
  if (name !== undefined && Object.hasOwn(fileKinds, name)) {
    return fileKinds[name];
  }
  throw new UsageError(
    `--format: expected ${kinds.join(", ")}, found ${name ?? "none"}`,
  );
}

/** A record that waits to be sent, with the line where its row began. */
interface WaitingRow {
  readonly line: number;
  readonly record: ByteString;
}

/** One import. */
class Import {
  readonly #path: string;
  readonly #entry: ServerEntry;
  readonly #requests: AdminRequests;
  readonly #skip: number;
  #waiting: WaitingRow[] = [];
  #waitingBytes = 0;
  /** Rows that were read, and rows whose result is known. */
  #rows = 0;
  #doneRows = 0;
  #added = 0;
  #known = 0;
  #badRows = 0;
  #isInterrupted = false;
  #progress: Progress | undefined;

  constructor(
    path: string,
    entry: ServerEntry,
    requests: AdminRequests,
    skip: number,
  ) {
    this.#path = path;
    this.#entry = entry;
    this.#requests = requests;
    this.#skip = skip;
  }

  /** Whether a row was not imported. */
  get isStopped(): boolean {
    return this.#isInterrupted || this.#badRows > 0;
  }

  async run(reader: RowReader, isBytes: boolean): Promise<void> {
    nextSignal().then(() => this.#isInterrupted = true);
    using file = await open(this.#path);
    const { size } = await file.stat();
    // A file that is not a terminal gets no lines about the progress.
    using progress = Deno.stderr.isTerminal()
      ? new Progress({ label: `importing ${this.#path}`, total: size })
      : undefined;
    this.#progress = progress;
    const decoder = new TextDecoder("utf-8");
    const buffer = new Uint8Array(readBytes);
    let read = 0;
    for (let count; (count = await file.read(buffer)) !== null;) {
      const piece = buffer.subarray(0, count);
      const text = isBytes
        ? decodeBytes(piece, 0, count)
        : decoder.decode(piece, { stream: true });
      await this.#take(reader.push(text));
      read += count;
      progress?.update(read, `${formatNumber(this.#doneRows)} rows`);
      if (this.#isInterrupted) break;
    }
    if (!this.#isInterrupted) {
      await this.#take(reader.push(isBytes ? "" : decoder.decode()));
      await this.#take(reader.end());
    }
    await this.#send();
    progress?.[Symbol.dispose]();
    print(this.#summary());
    if (this.#isInterrupted) {
      note(`herd: interrupted; ${this.#howToContinue()}`);
    }
  }

  async #take(rows: ReturnType<RowReader["push"]>): Promise<void> {
    for (const { fault, line, record } of rows) {
      this.#rows += 1;
      if (this.#rows <= this.#skip) {
        this.#doneRows += 1;
      } else if (record === undefined) {
        this.#refuse(line, fault ?? "expected a position");
      } else {
        this.#waiting.push({ line, record });
        this.#waitingBytes += record.length + 1;
      }
      const isFull = this.#waiting.length >= batchRecords ||
        this.#waitingBytes >= batchBytes;
      if (isFull) await this.#send();
      if (this.#isInterrupted) return;
    }
  }

  async #send(): Promise<void> {
    const rows = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (rows.length > 0) {
      const { added, days, known, refused } = await this.#post(rows);
      this.#added += added;
      this.#known += known;
      if (refused > 0) this.#nameRefused(rows, days, refused);
    }
    this.#doneRows = this.#rows;
  }

  async #post(rows: readonly WaitingRow[]) {
    const body = encodeBytes(
      rows.map(({ record }) => `${record}\n`).join(""),
    );
    let text: string;
    try {
      const response = await this.#requests.fetch(this.#entry, "/import", {
        method: "POST",
        body,
        headers: { "herd-request": "import" },
        redirect: "error",
        signal: AbortSignal.timeout(answerTimeoutMs),
      });
      text = await response.text();
      if (!response.ok) throw this.#failure(text.trim());
    } catch (error) {
      if (error instanceof SetupError || !(error instanceof Error)) throw error;
      throw this.#failure(describe(error));
    }
    const counts = JSON.parse(text);
    if (counts.server !== this.#entry.name) {
      throw this.#failure(`another server answers: ${counts.server}`);
    }
    return counts as {
      readonly added: number;
      readonly known: number;
      readonly refused: number;
      readonly days: number;
    };
  }

  #failure(reason: string): SetupError {
    this.#progress?.[Symbol.dispose]();
    const address = this.#requests.addressOf(this.#entry);
    return new SetupError(
      `${this.#entry.name} (${address}): ${reason}; ${this.#howToContinue()}`,
    );
  }

  #howToContinue(): string {
    return this.#doneRows === 0
      ? "nothing is imported"
      : `${formatNumber(this.#doneRows)} rows are done: ` +
        `add --skip ${this.#doneRows} to go on`;
  }

  /** Names the rows whose days the server does not keep. */
  #nameRefused(
    rows: readonly WaitingRow[],
    days: number,
    refused: number,
  ): void {
    const nowSeconds = Date.now() / 1000;
    const today = dayOf(nowSeconds);
    let named = 0;
    for (const { line, record } of rows) {
      const { seconds } = effectiveAtOf(record);
      const day = dayOf(seconds);
      if (day >= today - days && seconds <= nowSeconds) continue;
      named += 1;
      const date = new Date(seconds * 1000).toISOString().slice(0, 10);
      this.#refuse(
        line,
        day < today - days
          ? `${date} is longer ago than the ${days} days that are kept`
          : `its time is ahead of the clock: ${date}`,
      );
    }
    // Clocks may differ by a day at midnight.
    if (named < refused) this.#badRows += refused - named;
  }

  #refuse(line: number, fault: string): void {
    this.#badRows += 1;
    if (this.#badRows > maxNamedRows) return;
    const text = this.#badRows === maxNamedRows
      ? "herd: further rows that are not imported are counted, but not named"
      : `herd: ${this.#path}:${line}: ${printable(fault)}`;
    if (this.#progress === undefined) note(text);
    else this.#progress.printLine(text);
  }

  #summary(): string {
    const parts = [
      `${formatCount(this.#added, "position")} imported`,
      `${formatNumber(this.#known)} ${
        this.#known === 1 ? "was" : "were"
      } there already`,
      `${formatCount(this.#badRows, "row")} not imported`,
    ];
    return parts.join(", ");
  }
}

/** Text of a file without what could control a terminal, and not too long. */
function printable(text: string): string {
  const safe = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?");
  return safe.length > 300 ? `${safe.slice(0, 300)}…` : safe;
}

async function open(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new SetupError(`${path}: there is no such file`);
    }
    throw setupError(path, error);
  }
}

function describe(error: Error): string {
  if (error.name === "TimeoutError") {
    return `no answer in ${answerTimeoutMs} ms`;
  }
  return /client error \(Connect\)/.test(String(error.cause))
    ? "cannot connect; the administration port is opened by herd up and by --admin"
    : "the connection ended before the answer";
}
