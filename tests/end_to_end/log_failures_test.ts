import { writeAll } from "../../runtime/transport.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "../assert.ts";
import { needs } from "../needs.ts";
import {
  ask,
  connect,
  Program,
  projectFolder,
  readAll,
  TestHerd,
  until,
} from "./process.ts";

const withPython = needs("python3");

/** The limit on file sizes that simulates a full disk, in bytes. */
const limitBytes = 2 ** 30;

/** A command that runs the command after it with the limit. */
const withLimit = [
  "python3",
  "-c",
  `import os, resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (${limitBytes}, most))
os.execv(sys.argv[1], sys.argv[1:])`,
];

/** Removes the limit from a running program. */
async function removeLimit({ pid }: Program): Promise<void> {
  const { code } = await new Deno.Command("python3", {
    args: [
      "-c",
      `import resource
_, most = resource.prlimit(${pid}, resource.RLIMIT_FSIZE)
resource.prlimit(${pid}, resource.RLIMIT_FSIZE, (most, most))`,
    ],
  }).output();
  assertEquals(code, 0);
}

/** Writes a log of an earlier run that leaves this number of bytes free. */
function leaveRoom({ logFolder }: TestHerd, bytes: number): void {
  const path = `${logFolder}/Hill.log`;
  Deno.writeTextFileSync(path, "");
  Deno.truncateSync(path, limitBytes - bytes);
}

/** The lines that this run has appended to the log of `leaveRoom`. */
function appendedLines({ logFolder }: TestHerd, roomBytes: number): string[] {
  using file = Deno.openSync(`${logFolder}/Hill.log`);
  file.seekSync(limitBytes - roomBytes, Deno.SeekMode.Start);
  const { size } = file.statSync();
  const bytes = new Uint8Array(size - (limitBytes - roomBytes));
  let count = 0;
  while (count < bytes.length) {
    count += file.readSync(bytes.subarray(count)) ?? 0;
  }
  const lines = new TextDecoder().decode(bytes).split("\n");
  // The empty line between two runs, and the empty text after the last LF.
  assertEquals([lines.shift(), lines.pop()], ["", ""]);
  return lines;
}

/** Starts Hill with the limit, in a herd without other servers. */
async function startLimited(
  herd: TestHerd,
  flags: readonly string[] = [],
): Promise<Program> {
  const config = `${herd.logFolder}/alone.json`;
  await Deno.writeTextFile(config, '{"servers":[{"name":"Hill"}]}');
  const hill = Program.start([
    "run",
    "--no-prompt",
    "--allow-net",
    "--allow-write",
    `--allow-read=${config}`,
    "server.ts",
    "Hill",
    `--config=${config}`,
    `--base-port=${herd.basePort}`,
    `--log-dir=${herd.logFolder}`,
    "--log-max-bytes=1099511627776",
    "--places=gazetteer",
    ...flags,
  ], { through: withLimit });
  await hill.untilPrinted("Hill is ready");
  return hill;
}

const full = "Hill: the log cannot be written: File too large (os error 27)";

