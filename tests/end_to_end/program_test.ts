import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "../assert.ts";
import { hill, smith } from "../fakes/certificates.ts";
import { needs } from "../needs.ts";
import {
  ask,
  freeBasePort,
  Program,
  projectFolder,
  TestHerd,
  until,
} from "./process.ts";

const withScript = needs("script");

/** Runs a program to its end. */
async function run(
  args: readonly string[],
  permissions = ["--no-prompt", "--allow-net", "--allow-write"],
  env: Record<string, string> = {},
) {
  await using program = Program.start(["run", ...permissions, ...args], {
    env,
  });
  const status = await program.ended();
  const { stderr, stdout } = program;
  return { status, stderr, stdout };
}

Deno.test("a wrong command line exits with 2 and one line with the fault", async () => {
  const names = "Hill, Jaquez, Smith, Campbell, Singleton";
  const cases: [string[], string][] = [
    [["server.ts"], `expected a server's name: ${names}`],
    [["server.ts", "Hell"], `no server is called Hell; there are ${names}`],
    [["server.ts", "Hill", "Smith"], "expected one name, found Hill Smith"],
    [["server.ts", "Hill", "--bogus"], "unknown flag --bogus"],
    [["server.ts", "Hill", "--bogus=3"], "unknown flag --bogus"],
    [["server.ts", "Hill", "-x"], "unknown flag -x"],
    [["server.ts", "Hill", "--base-port"], "--base-port needs a value: PORT"],
    [["server.ts", "Hill", "--base-port=x"], "--base-port: expected a whole"],
    [["server.ts", "Hill", "--base-port", "0"], "--base-port: expected a"],
    [["server.ts", "Hill", "--base-port", "65500"], "--base-port: Hill's peer"],
    [["server.ts", "Hill", "--host=a b"], "--host: expected a host name"],
    [["server.ts", "Hill", "--places=bing"], "--places: expected auto"],
    [["server.ts", "Hill", "--places=google"], "--places google needs a key"],
    [["server.ts", "Hill", "--places-url=x"], "--places-url: expected an http"],
    [
      ["server.ts", "Hill", "--places-url=https://maps.example/?key=k3y"],
      "--places-url: expected an address without user name, password and query",
    ],
    [
      ["server.ts", "Hill", "--places-url=https://me:k3y@maps.example/"],
      "--places-url: expected an address without user name, password and query",
    ],
    [
      ["main.ts", "places", "-33.9+151.2", "10"],
      "expected a position, a radius",
    ],
    [
      ["main.ts", "places", "34,-118", "10", "5"],
      "expected a position such as",
    ],
    [["main.ts", "places", "+91+0", "10", "5"], "expected a position such as"],
    [
      ["main.ts", "places", "+34-118", "51", "5"],
      "expected a radius of 0 to 50",
    ],
    [
      ["main.ts", "places", "+34-118", "9", "-5"],
      "expected a bound of 0 to 20",
    ],
    [["server.ts", "Hill", "--log-keep=0"], "--log-keep: expected a whole"],
    [
      ["main.ts", "up", "--on-log-failure=panic"],
      "--on-log-failure: expected keep-serving or stop, found panic",
    ],
    [["server.ts", "Hill", "--secret-file"], "--secret-file needs a value"],
    [["server.ts", "Hill", "--secret=S3cret"], "unknown flag --secret (see"],
    [
      ["server.ts", "Hill", "--link-timeout-ms=2999"],
      "--link-timeout-ms: expected a whole number from 3000 to 3600000, found",
    ],
    [
      ["server.ts", "Hill", "--max-clients=0"],
      "--max-clients: expected a whole number from 1 to 100000000, found 0",
    ],
    [
      ["main.ts", "up", "--client-ttl=1.5"],
      "--client-ttl: expected a whole number from 1 to 1000000000, found 1.5",
    ],
    [["server.ts", "Hill", "--tls-cert=c"], "--tls-cert needs --tls-key"],
    [["server.ts", "Hill", "--tls-key=k"], "--tls-key needs --tls-cert"],
    [
      ["server.ts", "Hill", "--tls-ca=a"],
      "--tls-ca needs --tls-cert and --tls-key",
    ],
    [
      ["main.ts", "up", "--plain-clients"],
      "--plain-clients needs --tls-cert and --tls-key",
    ],
    [
      ["server.ts", "Hill", "--max-line-bytes=65537"],
      "--max-line-bytes: expected a whole number from 1024 to 65536, found",
    ],
    [
      ["server.ts", "Hill", "--slow-consumer-seconds=0"],
      "--slow-consumer-seconds: expected a whole number from 1 to 3600, found",
    ],
    [["main.ts", "bogus"], "no command is called bogus; there are up, serve"],
    [["main.ts", "up", "Hill"], "up takes only flags, found Hill"],
    [["main.ts", "send", "Hill"], "expected a server's name and a line"],
    [["main.ts", "send", "Hell", "x"], "no server is called Hell"],
  ];
  await Promise.all(cases.map(async ([args, message]) => {
    const { status, stderr, stdout } = await run(args, ["--no-prompt"]);
    assertStringIncludes(stderr, message);
    assert(!stderr.includes("k3y"), stderr);
    assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
    assertEquals(stdout, "");
    assertEquals(status, 2);
  }));
});

