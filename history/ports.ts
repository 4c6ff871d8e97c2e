/**
 * Queries several servers for the recorded positions of a client, and merges their
 * answers. Each server has recorded only the reports that it heard itself.
 *
 * @module
 */
import { unescapeBytes } from "../log/escape.ts";
import { bytesOfText, type ByteString } from "../protocol/bytes.ts";
import { isNewer } from "../protocol/order.ts";
import { clientOf, fieldsOf, lineOf, parseReport } from "../protocol/report.ts";
import { parseTimestamp } from "../protocol/time.ts";
import type { HistoryPage, HistoryReader } from "../replica/history.ts";
import { maxPageBytes, maxPageRecords } from "./limits.ts";

/** Longest wait for a page, in milliseconds: a cold disk may need seconds. */
const pageTimeoutMs = 10_000;

/** Longest answer, in bytes: pages of servers are smaller with any IDs. */
const maxAnswerBytes = 32 * 1024 * 1024;

/**
 * Most reports that are remembered to notice repetitions: those of a day at one
 * a second. They take about 10 MB.
 */
const maxRemembered = 100_000;

/** One server's history: at its administration port, or in this process. */
export type HistoryPort = HistoryAddress | {
  readonly reader: HistoryReader;
};

/** An administration port. */
export interface HistoryAddress {
  /** The server's name; undefined if any server may answer. */
  readonly name?: string;
  /** Requests a path such as `/history.json?id=kiwi`, as `fetch` does. */
  readonly fetch: (path: string, init: RequestInit) => Promise<Response>;
}

/** A query for positions. Times are POSIX seconds in digits. */
export interface PastQuery {
  /** The client's ID, escaped as in the log. */
  readonly id: string;
  /** The last position at or before this time. */
  readonly at?: string | undefined;
  /** All positions from this time on; without `at` only. */
  readonly from?: string | undefined;
  /** All positions until this time; without `at` only. */
  readonly to?: string | undefined;
}

/** A server has not answered. The message is a phrase. */
export class HistoryError extends Error {
  /** Always `HistoryError`. */
  override readonly name = "HistoryError";
}

/**
 * The records of all servers, the oldest first; for a query with `at`, only the
 * newest one. If several servers have recorded a client with the same time and
 * position, only the record that is first in the order is given.
 *
 * @param onSilent Called with each server that does not answer. The records that
 * it has sent before were given.
 */
export async function* readHistories<Port extends HistoryPort>(
  ports: readonly Port[],
  query: PastQuery,
  onSilent: (port: Port, reason: string) => void,
): AsyncGenerator<ByteString> {
  const streams = ports.map((port) =>
    new RecordStream(port, query, (reason) => onSilent(port, reason))
  );
  await Promise.all(streams.map((stream) => stream.start()));
  if (query.at !== undefined) {
    const newest = streams.map(({ head }) => head).filter((head) =>
      head !== undefined
    ).reduce<ByteString | undefined>(
      (one, other) => one === undefined || isNewer(other, one) ? other : one,
      undefined,
    );
    if (newest !== undefined) yield newest;
    return;
  }
  const given = new Set<ByteString>();
  while (true) {
    let oldest: RecordStream | undefined;
    for (const stream of streams) {
      if (stream.head === undefined) continue;
      if (oldest === undefined || isNewer(oldest.head!, stream.head)) {
        oldest = stream;
      }
    }
    if (oldest === undefined) return;
    const record = oldest.head!;
    const [, , , position, time] = fieldsOf(lineOf(record));
    const key = `${position} ${time}`;
    if (!given.has(key)) {
      given.add(key);
      if (given.size > maxRemembered) given.delete(given.keys().next().value!);
      yield record;
    }
    await oldest.advance();
  }
}

/** The records of one server, page by page. */
class RecordStream {
  /** The next record; undefined at the end. */
  head: ByteString | undefined;
  readonly #port: HistoryPort;
  readonly #query: PastQuery;
  readonly #onSilent: (reason: string) => void;
  #page: HistoryPage = { records: [], next: undefined };
  #index = 0;

  constructor(
    port: HistoryPort,
    query: PastQuery,
    onSilent: (reason: string) => void,
  ) {
    this.#port = port;
    this.#query = query;
    this.#onSilent = onSilent;
  }

  async start(): Promise<void> {
    await this.#read(undefined);
    this.#index = -1;
    await this.advance();
  }