withPython.test("a server with a full disk continues to serve, and its log counts lost lines", async () => {
  await using herd = new TestHerd();
  const roomBytes = 1_500;
  leaveRoom(herd, roomBytes);
  await using hill = await startLimited(herd);
  let requests = 0;
  const request = async () => {
    requests += 1;
    assertEquals(await ask(herd.portOf("Hill"), "hello\n"), "? hello\n");
  };
  while (!hill.stderr.includes("cannot be written")) await request();
  for (let count = 0; count < 20; count++) await request();
  await removeLimit(hill);
  await until(() => hill.stderr.includes("can be written again"));
  await request();
  hill.signal("SIGTERM");
  assertEquals(await hill.ended(), 0);
  const [fault, recovery, ...others] = hill.stderr.trimEnd().split("\n");
  assertEquals(
    fault,
    `${full}; the server continues, and counts the lines that are not logged`,
  );
  const missing = /^Hill: the log can be written again; missing in it: (\d+) /;
  assertMatch(recovery, missing);
  assertEquals(others, []);
  const lines = appendedLines(herd, roomBytes);
  const gap = lines.findIndex((line) => line.includes(" log-incomplete "));
  const [, lostLines, cutLines] = lines[gap].match(
    / server -- error log-incomplete lostLines=(\d+) lostBytes=\d+ cutLines=(\d)$/,
  )!;
  assertEquals(lostLines, recovery.match(missing)![1]);
  // The events started, stopping and stopped, and four lines for each request.
  assertEquals(
    lines.length - 1 - Number(cutLines) + Number(lostLines),
    3 + 4 * requests,
  );
  assertEquals(lines.filter((line) => / log-incomplete /.test(line)).length, 1);
  assertEquals(
    lines.slice(-6).map((line) => line.split(" ").slice(2, 5).join(" ")),
    [
      "-- debug connected",
      "<- hello",
      "-> ? hello",
      "-- debug closed",
      "-- info stopping",
      "-- info stopped",
    ],
  );
});

withPython.test("a server whose disk stays full stops normally, and prints the loss", async () => {
  await using herd = new TestHerd();
  leaveRoom(herd, 500);
  await using hill = await startLimited(herd, [
    "--on-log-failure=keep-serving",
  ]);
  while (!hill.stderr.includes("cannot be written")) {
    await ask(herd.portOf("Hill"), "hello\n");
  }
  hill.signal("SIGINT");
  assertEquals(await hill.ended(), 0);
  const [fault, end, ...others] = hill.stderr.trimEnd().split("\n");
  assertStringIncludes(fault, full);
  assertMatch(
    end,
    /^Hill: the log could not be written to its end; missing in it: \d+ lines, \d+ bytes$/,
  );
  assertEquals(others, []);
});

withPython.test("with --on-log-failure stop a full disk stops a server, which answers first", async () => {
  await using herd = new TestHerd();
  leaveRoom(herd, 1_000);
  await using hill = await startLimited(herd, ["--on-log-failure=stop"]);
  using client = await connect(herd.portOf("Hill"));
  const line = `IAMAT ${"x".repeat(1_000)} +34-118 1\n`;
  await writeAll(client, line);
  const answer = await readAll(client);
  assertMatch(answer, /^AT Hill \S+ x{1000} \+34-118 1\n$/);
  assertEquals(await hill.ended(), 1);
  assertEquals(
    hill.stderr,
    `${full}; stopping, as --on-log-failure says\n`,
  );
});

withPython.test("with --on-log-failure stop a full disk stops all servers of herd up", async () => {
  await using herd = new TestHerd();
  leaveRoom(herd, 50_000);
  await using up = Program.start([
    "run",
    "--no-prompt",
    "--allow-net",
    "--allow-write",
    "main.ts",
    "up",
    `--base-port=${herd.basePort}`,
    `--log-dir=${herd.logFolder}`,
    "--log-max-bytes=1099511627776",
    "--places=gazetteer",
    "--max-id-bytes=60000",
    "--on-log-failure=stop",
  ], { through: withLimit });
  await up.untilPrinted("Ctrl-C stops the herd.");
  // Campbell's log has room for this report, Hill's has not.
  const line = `IAMAT ${"x".repeat(60_000)} +34-118 1\n`;
  assertMatch(await ask(herd.portOf("Campbell"), line), /^AT Campbell /);
  assertEquals(await up.ended(), 1);
  assertEquals(up.stderr, `${full}; stopping, as --on-log-failure says\n`);
  assertStringIncludes(up.stdout, "The herd has stopped.");
  assertMatch(
    herd.log("Campbell"),
    / stopping reason="the log cannot be written"\n[^]* stopped\n$/,
  );
});