Deno.test("the error of a wrong command line names the command's help", async () => {
  const cases: [string[], string][] = [
    [["main.ts", "status", "--bogus"], "herd status --help"],
    [["main.ts", "serve", "Hell"], "herd serve --help"],
    [["main.ts", "bogus"], "herd --help"],
    [["main.ts", "toString"], "herd --help"],
    [["server.ts", "Hell"], "server.ts --help"],
  ];
  await Promise.all(cases.map(async ([args, help]) => {
    const { status, stderr } = await run(args, ["--no-prompt"]);
    assertStringIncludes(stderr, ` (see ${help})\n`);
    assertEquals(status, 2);
  }));
});

/** Runs a command with stdout on a full disk. */
const toFullDisk = ["sh", "-c", 'exec "$@" > /dev/full', "sh"];

/** Runs a command with stderr on a full disk. */
const stderrToFullDisk = ["sh", "-c", 'exec "$@" 2> /dev/full', "sh"];

/** Runs a command with stdout in a pipe whose other end is closed. */
const toClosedPipe = [
  "sh",
  "-c",
  'mkfifo "$fifo" && exec 3<> "$fifo" 4> "$fifo" && exec 3>&- && ' +
  'exec "$@" >&4 4>&-',
  "sh",
];

/** Every command that prints and ends, with Hill's port and log folder. */
const printing = (port: string, folder: string) => [
  ["main.ts", "--help"],
  ["main.ts", "--version"],
  ["main.ts", "up", "--help"],
  ["main.ts", "status", "Hill", port],
  ["main.ts", "status", "Hill", "--json", port],
  ["main.ts", "status", "Hill", "--watch", port],
  ["main.ts", "send", "Hill", "x", port],
  ["main.ts", "places", "+34-118", "10", "5", "--places=gazetteer"],
  ["main.ts", "trace", "kiwi", folder],
  ["main.ts", "stats", folder],
  ["main.ts", "phones", "--count=50", "--seconds=1", port],
  ["server.ts", "Hill", "--print-permissions", port],
];

Deno.test("a command that cannot write to stdout exits with 1 and one line", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--admin"]);
  const folder = herd.logFolder;
  const port = `--base-port=${herd.basePort}`;
  const other = `--base-port=${freeBasePort()}`;
  await ask(herd.basePort, "IAMAT kiwi +34.068930-118.445127 1520023934\n");
  const cases = [
    ...printing(port, folder),
    ["server.ts", "Hill", other, `--log-dir=${folder}/other`],
  ];
  await Promise.all(cases.map(async (args) => {
    await using program = Program.start(
      ["run", "--no-prompt", "-N", "-R", "-W", ...args],
      { through: toFullDisk },
    );
    assertEquals(await program.ended(), 1, `${args}: ${program.stderr}`);
    const name = args[0] === "main.ts" ? "herd" : "server.ts";
    const end = RegExp(`(^|\\n)${name}: stdout: No space left on device.*\\n$`);
    assertMatch(program.stderr, end);
    assert(!/error: Uncaught|^ +at /m.test(program.stderr), program.stderr);
  }));
  const log = await Deno.readTextFile(`${folder}/other/Hill.log`);
  assertStringIncludes(log, ' info stopping reason="stdout"\n');
});

