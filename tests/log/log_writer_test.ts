import { LogWriter } from "../../log/log_writer.ts";
import type { LogFailure } from "../../log/appender.ts";
import {
  flushIntervalMs,
  maxPendingBytes,
  retryIntervalMs,
} from "../../log/limits.ts";
import { LogFiles } from "../../log/log_files.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "../assert.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";
import { MemoryLog } from "../fakes/memory_log.ts";
import { tellText } from "../fakes/text_traffic.ts";

/** A folder of its own for each test, and a journal in it. */
async function withJournal(
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

/** Waits until a condition holds that real files take a moment for. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("Journal writes what it is told within the interval", async () => {
  await withJournal(async ({ clock, log, read }) => {
    const traffic = tellText(log.trafficLogFor("client/1"));
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

Deno.test("flush() resolves when everything is in the file", async () => {
  await withJournal(async ({ log, read }) => {
    const traffic = tellText(log.trafficLogFor("client/1"));
    for (let line = 0; line < 20_000; line++) traffic.received(`line ${line}`);
    await log.flush();
    const lines = read().trimEnd().split("\n");
    assertEquals(lines.length, 20_000);
    assert(lines.every((line, index) => line.endsWith(` <- line ${index}`)));
  });
});

Deno.test("Journal leaves alone what is being written while more comes in", async () => {
  const log = new MemoryLog();
  let write: (() => void) | undefined;
  log.write = (bytes) =>
    new Promise((resolve) => {
      write = () => {
        resolve(log.writeSync(bytes));
      };
    });
  const clock = new ManualClock();
  const journal = new LogWriter({ clock, onFailure() {} }, log);
  const traffic = tellText(journal.trafficLogFor("client/1"));
  traffic.received("first");
  const flushed = journal.flush();
  traffic.received("second");
  write!();
  write = undefined;
  await until(() => write !== undefined);
  write!();
  await flushed;
  const words = log.text.trimEnd().split("\n").map((line) => line.slice(40));
  assertEquals(words, ["first", "second"]);
});

Deno.test("flushSync() writes before it returns", async () => {
  await withJournal(({ log, read }) => {
    tellText(log.trafficLogFor("client/1")).received("last words");
    log.flushSync();
    assert(read().endsWith("last words\n"));
    return Promise.resolve();
  });
});

Deno.test("Journal has no room while it is too far behind, then has again", async () => {
  await withJournal(async ({ log }) => {
    const traffic = log.trafficLogFor("client/1");
    assertEquals(traffic.whenDrained(), undefined);
    const line = "x".repeat(1_000);
    for (let bytes = 0; bytes < 2 * maxPendingBytes; bytes += 1_000) {
      tellText(traffic).received(line);
    }
    const room = traffic.whenDrained();
    assert(room !== undefined);
    await room;
    assertEquals(traffic.whenDrained(), undefined);
  });
});

Deno.test("Journal goes on behind what a former run wrote", async () => {
  await withJournal(async ({ folder, log, read, reopen }) => {
    log.event("server", "info", "first", {});
    await log.flush();
    // A run that was killed may leave half a line behind.
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

Deno.test("Journal uses files in turn and keeps so many full ones", async () => {
  await withJournal(async ({ folder, log, read, reopen }) => {
    const names = () =>
      [...Deno.readDirSync(`${folder}/logs`)].map(({ name }) => name).sort();
    const write = async (log: LogWriter, batch: number) => {
      const traffic = log.trafficLogFor(`batch/${batch}`);
      for (let line = 0; line < 20; line++) {
        tellText(traffic).received("x".repeat(60));
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
    // Once round: the oldest makes room, two full ones stay.
    await write(log, 2);
    assertEquals(read("Hill.log"), "");
    assert(read("Hill.1.log").includes("batch/1"));
    assert(read("Hill.2.log").includes("batch/2"));
    // A new run finds the file that is not full.
    const next = await reopen();
    assertEquals(next.path, `${folder}/logs/Hill.log`);
    await next.close();
    await write(log, 3);
    assert(read("Hill.log").includes("batch/3"));
    assertEquals(read("Hill.1.log"), "");
    assert(read("Hill.2.log").includes("batch/2"));
  }, { maxFileBytes: 1_500, keptFiles: 2 });
});

/** Fills each of three files once; the first one is in its second turn then. */
async function goRound(directory: string): Promise<void> {
  using files = await LogFiles.open({
    directory,
    name: "Hill",
    maxFileBytes: 10,
    keptFiles: 2,
  });
  for (let turn = 0; turn < 3; turn++) {
    await files.write(new TextEncoder().encode(`0123456${turn}\n\n`));
    await files.prepareNext();
    files.switchToNext();
  }
}

Deno.test("LogFiles leaves who reads its oldest file what is in it", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/Hill.log`;
  await Deno.writeTextFile(path, "of an earlier run\n");
  using reader = await Deno.open(path);
  await goRound(folder);
  const bytes = new Uint8Array(100);
  const length = await reader.read(bytes);
  assertEquals(
    new TextDecoder().decode(bytes.subarray(0, length!)),
    "of an earlier run\n",
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("LogFiles empties what cannot be removed", async () => {
  const folder = await Deno.makeTempDir();
  const { remove } = Deno;
  Deno.remove = () => Promise.reject(new Deno.errors.PermissionDenied());
  try {
    await goRound(folder);
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

Deno.test("LogFiles works with permission to write and no other", async () => {
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

Deno.test("LogFiles writes into its file until it takes the one it has prepared", async () => {
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
    // Whatever is open when it ends is closed.
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

Deno.test("LogFiles.open() rejects when there can be no folder", async () => {
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

Deno.test("Journal drops what comes after it was closed", async () => {
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

/** A journal on a disk that is full from now on. */
function createOnFullDisk() {
  const clock = new ManualClock();
  const disk = new MemoryLog();
  const troubles: LogFailure[] = [];
  const log = new LogWriter({
    clock,
    onFailure: (failure) => troubles.push(failure),
  }, disk);
  disk.roomBytes = 0;
  return { clock, disk, log, troubles };
}

const lostEvent = "2018-03-02T21:05:34.000000Z server -- info lost\n";

Deno.test("Journal goes on when the disk is full, and says what was lost", async () => {
  const { clock, disk, log, troubles } = createOnFullDisk();
  for (let count = 0; count < 3; count++) {
    log.event("server", "info", "lost", {});
    await log.flush();
  }
  assertEquals(log.fault?.message, "no space left on device");
  assertEquals(troubles.map(({ state }) => state), ["failing"]);
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
  assertEquals(troubles.slice(1), [{ state: "working", loss }]);
  assertEquals(clock.timers, 0);
});

Deno.test("Journal finds out that there is room again though nothing happens", async () => {
  const { clock, disk, log, troubles } = createOnFullDisk();
  log.event("server", "info", "lost", {});
  await clock.advance(flushIntervalMs);
  disk.roomBytes = Infinity;
  assertEquals(troubles.length, 1);
  await clock.advance(retryIntervalMs);
  assertEquals(troubles.length, 2);
  assertStringIncludes(disk.text, "log-incomplete lostLines=1 ");
  await clock.advance(retryIntervalMs);
  assertEquals(disk.text.split("\n").length, 2);
  assertEquals(clock.timers, 0);
  await log.close();
});

Deno.test("Journal troubles a full disk once a second, and keeps what it has in bounds", async () => {
  const { clock, disk, log, troubles } = createOnFullDisk();
  const traffic = log.trafficLogFor("client/1");
  const line = "x".repeat(1_000);
  const lineBytes = "2018-03-02T21:05:34.000000Z client/1 <- \n".length + 1_000;
  let lines = 0;
  const writeMuch = () => {
    for (let bytes = 0; bytes < 3 * maxPendingBytes; bytes += lineBytes) {
      tellText(traffic).received(line);
      lines += 1;
    }
  };
  writeMuch();
  await drainMicrotasks();
  assertEquals(disk.attempts, 1);
  for (let second = 0; second < 3; second++) {
    writeMuch();
    // Who has something to say is not kept waiting.
    assertEquals(traffic.whenDrained(), undefined);
    await clock.advance(retryIntervalMs);
    assertEquals(disk.attempts, second + 2);
  }
  disk.roomBytes = Infinity;
  await log.close();
  const loss = { lines, bytes: lines * lineBytes };
  assertEquals(troubles.at(-1), { state: "working", loss });
  assertEquals(disk.text.split("\n").length, 2);
});

Deno.test("Journal lets those go on who waited when the disk filled up", async () => {
  const { disk, log } = createOnFullDisk();
  const traffic = log.trafficLogFor("client/1");
  // The first write is under way while all of it comes in.
  for (let bytes = 0; bytes < 2 * maxPendingBytes; bytes += 1_000) {
    tellText(traffic).received("x".repeat(1_000));
  }
  const room = traffic.whenDrained();
  assert(room !== undefined);
  await room;
  assertEquals(disk.text, "");
  await log.close();
});

Deno.test("close() ends though the disk stays full, and tells what is missing", async () => {
  const { clock, disk, log, troubles } = createOnFullDisk();
  log.event("server", "info", "lost", {});
  await clock.advance(flushIntervalMs);
  log.event("server", "info", "lost", {});
  await log.close();
  assertEquals(disk.attempts, 2);
  const loss = { lines: 2, bytes: 2 * lostEvent.length };
  assertEquals(troubles.slice(1), [{ state: "closed", loss }]);
  // What comes behind it touches the disk no more.
  await log.flush();
  assertEquals([disk.attempts, clock.timers], [2, 0]);
});

Deno.test("flushSync() writes nothing twice while a write is under way", async () => {
  const log = new MemoryLog();
  const { promise, resolve: write } = Promise.withResolvers<void>();
  log.write = (bytes) => promise.then(() => log.writeSync(bytes));
  const clock = new ManualClock();
  const journal = new LogWriter({ clock, onFailure() {} }, log);
  const traffic = tellText(journal.trafficLogFor("client/1"));
  traffic.received("first");
  const flushed = journal.flush();
  traffic.received("last words");
  journal.flushSync();
  write();
  await flushed;
  await journal.close();
  const words = log.text.trimEnd().split("\n").map((line) => line.slice(40));
  assertEquals(words, ["last words", "first"]);
});

Deno.test("Journal says how far it is behind, until all is written", async () => {
  await withJournal(async ({ log, read }) => {
    assertEquals(log.lagBytes, 0);
    log.event("server", "info", "started", {});
    const first = log.lagBytes;
    const flushed = log.flush();
    assertEquals(log.lagBytes, first, "it is being written");
    log.event("server", "info", "started", {});
    assertEquals(log.lagBytes, 2 * first);
    await flushed;
    assertEquals(log.lagBytes, 0);
    assertEquals(read().length, 2 * first);
  });
});
