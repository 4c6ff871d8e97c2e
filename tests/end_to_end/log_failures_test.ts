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

/** No file of a limited program gets larger: as if the disk were full then. */
const limitBytes = 2 ** 30;

/** Starts a program whose files have a limit. */
const withLimit = [
  "python3",
  "-c",
  `import os, resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (${limitBytes}, most))
os.execv(sys.argv[1], sys.argv[1:])`,
];

/** Makes room on the disk of a limited program that runs. */
async function makeRoom({ pid }: Program): Promise<void> {
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

/** The log of a former run leaves so many bytes to the limit. */
function leaveRoom({ logFolder }: TestHerd, bytes: number): void {
  const path = `${logFolder}/Hill.log`;
  Deno.writeTextFileSync(path, "");
  Deno.truncateSync(path, limitBytes - bytes);
}

/** What this run has written behind what `leaveRoom` left. */
function writtenInto({ logFolder }: TestHerd, roomBytes: number): string[] {
  using file = Deno.openSync(`${logFolder}/Hill.log`);
  file.seekSync(limitBytes - roomBytes, Deno.SeekMode.Start);
  const { size } = file.statSync();
  const bytes = new Uint8Array(size - (limitBytes - roomBytes));
  let count = 0;
  while (count < bytes.length) {
    count += file.readSync(bytes.subarray(count)) ?? 0;
  }
  const lines = new TextDecoder().decode(bytes).split("\n");
  // The empty line between two runs, and what is behind the last LF.
  assertEquals([lines.shift(), lines.pop()], ["", ""]);
  return lines;
}

/** Starts Hill, alone in its herd, on a disk with a limit. */
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

withPython.test("a server whose disk is full serves on, and its log says what it lacks", async () => {
  await using herd = new TestHerd();
  const roomBytes = 1_500;
  leaveRoom(herd, roomBytes);
  await using hill = await startLimited(herd);
  let asked = 0;
  const askOnce = async () => {
    asked += 1;
    assertEquals(await ask(herd.portOf("Hill"), "hello\n"), "? hello\n");
  };
  while (!hill.stderr.includes("cannot be written")) await askOnce();
  for (let count = 0; count < 20; count++) await askOnce();
  await makeRoom(hill);
  await until(() => hill.stderr.includes("can be written again"));
  await askOnce();
  hill.signal("SIGTERM");
  assertEquals(await hill.ended(), 0);
  const [fault, recovery, ...others] = hill.stderr.trimEnd().split("\n");
  assertEquals(
    fault,
    `${full}; serving goes on, and what is not logged is counted`,
  );
  const missing = /^Hill: the log can be written again; missing in it: (\d+) /;
  assertMatch(recovery, missing);
  assertEquals(others, []);
  const lines = writtenInto(herd, roomBytes);
  const gap = lines.findIndex((line) => line.includes(" log-incomplete "));
  const [, lostLines, cutLines] = lines[gap].match(
    / server -- error log-incomplete lostLines=(\d+) lostBytes=\d+ cutLines=(\d)$/,
  )!;
  assertEquals(lostLines, recovery.match(missing)![1]);
  // Start, stop and end; and four lines for each who asked.
  assertEquals(
    lines.length - 1 - Number(cutLines) + Number(lostLines),
    3 + 4 * asked,
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

withPython.test("a server whose disk stays full ends as always, and tells what is missing", async () => {
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

withPython.test("with --on-log-failure stop a full disk ends a server in the orderly way", async () => {
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

withPython.test("with --on-log-failure stop a full disk ends all servers of herd up", async () => {
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
    "--on-log-failure=stop",
  ], { through: withLimit });
  await up.untilPrinted("Ctrl-C stops the herd.");
  // Campbell's log has room; what it tells Hill has none.
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

Deno.test("a log that cannot go on in its next file grows, and goes on later", async () => {
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
    `Hill: the log cannot go on in ${next}: Is a directory (os error 21): ` +
      `open '${next}'; the full file grows until it can\n`,
  );
  assert(!herd.log("Hill").includes("log-incomplete"));
});

/** What is in the way of a log, put there; and what is said about it. */
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
  Deno.test(`${name} is one clear line at the start`, async () => {
    for (const program of [["server.ts", "Hill"], ["main.ts", "up"]]) {
      await using herd = new TestHerd();
      const [logFolder, message] = prepare(herd.logFolder);
      await using refused = Program.start([
        "run",
        // Behind a link into /dev, Deno lets nobody else write.
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

Deno.test("a program whose server cannot write its log has its files and ports back", async () => {
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