Deno.test("a command whose output pipe is closed exits with 0", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--admin"]);
  const folder = herd.logFolder;
  const port = `--base-port=${herd.basePort}`;
  await ask(herd.basePort, "IAMAT kiwi +34.068930-118.445127 1520023934\n");
  const cases = printing(port, folder);
  await Promise.all(cases.map(async (args, index) => {
    await using program = Program.start(
      ["run", "--no-prompt", "-N", "-R", "-W", ...args],
      { through: toClosedPipe, env: { fifo: `${folder}/${index}.fifo` } },
    );
    assertEquals(await program.ended(), 0, `${args}: ${program.stderr}`);
    const progress = /^.*phones( \.\.\.|: ended after .*)\n|^seed \d+\n/gm;
    assertEquals(program.stderr.replaceAll(progress, ""), "", `${args}`);
  }));
});

Deno.test("a command whose output pipe is closed later exits with 0", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--admin"]);
  const port = `--base-port=${herd.basePort}`;
  const input = `${herd.logFolder}/input`;
  // The answers exceed the buffer of a pipe.
  await Deno.writeTextFile(input, "x\n".repeat(100_000));
  const script = '{ "$@" < "$input"; echo "status $?" >&2; } | head -n 3';
  const cases = [
    ["status", "Hill", "--watch", port],
    ["status", "Hill", "--watch", "--json", port],
    ["client", "Hill", port],
  ];
  await Promise.all(cases.map(async (args) => {
    await using program = Program.start(
      ["run", "--no-prompt", "-N", "main.ts", ...args],
      { through: ["sh", "-c", script, "sh"], env: { input } },
    );
    await program.ended();
    assertEquals(program.stdout.split("\n").length, 4, program.stdout);
    assertEquals(program.stderr, "status 0\n");
  }));
});

Deno.test("a server continues if its output pipe is closed", async () => {
  await using herd = new TestHerd();
  await using server = Program.start([
    "run",
    "--allow-net",
    "--allow-write",
    "server.ts",
    "Hill",
    `--base-port=${herd.basePort}`,
    `--log-dir=${herd.logFolder}`,
    "--places=gazetteer",
  ], { through: toClosedPipe, env: { fifo: `${herd.logFolder}/fifo` } });
  let isOver = false;
  const status = server.ended().finally(() => isOver = true);
  await until(async () =>
    isOver || await ask(herd.basePort, "x\n").catch(() => "") === "? x\n"
  );
  assert(!isOver, server.stderr);
  server.signal("SIGTERM");
  assertEquals(await status, 0);
  assertEquals(server.stderr, "");
  // No other reason to stop is logged.
  assertStringIncludes(herd.log("Hill"), ' info stopping reason="SIGTERM"\n');
});

Deno.test("a command ignores errors while writing to stderr", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const port = `--base-port=${herd.basePort}`;
  const cases: [string[], number, string][] = [
    [["main.ts", "phones", "--count=50", "--seconds=1", port], 0, "\n  lost "],
    [
      ["server.ts", "Hill", "--log-dir=a,b", "--print-permissions"],
      0,
      "deno run ",
    ],
    [["main.ts", "status", "--bogus"], 2, ""],
    [["main.ts", "status", "Smith", port], 1, ""],
  ];
  await Promise.all(cases.map(async ([args, status, text]) => {
    await using program = Program.start(
      ["run", "--no-prompt", "-N", "-W", ...args],
      { through: stderrToFullDisk },
    );
    assertEquals(await program.ended(), status, `${args}`);
    assertStringIncludes(program.stdout, text);
  }));
});