Deno.test("a log grows while its next file cannot be opened, and continues there later", async () => {
  await using herd = new TestHerd();
  const next = `${herd.logFolder}/Hill.1.log`;
  Deno.writeTextFileSync(`${herd.logFolder}/Hill.log`, "");
  Deno.mkdirSync(next);
  const hill = await herd.start("Hill", [
    "--log-max-bytes=1024",
    "--places=gazetteer",
    "--on-log-failure=stop",
  ]);
  const askMuch = () => ask(herd.portOf("Hill"), `${"x".repeat(1_500)}\n`);
  await until(async () => {
    await askMuch();
    return hill.stderr !== "";
  });
  await askMuch();
  Deno.removeSync(next);
  await until(async () => {
    await askMuch();
    return herd.log("Hill").includes(" log-continues ");
  });
  hill.signal("SIGTERM");
  assertEquals(await hill.ended(), 0);
  assertEquals(
    hill.stderr,
    `Hill: the log cannot continue in ${next}: Is a directory (os error 21): ` +
      `open '${next}'; the full file grows until it can\n`,
  );
  assert(!herd.log("Hill").includes("log-incomplete"));
});

Deno.test("a server creates its log folder again if it was removed", async () => {
  await using herd = new TestHerd();
  const hill = await herd.start("Hill", ["--places=gazetteer", "--admin"]);
  assertEquals(await ask(herd.portOf("Hill"), "first\n"), "? first\n");
  await herd.untilLogged("Hill", "-> ? first");
  Deno.removeSync(herd.logFolder, { recursive: true });
  await until(() => hill.stderr !== "");
  const path = `${herd.logFolder}/Hill.log`;
  assertEquals(
    hill.stderr,
    `Hill: the log file ${path} was removed by another program; the log ` +
      "continues in the file that is there now, and some lines may be missing\n",
  );
  const metrics = await fetch(
    `http://127.0.0.1:${herd.adminPortOf("Hill")}/metrics`,
  );
  assertStringIncludes(
    await metrics.text(),
    "\nherd_journal_reopenings_total 1\n",
  );
  assertEquals(await ask(herd.portOf("Hill"), "second\n"), "? second\n");
  hill.signal("SIGTERM");
  assertEquals(await hill.ended(), 0);
  const [first, ...lines] = herd.log("Hill").split("\n");
  assertMatch(
    first,
    / server -- error log-reopened file=".*\/Hill.log" reason="removed" uncheckedBytes=\d+$/,
  );
  assert(lines.some((line) => line.endsWith("-> ? second")));
});

Deno.test("a server counts the lost lines if it cannot create its log folder again", async () => {
  await using herd = new TestHerd();
  const hill = await herd.start("Hill", ["--places=gazetteer"]);
  // Where the folder was there is a file now: not even root can write into it.
  Deno.removeSync(herd.logFolder, { recursive: true });
  Deno.writeTextFileSync(herd.logFolder, "");
  await until(() => hill.stderr !== "");
  const path = `${herd.logFolder}/Hill.log`;
  assertStringIncludes(
    hill.stderr,
    `Hill: the log cannot be written: ${path} was removed, and cannot be opened: `,
  );
  assertEquals(await ask(herd.portOf("Hill"), "hello\n"), "? hello\n");
  Deno.removeSync(herd.logFolder);
  await until(() => hill.stderr.includes("can be written again"));
  await herd.untilLogged("Hill", " server -- error log-incomplete lostLines=");
});

