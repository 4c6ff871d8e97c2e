/**
 * Small logs, written by the real log writer at times that a test sets.
 *
 * @module
 */
import { LogWriter } from "../../log/log_writer.ts";
import { LogFiles } from "../../log/log_files.ts";
import { type ByteString, encodeBytes } from "../../protocol/bytes.ts";
import { makeReport } from "../../protocol/report.ts";
import type { Timestamp } from "../../protocol/time.ts";
import type { EventFields, EventLevel } from "../../runtime/events.ts";
import { findLogs, type ServerLog } from "../../log_analysis/log_folder.ts";
import type { ReadingOptions } from "../../log_analysis/read_logs.ts";
import { assertEquals } from "../assert.ts";
import { ManualClock } from "../fakes/manual_clock.ts";

/**
 * The start time of tests: 2026-11-22 17:00:00 UTC, in microseconds since 1970.
 */
export const startUs = Date.UTC(2026, 10, 22, 17) * 1000;

/** Converts microseconds to a clock's timestamp. */
export function timestampOf(us: number): Timestamp {
  const seconds = Math.floor(us / 1_000_000);
  return { seconds, nanoseconds: (us - seconds * 1_000_000) * 1000 };
}

/** The position of the clients. */
export const position = "+34.068930-118.445127";

/** The AT line that a server makes for an IAMAT at a time. */
export function lineOf(
  server: string,
  atUs: number,
  client: ByteString,
  time = "1520023934",
): ByteString {
  const now = timestampOf(startUs + atUs);
  return makeReport(server, now, { verb: "IAMAT", client, position, time })
    .line;
}

/** Writes one server's log. It must be closed before it is read. */
export class WrittenLog {
  readonly #log: LogWriter;
  readonly #clock: ManualClock;
  readonly #now: { us: number };

  private constructor(
    log: LogWriter,
    clock: ManualClock,
    now: { us: number },
  ) {
    this.#log = log;
    this.#clock = clock;
    this.#now = now;
  }

  /** Begins a run of a server with a `started` event. */
  static async start(
    directory: string,
    name: string,
    atUs = 0,
    { keptFiles = 5, maxFileBytes = 1e9 } = {},
  ): Promise<WrittenLog> {
    const clock = new ManualClock();
    const now = { us: atUs };
    clock.now = () => timestampOf(startUs + now.us);
    const files = { directory, name, maxFileBytes, keptFiles };
    const onFailure = () => {
      throw new Error("the log cannot be written");
    };
    const writer = new LogWriter(
      { clock, onFailure },
      await LogFiles.open(files),
    );
    const log = new WrittenLog(writer, clock, now);
    log.event(atUs, "server", "started", { name });
    return log;
  }

  /** Logs a received line, `atUs` microseconds after the start. */
  received(atUs: number, connection: string, line: ByteString): this {
    return this.#traffic(atUs, connection, line, "received");
  }

  /** Logs a sent message. */
  sent(atUs: number, connection: string, line: ByteString): this {
    return this.#traffic(atUs, connection, line, "sent");
  }

  event(
    atUs: number,
    connection: string,
    event: string,
    fields: EventFields = {},
    level: EventLevel = "info",
  ): this {
    this.#now.us = atUs;
    this.#log.event(connection, level, event, fields);
    return this;
  }

  /**
   * Writes pending lines to the file. The log may switch to the next file after
   * that.
   */
  async flush(): Promise<void> {
    await this.#log.flush();
  }

  async close(): Promise<void> {
    await this.#log.close();
    assertEquals(this.#clock.timers, 0);
  }

  #traffic(
    atUs: number,
    connection: string,
    line: ByteString,
    direction: "received" | "sent",
  ): this {
    const traffic = this.#log.trafficLogFor(connection);
    traffic.stampTime(timestampOf(startUs + atUs));
    const bytes = encodeBytes(line);
    traffic[direction](bytes, 0, bytes.length);
    return this;
  }
}

/** Runs a test with a temporary folder. */
export async function withFolder(
  run: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "herd-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The logs of a folder, and the warnings given while they are read. */
export async function openLogs(
  ...paths: string[]
): Promise<{ logs: ServerLog[]; options: ReadingOptions; warnings: string[] }> {
  const warnings: string[] = [];
  const warn = (line: string) => void warnings.push(line);
  const logs = await findLogs(paths, warn);
  return { logs, options: { warn, progress: () => {} }, warnings };
}