Deno.test("an error of the setup exits with 1 and one line", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/file`, "");
  await Deno.writeTextFile(`${folder}/bad.json`, "{");
  await Deno.writeTextFile(
    `${folder}/self.json`,
    '{"servers":[{"name":"Hill"}],"links":[["Hill","Hill"]]}',
  );
  await Deno.writeTextFile(
    `${folder}/far.json`,
    `{"servers":[{"name":"Hill"},{"name":"Near"},
      {"name":"Far","host":"192.0.2.7"}],"links":[["Hill","Far"]]}`,
  );
  await Deno.writeTextFile(`${folder}/short`, "fifteen-letters\n");
  await Deno.writeTextFile(`${folder}/secret`, "sixteen--letters\n");
  await Deno.writeTextFile(`${folder}/hill.pem`, hill.certificate);
  await Deno.writeTextFile(`${folder}/smith.key`, smith.key);
  const logs = `--log-dir=${folder}/logs`;
  const read = ["--no-prompt", "-N", "-W", `--allow-read=${folder}`];
  const readOnly = ["--no-prompt", `--allow-read=${folder}`];
  const far = `--config=${folder}/far.json`;
  const noSecret = "Far is at 192.0.2.7, outside this machine, and there is " +
    "no secret: give all servers the same --secret-file (one line, 16 " +
    "characters or more), or HERD_SECRET";
  const orLoopback = ", or keep the herd on 127.0.0.1";
  const cases: [string[], string[] | undefined, string][] = [
    [
      [
        "server.ts",
        "Hill",
        `--log-dir=${folder}/file/logs`,
        `--base-port=${freeBasePort()}`,
      ],
      undefined,
      `cannot write logs to ${folder}/file/logs: `,
    ],
    [
      ["server.ts", "Hill", `--config=${folder}/bad.json`],
      undefined,
      `reading ${folder}/bad.json needs permission: run instead: `,
    ],
    [
      [
        "server.ts",
        "Hill",
        `--tls-cert=${folder}/hill.pem`,
        `--tls-key=${folder}/smith.key`,
      ],
      undefined,
      `reading ${folder}/hill.pem, ${folder}/smith.key needs permission`,
    ],
    [
      [
        "server.ts",
        "Hill",
        `--tls-cert=${folder}/hill.pem`,
        `--tls-key=${folder}/smith.key`,
      ],
      read,
      `${folder}/smith.key: is not the certificate's key`,
    ],
    [
      [
        "server.ts",
        "Hill",
        `--tls-cert=${folder}/secret`,
        `--tls-key=${folder}/smith.key`,
      ],
      read,
      `${folder}/secret: expected certificates in PEM, -----BEGIN CERT`,
    ],
    [
      ["server.ts", "Hill", logs, `--config=${folder}/none.json`],
      read,
      `${folder}/none.json: there is no such file`,
    ],
    [
      ["server.ts", "Hill", logs, `--config=${folder}/bad.json`],
      read,
      `${folder}/bad.json: is not JSON (line 1 column 2)`,
    ],
    [
      ["server.ts", "Hill", logs, `--config=${folder}/self.json`],
      read,
      `${folder}/self.json: links[0]: links Hill to itself`,
    ],
    [
      ["server.ts", "Hill", logs, `--places-key-file=${folder}/file`],
      read,
      `${folder}/file: expected one API key of printable ASCII`,
    ],
    [
      ["server.ts", "Hill", logs],
      ["--no-prompt", "--allow-net=127.0.0.1:8000"],
      "--allow-net=127.0.0.1:8000,127.0.0.1:8100,127.0.0.1:8101," +
      `127.0.0.1:8102 --allow-write=${folder}/logs server.ts Hill`,
    ],
    [
      ["server.ts", "Hill", logs, "--host=192.0.2.1", "--open-clients"],
      undefined,
      "cannot listen on 192.0.2.1:8000: ",
    ],
    [
      ["server.ts", "Hill", `--secret-file=${folder}/secret`],
      ["--no-prompt"],
      `--allow-read=${folder}/secret --allow-net --allow-write server.ts Hill`,
    ],
    [
      ["server.ts", "Hill", `--secret-file=${folder}/none`],
      readOnly,
      `${folder}/none: there is no such file`,
    ],
    [
      ["main.ts", "up", `--secret-file=${folder}/file`],
      readOnly,
      `${folder}/file: expected a secret in it; make one with: openssl rand`,
    ],
    [
      ["server.ts", "Hill", `--secret-file=${folder}/short`],
      readOnly,
      `server.ts: ${folder}/short: a secret has at least 16 characters, as a ` +
      "shorter one could be guessed from a recorded handshake; make one " +
      "with: openssl rand -hex 32\n",
    ],
    [
      ["server.ts", "Hill", logs, far],
      readOnly,
      `server.ts: ${noSecret} with --allow-env=HERD_SECRET${orLoopback}\n`,
    ],
    [
      ["server.ts", "Far", logs, far],
      [...readOnly, "--allow-env=HERD_SECRET"],
      `server.ts: ${noSecret}${orLoopback}\n`,
    ],
    [
      ["main.ts", "up", logs, far],
      readOnly,
      `herd: ${noSecret} with --allow-env`,
    ],
    [
      ["server.ts", "Hill", logs, far, `--secret-file=${folder}/secret`],
      readOnly,
      "--allow-net=127.0.0.1:8000,127.0.0.1:8100,192.0.2.7:8102 " +
      `--allow-write=${folder}/logs --allow-read=`,
    ],
    [
      ["server.ts", "Near", logs, far],
      readOnly,
      "--allow-net=127.0.0.1:8001,127.0.0.1:8101 " +
      `--allow-write=${folder}/logs --allow-read=`,
    ],
    [
      ["main.ts", "send", "Hill", "x", "--base-port=1"],
      undefined,
      "cannot connect to",
    ],
    [["main.ts", "send", "Hill", "x"], ["--no-prompt"], "not permitted"],
  ];
  await Promise.all(cases.map(async ([args, permissions, message]) => {
    const env = { HERD_SECRET: "" };
    const { status, stderr } = await run(args, permissions, env);
    assertStringIncludes(stderr, message);
    assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
    assertEquals(status, 1);
  }));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("the error of a port in use names it, and does not change its owner's log", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const { status, stderr } = await run([
    "server.ts",
    "Hill",
    `--base-port=${herd.basePort}`,
    `--log-dir=${herd.logFolder}`,
  ]);
  assertEquals(status, 1);
  assertStringIncludes(stderr, `port ${herd.basePort} of 127.0.0.1 is in use`);
  await herd.untilLogged("Hill", "dial-failed");
  assertEquals(herd.log("Hill").split(" info started ").length, 2);
  assertEquals(herd.log("Hill").includes("stopping"), false);
});