withPython.test("a disk that hangs at the start is reported in one line, and a signal ends the wait", async () => {
  for (const program of [["server.ts", "Hill"], ["main.ts", "up"]]) {
    await using herd = new TestHerd();
    const path = `${herd.logFolder}/Hill.log`;
    const { code } = await new Deno.Command("python3", {
      args: ["-c", "import os, sys; os.mkfifo(sys.argv[1])", path],
    }).output();
    assertEquals(code, 0);
    const start = () =>
      Program.start([
        "run",
        "--no-prompt",
        "--allow-net",
        "--allow-write",
        ...program,
        `--base-port=${herd.basePort}`,
        `--log-dir=${herd.logFolder}`,
        "--places=gazetteer",
      ]);
    // Nothing has opened the other end, so opening this one does not end.
    await using hanging = start();
    assertEquals(await hanging.ended(), 1);
    const cannot = `cannot write logs to ${herd.logFolder}: `;
    assertEquals(
      hanging.stderr.replace(/^\S+: /, ""),
      `${cannot}opening ${path} has taken more than 5 s\n`,
    );
    assertEquals(hanging.stdout, "");
    await using stopped = start();
    // It waits when its port is open.
    await until(() =>
      connect(herd.portOf("Hill")).then(
        (connection) => (connection.close(), true),
        () => false,
      )
    );
    stopped.signal("SIGTERM");
    assertEquals(await stopped.ended(), 0);
    assertEquals(
      stopped.stderr,
      `${cannot}SIGTERM ended the wait for opening ${path}\n`,
    );
    assert(!/ready|Ctrl-C/.test(stopped.stdout), stopped.stdout);
  }
});

/** Obstacles to a log: each creates one, and returns the expected message. */
const obstacles: Record<
  string,
  (folder: string) => [
    logFolder: string,
    message: string,
  ]
> = {
  "a folder that is a file": (folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    const logFolder = `${folder}/file`;
    return [logFolder, `cannot write logs to ${logFolder}: `];
  },
  "a folder below a file": (folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    const logFolder = `${folder}/file/logs`;
    return [logFolder, `cannot write logs to ${logFolder}: `];
  },
  "a log that is a folder": (folder) => {
    Deno.mkdirSync(`${folder}/Hill.log`);
    return [folder, `cannot write logs to ${folder}: Is a directory`];
  },
  "a disk that is full": (folder) => {
    Deno.symlinkSync("/dev/full", `${folder}/Hill.log`);
    return [
      folder,
      `cannot write to ${folder}/Hill.log: No space left on device (os error 28)\n`,
    ];
  },
};

for (const [name, prepare] of Object.entries(obstacles)) {
  Deno.test(`${name} is refused at the start in one line`, async () => {
    for (const program of [["server.ts", "Hill"], ["main.ts", "up"]]) {
      await using herd = new TestHerd();
      const [logFolder, message] = prepare(herd.logFolder);
      await using refused = Program.start([
        "run",
        // Writing through a link to /dev needs all permissions.
        "--allow-all",
        ...program,
        `--base-port=${herd.basePort}`,
        `--log-dir=${logFolder}`,
      ]);
      assertEquals(await refused.ended(), 1);
      assertStringIncludes(refused.stderr, message);
      assertEquals(refused.stderr.trimEnd().split("\n").length, 1);
      assertEquals(refused.stdout, "");
    }
  });
}

Deno.test("startServer() closes its files and ports if the log cannot be written", async () => {
  await using herd = new TestHerd();
  Deno.symlinkSync("/dev/full", `${herd.logFolder}/Hill.log`);
  const script = `${herd.logFolder}/embed.ts`;
  const options = {
    name: "Hill",
    basePort: herd.basePort,
    logDirectory: herd.logFolder,
  };
  await Deno.writeTextFile(
    script,
    `
    import { startServer } from ${JSON.stringify(`${projectFolder}mod.ts`)};
    try {
      await startServer(${JSON.stringify(options)});
    } catch ({ name }) {
      const files = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => {
        try {
          return Deno.readLinkSync(\`/proc/self/fd/\${name}\`);
        } catch {
          return "closed";
        }
      });
      const open = files.filter((path) => path === "/dev/full");
      for (const port of [${herd.basePort}, ${herd.basePort + 100}]) {
        Deno.listen({ hostname: "127.0.0.1", port }).close();
      }
      console.log(name, files.length > 0, open.length);
    }`,
  );
  await using program = Program.start([
    "run",
    `--config=${projectFolder}deno.json`,
    "--allow-all",
    script,
  ]);
  assertEquals(await program.ended(), 0, program.stderr);
  assertEquals(program.stdout, "SetupError true 0\n");
});
