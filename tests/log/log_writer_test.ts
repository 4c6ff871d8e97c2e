import { LogWriter } from "../../log/log_writer.ts";
import type { LogFailure } from "../../log/appender.ts";
import {
  fileCheckIntervalMs,
  flushBytes,
  flushIntervalMs,
  maxPendingBytes,
  retryIntervalMs,
} from "../../log/limits.ts";
import {
  closingTimeoutMs,
  operationTimeoutMs,
  timeoutBeatMs,
} from "../../runtime/operation_timer.ts";
import { LogFiles } from "../../log/log_files.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "../assert.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";
import { MemoryLog } from "../fakes/memory_log.ts";
import { logText } from "../fakes/text_traffic.ts";

/** Runs a test with a log writer in a temporary folder. */
async function withLogWriter(
  run: (tools: {
    log: LogWriter;
    clock: ManualClock;
    folder: string;
    read: (name?: string) => string;
    reopen: () => Promise<LogWriter>;
  }) => Promise<void>,
  limits = { maxFileBytes: 1024 ** 2, keptFiles: 5 },
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const clock = new ManualClock();
  const reopen = async () =>
    new LogWriter(
      { clock, onFailure: (failure) => assertEquals(failure, undefined) },
      await LogFiles.open({
        directory: `${folder}/logs`,
        name: "Hill",
        ...limits,
      }),
    );
  const log = await reopen();
  try {
    await run({
      log,
      clock,
      folder,
      read: (name = "Hill.log") =>
        Deno.readTextFileSync(`${folder}/logs/${name}`),
      reopen,
    });
  } finally {
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Waits until a condition holds, as writing to real files takes time. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("LogWriter writes lines within the interval", async () => {
  await withLogWriter(async ({ clock, log, read }) => {
    const traffic = logText(log.trafficLogFor("client/1"));
    traffic.received("IAMAT \xff");
    traffic.sent("? IAMAT \xff");
    log.event("server", "info", "something happened", { count: 1 });
    assertEquals(read(), "");
    await clock.advance(flushIntervalMs);
    await until(() => read() !== "");
    assertEquals(
      read(),
      "2018-03-02T21:05:34.000000Z client/1 <- IAMAT \\xff\n" +
        "2018-03-02T21:05:34.000000Z client/1 -> ? IAMAT \\xff\n" +
        "2018-03-02T21:05:34.000000Z server -- info something-happened count=1\n",
    );
  });
});

Deno.test("a log line has its connection and the time that was set for it", async () => {
  await withLogWriter(async ({ log, read }) => {
    const [one, other] = ["http/1", "http/2"].map((name) =>
      log.trafficLogFor(name)
    );
    const [first, second] = [1_520_000_000, 1_520_000_001].map((seconds) => ({
      seconds,
      nanoseconds: 0,
    }));
    for (
      const [traffic, time] of [
        [one, first],
        [one, first],
        [other, first],
        [one, first],
        [one, second],
        [one, second],
        [other, first],
      ] as const
    ) {
      traffic.stampTime(time);
      logText(traffic).received("x");
    }
    await log.flush();
    assertEquals(
      read().trimEnd().split("\n").map((line) => line.slice(17, 34)),
      [
        "20.000000Z http/1",
        "20.000000Z http/1",
        "20.000000Z http/2",
        "20.000000Z http/1",
        "21.000000Z http/1",
        "21.000000Z http/1",
        "20.000000Z http/2",
      ],
    );
  });
});

Deno.test("flush() resolves when everything is in the file", async () => {
  await withLogWriter(async ({ log, read }) => {
    const traffic = logText(log.trafficLogFor("client/1"));
    for (let line = 0; line < 20_000; line++) traffic.received(`line ${line}`);
    await log.flush();
    const lines = read().trimEnd().split("\n");
    assertEquals(lines.length, 20_000);
    assert(lines.every((line, index) => line.endsWith(` <- line ${index}`)));
  });
});

Deno.test("LogWriter does not change the buffer that is being written", async () => {
  const log = new MemoryLog();
  let write: (() => void) | undefined;
  log.write = (bytes) =>
    new Promise((resolve) => {
      write = () => {
        resolve(log.writeSync(bytes));
      };
    });
  const clock = new ManualClock();
  const writer = new LogWriter({ clock, onFailure() {} }, log);
  const traffic = logText(writer.trafficLogFor("client/1"));
  traffic.received("first");
  const flushed = writer.flush();
  traffic.received("second");
  write!();
  write = undefined;
  await until(() => write !== undefined);
  write!();
  await flushed;
  const words = log.text.trimEnd().split("\n").map((line) => line.slice(40));
  assertEquals(words, ["first", "second"]);
});

Deno.test("flushSync() writes synchronously", async () => {
  await withLogWriter(({ log, read }) => {
    logText(log.trafficLogFor("client/1")).received("last words");
    log.flushSync();
    assert(read().endsWith("last words\n"));
    return Promise.resolve();
  });
});

Deno.test("whenDrained() waits while too many bytes are pending", async () => {
  await withLogWriter(async ({ log }) => {
    const traffic = log.trafficLogFor("client/1");
    assertEquals(traffic.whenDrained(), undefined);
    const line = "x".repeat(1_000);
    for (let bytes = 0; bytes < 2 * maxPendingBytes; bytes += 1_000) {
      logText(traffic).received(line);
    }
    const room = traffic.whenDrained();
    assert(room !== undefined);
    await room;
    assertEquals(traffic.whenDrained(), undefined);
  });
});

Deno.test("LogWriter appends to the file of an earlier run", async () => {
  await withLogWriter(async ({ folder, log, read, reopen }) => {
    log.event("server", "info", "first", {});
    await log.flush();
    // A run that was killed may leave a partial line.
    Deno.writeTextFileSync(`${folder}/logs/Hill.log`, "half a li", {
      append: true,
    });
    const next = await reopen();
    next.event("server", "info", "second", {});
    await next.close();
    assertEquals(
      read().split("\n").map((line) => line.split(" ").at(-1)),
      ["first", "li", "second", ""],
    );
  });
});

Deno.test("LogWriter rotates its files and keeps the configured number of full ones", async () => {
  await withLogWriter(async ({ folder, log, read, reopen }) => {
    const names = () =>
      [...Deno.readDirSync(`${folder}/logs`)].map(({ name }) => name).sort();
    const write = async (log: LogWriter, batch: number) => {
      const traffic = log.trafficLogFor(`batch/${batch}`);
      for (let line = 0; line < 20; line++) {
        logText(traffic).received("x".repeat(60));
      }
      await log.flush();
    };
    await write(log, 0);
    await write(log, 1);
    assertEquals(names(), ["Hill.1.log", "Hill.2.log", "Hill.log"]);
    assert(read("Hill.log").includes("batch/0"));
    assert(
      read("Hill.log").endsWith(
        `log-continues file="${folder}/logs/Hill.1.log"\n`,
      ),
    );
    assert(read("Hill.1.log").includes("batch/1"));
    // The third write replaces the oldest file; two full ones remain.
    await write(log, 2);
    assertEquals(read("Hill.log"), "");
    assert(read("Hill.1.log").includes("batch/1"));
    assert(read("Hill.2.log").includes("batch/2"));
    // A new run continues in the file that is not full.
    const next = await reopen();
    assertEquals(next.path, `${folder}/logs/Hill.log`);
    await next.close();
    await write(log, 3);
    assert(read("Hill.log").includes("batch/3"));
    assertEquals(read("Hill.1.log"), "");
    assert(read("Hill.2.log").includes("batch/2"));
  }, { maxFileBytes: 1_500, keptFiles: 2 });
});

/** Fills each of three files once, and starts the first one again. */
async function fillRing(directory: string): Promise<void> {
  using files = await LogFiles.open({
    directory,
    name: "Hill",
    maxFileBytes: 10,
    keptFiles: 2,
  });
  for (let round = 0; round < 3; round++) {
    await files.write(new TextEncoder().encode(`0123456${round}\n\n`));
    await files.prepareNext();
    files.switchToNext();
  }
}

Deno.test("a program that has the oldest file open can still read it after rotation", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/Hill.log`;
  await Deno.writeTextFile(path, "of an earlier run\n");
  using reader = await Deno.open(path);
  await fillRing(folder);
  const bytes = new Uint8Array(100);
  const length = await reader.read(bytes);
  assertEquals(
    new TextDecoder().decode(bytes.subarray(0, length!)),
    "of an earlier run\n",
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("LogFiles truncates a file that cannot be removed", async () => {
  const folder = await Deno.makeTempDir();
  const { remove } = Deno;
  Deno.remove = () => Promise.reject(new Deno.errors.PermissionDenied());
  try {
    await fillRing(folder);
  } finally {
    Deno.remove = remove;
  }
  assertEquals(await Deno.readTextFile(`${folder}/Hill.log`), "");
  assertEquals(
    await Deno.readTextFile(`${folder}/Hill.1.log`),
    "01234561\n\n",
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("LogFiles needs only permission to write", async () => {
  const folder = await Deno.makeTempDir();
  const script = `
    import { LogFiles } from ${
    JSON.stringify(import.meta.resolve("../../log/log_files.ts"))
  };
    const options = {
      directory: ${JSON.stringify(`${folder}/deep/logs`)},
      name: "Hill", maxFileBytes: 10, keptFiles: 2,
    };
    for (let run = 0; run < 4; run++) {
      using files = await LogFiles.open(options);
      await files.write(new TextEncoder().encode("0123456789"));
      if (files.isFull) await files.prepareNext();
      files.switchToNext();
      console.log(files.path.split("/").at(-1));
    }`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", `--allow-write=${folder}`, "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { code, stderr, stdout } = await child.output();
  assertEquals(new TextDecoder().decode(stderr), "");
  assertEquals(code, 0);
  assertEquals(
    new TextDecoder().decode(stdout).trim().split("\n"),
    ["Hill.1.log", "Hill.2.log", "Hill.log", "Hill.1.log"],
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("LogFiles writes to the current file until it switches to the prepared one", async () => {
  const folder = await Deno.makeTempDir();
  const texts = () =>
    ["Hill.log", "Hill.1.log"].map((name) =>
      Deno.readTextFileSync(`${folder}/${name}`)
    );
  const options = {
    directory: folder,
    name: "Hill",
    maxFileBytes: 5,
    keptFiles: 1,
  };
  {
    // All open files are closed at the end of this block.
    using files = await LogFiles.open(options);
    files.switchToNext();
    files.writeSync(new TextEncoder().encode("first"));
    await files.prepareNext();
    files.writeSync(new TextEncoder().encode(" more"));
    await files.prepareNext();
    assertEquals(texts(), ["first more", ""]);
    files.switchToNext();
    files.writeSync(new TextEncoder().encode("second"));
    assertEquals([files.path, files.sizeBytes], [`${folder}/Hill.1.log`, 6]);
    await files.prepareNext();
  }
  assertEquals(texts(), ["", "second"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("LogFiles.open() rejects if the folder cannot be created", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/file`, "");
  await assertRejects(() =>
    LogFiles.open({
      directory: `${folder}/file`,
      name: "Hill",
      maxFileBytes: 10,
      keptFiles: 1,
    })
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("LogWriter drops events after it was closed", async () => {
  const folder = await Deno.makeTempDir();
  const clock = new ManualClock();
  const files = await LogFiles.open({
    directory: folder,
    name: "Hill",
    maxFileBytes: 1024,
    keptFiles: 1,
  });
  const log = new LogWriter(
    { clock, onFailure: (failure) => assertEquals(failure, undefined) },
    files,
  );
  await log.close();
  log.event("server", "info", "too late", {});
  assertEquals(clock.timers, 0);
  await log.flush();
  assertEquals(await Deno.readTextFile(`${folder}/Hill.log`), "");
  await Deno.remove(folder, { recursive: true });
});

/** A log writer on a full disk. */
function createOnFullDisk() {
  const clock = new ManualClock();
  const disk = new MemoryLog();
  const failures: LogFailure[] = [];
  const log = new LogWriter({
    clock,
    onFailure: (failure) => failures.push(failure),
  }, disk);
  disk.roomBytes = 0;
  return { clock, disk, log, failures };
}

const lostEvent = "2018-03-02T21:05:34.000000Z server -- info lost\n";

Deno.test("LogWriter continues after the disk was full, and records the loss", async () => {
  const { clock, disk, log, failures } = createOnFullDisk();
  for (let count = 0; count < 3; count++) {
    log.event("server", "info", "lost", {});
    await log.flush();
  }
  assertEquals(log.fault?.message, "no space left on device");
  assertEquals(failures.map(({ state }) => state), ["failing"]);
  disk.roomBytes = Infinity;
  log.event("server", "info", "found", {});
  await log.close();
  const loss = { lines: 3, bytes: 3 * lostEvent.length };
  assertEquals(
    disk.text.split("\n").map((line) => line.split(" -- ")[1]),
    [
      `error log-incomplete lostLines=${loss.lines} lostBytes=${loss.bytes} cutLines=0`,
      "info found",
      undefined,
    ],
  );
  assertEquals(failures.slice(1), [{ state: "working", loss }]);
  assertEquals(clock.timers, 0);
});

Deno.test("LogWriter notices free space even if nothing is logged", async () => {
  const { clock, disk, log, failures } = createOnFullDisk();
  log.event("server", "info", "lost", {});
  await clock.advance(flushIntervalMs);
  disk.roomBytes = Infinity;
  assertEquals(failures.length, 1);
  await clock.advance(retryIntervalMs);
  assertEquals(failures.length, 2);
  assertStringIncludes(disk.text, "log-incomplete lostLines=1 ");
  await clock.advance(retryIntervalMs);
  assertEquals(disk.text.split("\n").length, 2);
  assertEquals(clock.timers, 0);
  await log.close();
});

Deno.test("LogWriter retries a full disk once a second, and bounds what is pending", async () => {
  const { clock, disk, log, failures } = createOnFullDisk();
  const traffic = log.trafficLogFor("client/1");
  const line = "x".repeat(1_000);
  const lineBytes = "2018-03-02T21:05:34.000000Z client/1 <- \n".length + 1_000;
  let lines = 0;
  const writeMuch = () => {
    for (let bytes = 0; bytes < 3 * maxPendingBytes; bytes += lineBytes) {
      logText(traffic).received(line);
      lines += 1;
    }
  };
  writeMuch();
  await drainMicrotasks();
  assertEquals(disk.attempts, 1);
  for (let second = 0; second < 3; second++) {
    writeMuch();
    // Connections do not wait while writing fails.
    assertEquals(traffic.whenDrained(), undefined);
    await clock.advance(retryIntervalMs);
    assertEquals(disk.attempts, second + 2);
  }
  disk.roomBytes = Infinity;
  await log.close();
  const loss = { lines, bytes: lines * lineBytes };
  assertEquals(failures.at(-1), { state: "working", loss });
  assertEquals(disk.text.split("\n").length, 2);
});

Deno.test("LogWriter resumes waiting connections when the disk fills up", async () => {
  const { disk, log } = createOnFullDisk();
  const traffic = log.trafficLogFor("client/1");
  // All lines are logged while the first write is under way.
  for (let bytes = 0; bytes < 2 * maxPendingBytes; bytes += 1_000) {
    logText(traffic).received("x".repeat(1_000));
  }
  const room = traffic.whenDrained();
  assert(room !== undefined);
  await room;
  assertEquals(disk.text, "");
  await log.close();
});

Deno.test("close() resolves while the disk is full, and reports the loss", async () => {
  const { clock, disk, log, failures } = createOnFullDisk();
  log.event("server", "info", "lost", {});
  await clock.advance(flushIntervalMs);
  log.event("server", "info", "lost", {});
  await log.close();
  assertEquals(disk.attempts, 2);
  const loss = { lines: 2, bytes: 2 * lostEvent.length };
  assertEquals(failures.slice(1), [{ state: "closed", loss }]);
  // Nothing is written after it was closed.
  await log.flush();
  assertEquals([disk.attempts, clock.timers], [2, 0]);
});

Deno.test("flushSync() writes nothing twice while a write is under way", async () => {
  const log = new MemoryLog();
  const { promise, resolve: write } = Promise.withResolvers<void>();
  log.write = (bytes) => promise.then(() => log.writeSync(bytes));
  const clock = new ManualClock();
  const writer = new LogWriter({ clock, onFailure() {} }, log);
  const traffic = logText(writer.trafficLogFor("client/1"));
  traffic.received("first");
  const flushed = writer.flush();
  traffic.received("last words");
  writer.flushSync();
  write();
  await flushed;
  await writer.close();
  const words = log.text.trimEnd().split("\n").map((line) => line.slice(40));
  assertEquals(words, ["last words", "first"]);
});

Deno.test("lagBytes counts logged bytes until they are written", async () => {
  await withLogWriter(async ({ log, read }) => {
    assertEquals(log.lagBytes, 0);
    log.event("server", "info", "started", {});
    const first = log.lagBytes;
    const flushed = log.flush();
    assertEquals(log.lagBytes, first, "the first line is being written");
    log.event("server", "info", "started", {});
    assertEquals(log.lagBytes, 2 * first);
    await flushed;
    assertEquals(log.lagBytes, 0);
    assertEquals(read().length, 2 * first);
  });
});

/** Logs this many bytes or more, in whole lines; returns how many lines. */
function logMuch(log: LogWriter, bytes: number): number {
  const traffic = logText(log.trafficLogFor("client/1"));
  const line = "x".repeat(1_000);
  const lines = Math.ceil(bytes / line.length);
  for (let count = 0; count < lines; count++) traffic.received(line);
  return lines;
}

/** A log writer on a disk that hangs. */
function createOnHangingDisk() {
  const tools = createOnFullDisk();
  tools.disk.roomBytes = Infinity;
  tools.disk.hang();
  return tools;
}

Deno.test("a write that does not end becomes a failure, and connections go on", async () => {
  const { clock, disk, log, failures } = createOnHangingDisk();
  const lines = logMuch(log, maxPendingBytes + 2 * flushBytes);
  const room = log.trafficLogFor("client/1").whenDrained();
  assert(room !== undefined);
  let hasRoom = false;
  room.then(() => hasRoom = true);
  await clock.advance(operationTimeoutMs - 1);
  assertEquals([hasRoom, failures.length], [false, 0]);
  assertEquals(log.operationMs, operationTimeoutMs - 1);
  await clock.advance(1);
  assertEquals(hasRoom, true);
  const [failing, ...others] = failures;
  assert(failing.state === "failing");
  assertEquals(
    failing.error.message,
    "writing to Hill.log has taken more than 5 s",
  );
  assertEquals(others, []);
  assertEquals(log.fault, failing.error);
  // The lines that are being written may come to the disk yet.
  const inDoubt = Math.ceil(flushBytes / 1_041);
  assertEquals(log.lost.lines, lines - inDoubt);
  // Nothing more is begun, and little is kept, while it hangs.
  const more = logMuch(log, 10 * maxPendingBytes);
  await clock.advance(10 * retryIntervalMs);
  assert(log.lagBytes < 3 * flushBytes, String(log.lagBytes));
  disk.resume();
  await clock.advance(retryIntervalMs);
  await log.close();
  assertEquals(failures.map(({ state }) => state), ["failing", "working"]);
  const written = disk.text.split("\n").slice(0, -1);
  assertEquals(written.length - 1 + log.lost.lines, lines + more);
  assertEquals(
    written.filter((line) => line.includes(" log-incomplete ")).length,
    1,
  );
  assertEquals(log.operationMs, 0);
  assertEquals(clock.timers, 0);
});

Deno.test("a server that was frozen does not conclude that its disk hangs", async () => {
  const { clock, disk, log, failures } = createOnHangingDisk();
  const { after } = clock;
  // Whatever time passes while the process is stopped, one timer is due then.
  clock.after = (_, callback) => after.call(clock, 60_000, callback);
  logMuch(log, maxPendingBytes);
  clock.after = after;
  await clock.advance(60_000);
  disk.resume();
  await log.close();
  assertEquals(failures, []);
  assertEquals(log.lost.lines, 0);
});

Deno.test("the log records its loss after a disk has hung, even if nothing more is logged", async () => {
  const { clock, disk, log } = createOnHangingDisk();
  logMuch(log, maxPendingBytes);
  await clock.advance(operationTimeoutMs);
  disk.resume();
  await clock.advance(retryIntervalMs);
  assertEquals(log.fault, undefined);
  const [last] = disk.text.trimEnd().split("\n").slice(-1);
  assertStringIncludes(last, `log-incomplete lostLines=${log.lost.lines} `);
  await log.close();
});

Deno.test("a write that hangs and then fails is counted, and tried again", async () => {
  const { clock, disk, log, failures } = createOnHangingDisk();
  log.event("server", "info", "lost", {});
  await clock.advance(flushIntervalMs + operationTimeoutMs);
  disk.roomBytes = 0;
  disk.resume();
  await clock.advance(0);
  assertEquals(log.fault?.message, "no space left on device");
  assertEquals(log.lost, { lines: 1, bytes: lostEvent.length });
  disk.roomBytes = Infinity;
  await clock.advance(retryIntervalMs);
  assertEquals(failures.map(({ state }) => state), ["failing", "working"]);
  assertStringIncludes(disk.text, "log-incomplete lostLines=1 ");
  await log.close();
});

Deno.test("a next file that does not open is a failure too", async () => {
  const { clock, disk, log, failures } = createOnFullDisk();
  disk.roomBytes = Infinity;
  disk.maxFileBytes = 10;
  const { prepareNext } = disk;
  disk.prepareNext = () => {
    disk.hang();
    return prepareNext.call(disk);
  };
  log.event("server", "info", "written", {});
  // It begins within a beat of the write before, which does not count.
  await clock.advance(flushIntervalMs + operationTimeoutMs + timeoutBeatMs);
  assertEquals(
    log.fault?.message,
    "opening next.log has taken more than 5 s",
  );
  disk.resume();
  await drainMicrotasks();
  await log.close();
  assertEquals(failures.map(({ state }) => state), ["failing", "working"]);
  assertEquals(disk.files.length, 2);
});

Deno.test("close() waits for a hanging disk only until its deadline, and reports the loss", async () => {
  const { clock, disk, log, failures } = createOnHangingDisk();
  log.event("server", "info", "lost", {});
  await clock.advance(flushIntervalMs);
  log.event("server", "info", "lost", {});
  const closed = log.close();
  let isClosed = false;
  closed.then(() => isClosed = true);
  await clock.advance(closingTimeoutMs - 1);
  assertEquals(isClosed, false);
  await clock.advance(1);
  assertEquals(isClosed, true);
  const loss = { lines: 2, bytes: 2 * lostEvent.length };
  assertEquals(failures.slice(1), [{ state: "closed", loss }]);
  assertEquals([disk.isClosed, clock.timers], [false, 0]);
  // The file is closed as soon as that cannot take long.
  disk.resume();
  await drainMicrotasks();
  assertEquals([disk.isClosed, failures.length, clock.timers], [true, 2, 0]);
});

Deno.test("close() does not wait for a disk that has hung for a long time", async () => {
  const { clock, log, failures } = createOnHangingDisk();
  log.event("server", "info", "lost", {});
  await clock.advance(flushIntervalMs + operationTimeoutMs);
  await log.close();
  assertEquals(failures.map(({ state }) => state), ["failing", "closed"]);
});

Deno.test("flushSync() does not wait for a disk that hangs", async () => {
  const { clock, disk, log } = createOnHangingDisk();
  log.event("server", "info", "lost", {});
  await clock.advance(flushIntervalMs + closingTimeoutMs);
  disk.writeSync = () => {
    throw new Error("it would not return");
  };
  log.event("server", "error", "crashed", {});
  log.flushSync();
  assertEquals(log.lost.lines, 1);
});

/** A log writer that checks its file. */
function createWithChecks() {
  const tools = createOnFullDisk();
  tools.disk.roomBytes = Infinity;
  tools.log.startChecks();
  return tools;
}

Deno.test("a file that was removed is noticed in seconds, and created again", async () => {
  const { clock, disk, log, failures } = createWithChecks();
  log.event("server", "info", "first", {});
  await clock.advance(flushIntervalMs);
  disk.detachment = "removed";
  log.event("server", "info", "second", {});
  await clock.advance(fileCheckIntervalMs);
  assertEquals(failures, [
    { state: "reopened", path: "Hill.log", reason: "removed" },
  ]);
  assertEquals([log.reopenings, log.fault], [1, undefined]);
  log.event("server", "info", "third", {});
  await log.close();
  const [former, present] = disk.files;
  const words = (text: string) =>
    text.split("\n").slice(0, -1).map((line) => line.split(" -- ")[1]);
  assertEquals(words(former), ["info first", "info second"]);
  assertEquals(words(present), [
    'error log-reopened file="Hill.log" reason="removed" ' +
    `uncheckedBytes=${former.length}`,
    "info third",
  ]);
  assertEquals(clock.timers, 0);
});

Deno.test("a file that cannot be created again is a failure until it can", async () => {
  const { clock, disk, log, failures } = createWithChecks();
  disk.detachment = "removed";
  disk.canOpenNext = false;
  await clock.advance(fileCheckIntervalMs);
  assertEquals(log.fault?.message, "permission denied");
  const lines = logMuch(log, 20 * maxPendingBytes);
  await clock.advance(retryIntervalMs);
  // Nothing goes into the file that is not there any more.
  assertEquals(disk.files, [""]);
  disk.canOpenNext = true;
  await clock.advance(retryIntervalMs);
  assertEquals(failures.map(({ state }) => state), ["failing", "working"]);
  // The record that says why is lost too.
  assertEquals(log.lost.lines, lines + 1);
  assertStringIncludes(
    disk.files[1],
    `log-incomplete lostLines=${lines + 1} `,
  );
  assertEquals([log.fault, log.reopenings], [undefined, 1]);
  await log.close();
});

Deno.test("a check that does not end is a failure until it ends", async () => {
  const { clock, disk, log, failures } = createWithChecks();
  disk.hang();
  await clock.advance(fileCheckIntervalMs + operationTimeoutMs);
  assertEquals(
    log.fault?.message,
    "checking Hill.log has taken more than 5 s",
  );
  disk.resume();
  await clock.advance(fileCheckIntervalMs);
  const loss = { lines: 0, bytes: 0 };
  assertEquals(failures.slice(1), [{ state: "working", loss }]);
  assertEquals([log.fault, disk.text], [undefined, ""]);
  await log.close();
});

/** Log files in a temporary folder, and a way to read their texts. */
async function openFiles(maxFileBytes = 1024) {
  const folder = await Deno.makeTempDir();
  const directory = `${folder}/logs`;
  const options = { directory, name: "Hill", maxFileBytes, keptFiles: 1 };
  const files = await LogFiles.open(options);
  const write = (text: string) => files.write(new TextEncoder().encode(text));
  return {
    directory,
    files,
    folder,
    path: `${directory}/Hill.log`,
    write,
    async [Symbol.asyncDispose]() {
      files[Symbol.dispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** What can happen to a log file. */
const mishaps: Record<
  string,
  [
    mishap: (path: string, directory: string) => void,
    found: "removed" | "replaced" | undefined,
    text: string,
  ]
> = {
  "nothing": [() => {}, undefined, "first\nsecond\n"],
  "the file is removed": [
    (path) => Deno.removeSync(path),
    "removed",
    "second\n",
  ],
  "the folder is removed": [
    (_, directory) => Deno.removeSync(directory, { recursive: true }),
    "removed",
    "second\n",
  ],
  "the folder is moved": [
    (_, directory) => Deno.renameSync(directory, `${directory}.old`),
    "removed",
    "second\n",
  ],
  "the file is replaced by an empty one": [
    (path) => {
      Deno.renameSync(path, `${path}.old`);
      Deno.writeTextFileSync(path, "");
    },
    "replaced",
    "second\n",
  ],
  "the file is replaced by a longer one": [
    (path) => {
      Deno.removeSync(path);
      Deno.writeTextFileSync(path, "of another program\n");
    },
    "replaced",
    "of another program\nsecond\n",
  ],
  "the file is truncated": [
    (path) => Deno.truncateSync(path),
    undefined,
    "second\n",
  ],
  "another program appends": [
    (path) => Deno.writeTextFileSync(path, "other\n", { append: true }),
    undefined,
    "first\nother\nsecond\n",
  ],
};

for (const [name, [mishap, found, text]] of Object.entries(mishaps)) {
  Deno.test(`LogFiles detects what happens to its file: ${name}`, async () => {
    await using tools = await openFiles();
    const { directory, files, path, write } = tools;
    await write("first\n");
    mishap(path, directory);
    assertEquals(await files.check(), found);
    assertEquals(files.isDetached, found !== undefined);
    // It is said once.
    assertEquals(await files.check(), undefined);
    if (files.isDetached) await files.reopen();
    await write("second\n");
    assertEquals(Deno.readTextFileSync(path), text);
    assertEquals(files.sizeBytes, text.length);
    assertEquals(await files.check(), undefined);
  });
}

Deno.test("LogFiles makes no statement about its file without a descriptor to check", async () => {
  const folder = await Deno.makeTempDir();
  const options = {
    directory: folder,
    name: "Hill",
    maxFileBytes: 1024,
    keptFiles: 1,
    open: Deno.open,
  };
  {
    using files = await LogFiles.open(options);
    options.open = () =>
      Promise.reject(new Error("Too many open files (os error 24)"));
    await assertRejects(() => files.check(), Error, "Too many open files");
    assertEquals(files.isDetached, false);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("LogFiles.open() closes a file that opens after the wait has ended", async () => {
  const folder = await Deno.makeTempDir();
  const opened: Deno.FsFile[] = [];
  const tooLate = new Error("too late");
  await assertRejects(
    () =>
      LogFiles.open({
        directory: folder,
        name: "Hill",
        maxFileBytes: 1024,
        keptFiles: 1,
        async open(path, options) {
          opened.push(await Deno.open(path, { ...options, create: true }));
          return opened.at(-1)!;
        },
        guard: (task, operation) =>
          task.startsWith("opening") ? Promise.reject(tooLate) : operation,
      }),
    Error,
    "too late",
  );
  // The sanitizers find a file that is still open.
  await until(() => {
    if (opened.length === 0) return false;
    try {
      opened[0].seekSync(0, Deno.SeekMode.Current);
      return false;
    } catch {
      return true;
    }
  });
  await Deno.remove(folder, { recursive: true });
});