Deno.test("help and version need no permission", async () => {
  for (
    const [args, text] of [
      [["main.ts"], "Usage: herd COMMAND"],
      [["main.ts", "--help"], "Usage: herd COMMAND"],
      [["main.ts", "up", "--help"], "Usage: herd up"],
      [["main.ts", "serve", "--help"], "Usage: server.ts NAME"],
      [["main.ts", "send", "-h"], "Usage: herd send"],
      [["server.ts", "--help"], "Usage: server.ts NAME"],
      [["main.ts", "--version"], "herd "],
    ] as const
  ) {
    const { status, stderr, stdout } = await run(args, ["--no-prompt"]);
    assertStringIncludes(stdout, text);
    assertEquals([status, stderr], [0, ""]);
  }
});

Deno.test("herd send sends one line and prints the answer", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const send = (line: string) =>
    run(["main.ts", "send", "Hill", line, `--base-port=${herd.basePort}`], [
      "--no-prompt",
      `--allow-net=127.0.0.1:${herd.basePort}`,
    ]);
  const { status, stdout } = await send("IAMAT Zürich +47.37+8.54 1");
  assertMatch(stdout, /^AT Hill \S+ Zürich \+47\.37\+8\.54 1\n$/);
  assertEquals(status, 0);
  const { stdout: nearby } = await send("WHATSAT Zürich 5 1");
  assertStringIncludes(nearby, '"name" : "Z\u00fcrich');
  assertEquals((await send("what?")).stdout, "? what?\n");
});

Deno.test("a server needs only permissions for its ports and logs", async () => {
  await using herd = new TestHerd();
  const ports = [0, 100, 101, 102].map((offset) =>
    `127.0.0.1:${herd.basePort + offset}`
  );
  const permissions = [
    "--no-prompt",
    `--allow-net=${ports.join(",")}`,
    `--allow-write=${herd.logFolder}`,
  ];
  const hill = await herd.start("Hill", [], {}, permissions);
  const answer = await ask(
    herd.portOf("Hill"),
    "IAMAT k +34-118 1\nWHATSAT k 10 1\n",
  );
  assertStringIncludes(answer, '"status" : "OK"');
  hill.signal("SIGTERM");
  assertEquals(await hill.ended(), 0);
});