  async advance(): Promise<void> {
    this.#index += 1;
    while (
      this.#index >= this.#page.records.length && this.#page.next !== undefined
    ) {
      await this.#read(this.#page.next);
      this.#index = 0;
    }
    const last = this.head;
    this.head = this.#page.records[this.#index];
    const isInOrder = last === undefined || this.head === undefined ||
      isNewer(this.head, last);
    if (isInOrder) return;
    // Otherwise a wrong server could keep the command busy for ever.
    this.#fail("its records are not in order");
  }

  async #read(cursor: string | undefined): Promise<void> {
    try {
      this.#page = "reader" in this.#port
        ? await readHere(this.#port.reader, this.#query, cursor)
        : await readPage(this.#port, this.#query, cursor);
    } catch (error) {
      if (!(error instanceof HistoryError)) throw error;
      this.#fail(error.message);
    }
  }

  #fail(reason: string): void {
    this.#page = { records: [], next: undefined };
    this.head = undefined;
    this.#onSilent(reason);
  }
}

/** A page of a server of this process. */
async function readHere(
  reader: HistoryReader,
  { at, from, id, to }: PastQuery,
  cursor: string | undefined,
): Promise<HistoryPage> {
  const client = unescapeBytes(bytesOfText(id));
  try {
    if (at !== undefined) {
      const query = { client, to: parseTimestamp(at), limit: 1 };
      const page = await reader.read({ ...query, isNewestFirst: true });
      return { ...page, next: undefined };
    }
    return await reader.read({
      client,
      limit: maxPageRecords,
      maxBytes: maxPageBytes,
      ...from !== undefined && { from: parseTimestamp(from) },
      ...to !== undefined && { to: parseTimestamp(to) },
      ...cursor !== undefined && { cursor },
    });
  } catch (error) {
    throw new HistoryError(error instanceof Error ? error.message : `${error}`);
  }
}

async function readPage(
  port: HistoryAddress,
  query: PastQuery,
  cursor: string | undefined,
): Promise<HistoryPage> {
  let text: string;
  try {
    const response = await port.fetch(pathOf(query, cursor), {
      redirect: "error",
      signal: AbortSignal.timeout(pageTimeoutMs),
    });
    text = await textOf(response);
    if (!response.ok) {
      throw new HistoryError(
        text.trim().slice(0, 200) || `answered ${response.status}`,
      );
    }
  } catch (error) {
    if (error instanceof HistoryError || !(error instanceof Error)) throw error;
    throw new HistoryError(describe(error));
  }
  return parsePage(text, port.name, query.id);
}

function pathOf(
  { at, from, id, to }: PastQuery,
  cursor: string | undefined,
): string {
  const given = at === undefined ? { from, to, cursor } : { at };
  const parameters = Object.entries(given).map(([name, value]) =>
    value === undefined ? "" : `${name}=${encodeURIComponent(value)}&`
  );
  return `/history.json?${parameters.join("")}id=${encodeURIComponent(id)}`;
}

/** The text of an answer, unless it is longer than any that a server sends. */
async function textOf({ body }: Response): Promise<string> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > maxAnswerBytes) {
      throw new HistoryError("its answer is too long");
    }
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

function describe(error: Error): string {
  if (error.name === "TimeoutError") return `no answer in ${pageTimeoutMs} ms`;
  return /client error \(Connect\)/.test(String(error.cause))
    ? "cannot connect"
    : "the connection ended before the end of the answer";
}

/** The records of a page that a server has sent. */
function parsePage(
  text: string,
  server: string | undefined,
  id: string,
): HistoryPage {
  let page;
  try {
    page = JSON.parse(text);
  } catch {
    throw new HistoryError("is not an administration port");
  }
  const { next, records } = page ?? {};
  if (!Array.isArray(records)) {
    throw new HistoryError("is not an administration port");
  }
  if (server !== undefined && page.server !== server) {
    throw new HistoryError(`another server answers: ${page.server}`);
  }
  const client = unescapeBytes(bytesOfText(id));
  return {
    records: records.map((record) => recordOf(record ?? {}, client)),
    next: typeof next === "string" ? next : undefined,
  };
}

function recordOf(
  { at, attributes }: { readonly at?: unknown; readonly attributes?: unknown },
  client: ByteString,
): ByteString {
  const field = attributes === undefined ? "" : ` ${attributes}`;
  const record = unescapeBytes(bytesOfText(`${at}${field}`));
  const isValid = parseReport(record, () => true) !== undefined &&
    clientOf(record) === client;
  if (isValid) return record;
  throw new HistoryError("it has sent a record that is not valid");
}