Deno.test("nohup does not keep a server running, as the documents say", async () => {
  await using herd = new TestHerd();
  const permissions = ["--allow-net", "--allow-write"];
  const hill = await herd.start("Hill", [], {}, permissions, ["nohup"]);
  hill.signal("SIGHUP");
  assertEquals(await hill.ended(), 0);
  const remedies = { "README.md": "#common-pitfalls" };
  const operations = { "docs/OPERATIONS.md": "setsid -f" };
  const deploy = { "deploy/README.md": "setsid -f" };
  const pages = { ...remedies, ...operations, ...deploy };
  for (const [path, remedy] of Object.entries(pages)) {
    const page = await Deno.readTextFile(projectFolder + path);
    const text = page.replaceAll(/\s+/g, " ");
    for (const part of ["`nohup` does not keep", "SIGTERM to `npx`", remedy]) {
      assertStringIncludes(text, part, path);
    }
    assertMatch(text, /1,000 (clients|connections)/, path);
  }
});

Deno.test("a server whose terminal is closed stops with status 0", async () => {
  await using herd = new TestHerd();
  const hill = await herd.start("Hill");
  await ask(herd.portOf("Hill"), "IAMAT k +34-118 1\n");
  hill.signal("SIGHUP");
  assertEquals(await hill.ended(), 0);
  assertStringIncludes(herd.log("Hill"), ' info stopping reason="SIGHUP"');
  assertStringIncludes(herd.log("Hill"), " info stopped");
});

withScript.test("the command of the README does not prompt on a terminal", async () => {
  await using herd = new TestHerd();
  const command = [
    Deno.execPath(),
    "run --allow-net --allow-write server.ts Campbell",
    `--base-port=${herd.basePort} --log-dir=${herd.logFolder}`,
  ].join(" ");
  // `script` gives the command a terminal, where Deno would prompt.
  const terminal = new Deno.Command("script", {
    args: ["-qec", command, "/dev/null"],
    cwd: projectFolder,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let shown = "";
  const reading = (async () => {
    for await (
      const text of terminal.stdout.pipeThrough(new TextDecoderStream())
    ) shown += text;
  })();
  try {
    while (!shown.includes("Campbell is ready")) {
      assert(!/allow\?|permission/i.test(shown), shown);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const answer = await ask(
      herd.portOf("Campbell"),
      "IAMAT k +34-118 1\nWHATSAT k 10 1\n",
    );
    assertStringIncludes(answer, '"status" : "OK"');
  } finally {
    terminal.kill("SIGTERM");
    await reading;
    await terminal.stderr.cancel();
    await terminal.status;
  }
  assert(!/allow\?|Deno requests/i.test(shown), shown);
});

Deno.test("a server that crashes logs the reason", async () => {
  await using herd = new TestHerd();
  const script = `
    import { serve } from ${JSON.stringify(`${projectFolder}server.ts`)};
    // serve() prints last that it is ready.
    Deno.stdout.writeSync = (bytes) => {
      queueMicrotask(() => {
        throw new Error("an unexpected error");
      });
      return bytes.length;
    };
    serve([
      "Hill",
      "--base-port=${herd.basePort}",
      "--log-dir=${herd.logFolder}",
    ]);`;
  const file = `${herd.logFolder}/crash.ts`;
  await Deno.writeTextFile(file, script);
  await using program = Program.start([
    "run",
    `--config=${projectFolder}deno.json`,
    "--allow-net",
    "--allow-write",
    file,
  ]);
  assertEquals(await program.ended(), 1);
  assertMatch(
    herd.log("Hill").trimEnd().split("\n").at(-1)!,
    / server -- error crashed reason="Error: an unexpected error\\n/,
  );
});

Deno.test("deno task bundle makes one file that needs only two permissions", async () => {
  const folder = await Deno.makeTempDir();
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", `--output=${folder}/server.js`, "server.ts"],
    cwd: projectFolder,
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  await using herd = new TestHerd();
  await using campbell = Program.start([
    "run",
    "--no-prompt",
    "--allow-net",
    "--allow-write",
    "server.js",
    "Campbell",
    `--base-port=${herd.basePort}`,
  ], { cwd: folder });
  await campbell.untilPrinted("Campbell is ready");
  const answer = await ask(
    herd.portOf("Campbell"),
    "IAMAT k +34.068930-118.445127 1\nWHATSAT k 10 1\n",
  );
  assertStringIncludes(answer, '"name" : "Bel Air"');
  campbell.signal("SIGTERM");
  assertEquals(await campbell.ended(), 0);
  assert(Deno.statSync(`${folder}/logs/Campbell.log`).size > 0);
  await Deno.remove(folder, { recursive: true });
});
