import { quoteWord } from "../../runtime/shell.ts";
import { textOfBytes } from "../../protocol/bytes.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "../assert.ts";
import { bodyAt, FakeGoogle, fakeKey, legacyPath } from "../fakes/google.ts";
import { DenoOnPath } from "./deno_on_path.ts";
import { ask, Program, projectFolder, TestHerd } from "./process.ts";

/** Runs a program with `--print-permissions` to its end. */
async function print(
  program: readonly string[],
  permissions: readonly string[] = [],
  env: Record<string, string> = {},
) {
  await using printing = Program.start([
    "run",
    "--no-prompt",
    ...permissions,
    ...program,
    "--print-permissions",
  ], { env });
  const status = await printing.ended();
  const { stderr, stdout } = printing;
  return { status, stderr, stdout };
}

/** The command line that a program prints. */
async function lineOf(
  program: readonly string[],
  permissions?: readonly string[],
  env?: Record<string, string>,
): Promise<string> {
  const { status, stderr, stdout } = await print(program, permissions, env);
  assertEquals(status, 0, stderr);
  assertMatch(stdout, /^deno run [^\n]+\n$/);
  return stdout.trimEnd();
}

const unreadNote =
  "some variables were not read: if they hold a key or a secret, run this " +
  "again with --allow-env=HERD_SECRET,GOOGLE_PLACES_KEY\n";

/**
 * An attempt: its name, the operation, its operand, and the expected result.
 */
type Trial = readonly [
  name: string,
  attempt: string,
  operand: string,
  outcome?: RegExp,
];

const denied = /^NotCapable: /;

/** Operations that no server may perform, whatever its settings. */
const alwaysDenied: readonly Trial[] = [
  ["read a file of the system", "read", "/etc/passwd"],
  ["read a file of the project", "read", "deno.json"],
  ["read the server's code", "read", "server.ts"],
  ["list the project", "list", "."],
  ["list the system's root", "list", "/"],
  ["look at a file", "stat", "/etc/passwd"],
  ["write a file of the project", "write", "server.ts"],
  ["write a new file beside it", "write", "probe.txt"],
  ["write elsewhere", "write", "/tmp/herd-probe"],
  ["write through the parent folder", "write", "logs/../server.ts"],
  ["make a folder", "makeFolder", "/tmp/herd-probe/folder"],
  ["remove a file", "remove", "server.ts"],
  ["change a file's mode", "chmod", "server.ts"],
  ["make a link", "link", "/etc/passwd"],
  ["make a temporary file", "temporary", ""],
  ["run a program", "run", "true"],
  ["run a shell", "run", "/bin/sh"],
  ["run Deno", "run", Deno.execPath()],
  ["send a signal", "kill", ""],
  ["load a library", "load", "libc.so.6"],
  ["see a variable", "variable", "PATH"],
  ["see all variables", "variables", ""],
  ["see the name of the machine", "hostname", ""],
  ["see the version of the system", "release", ""],
  ["see the user", "user", ""],
  ["see the network's interfaces", "interfaces", ""],
  ["see the memory", "memory", ""],
  ["connect to a lower port", "connect", "127.0.0.1:22"],
  ["connect by another name", "connect", "localhost:80"],
  ["connect to another host", "connect", "192.0.2.1:80"],
  ["connect over IPv6", "connect", "[::1]:80"],
  ["connect to a Unix socket", "connectUnix", "/var/run/docker.sock"],
  ["listen on another port", "listen", "127.0.0.1:9"],
  ["listen on all addresses", "listen", "0.0.0.0:9"],
  ["listen on any free port", "listen", "127.0.0.1:0"],
  ["listen on a Unix socket", "listenUnix", "/tmp/herd-probe.sock"],
  ["fetch from the network", "fetch", "http://192.0.2.1/"],
  ["fetch a file", "fetch", "file:///etc/passwd"],
  ["look up a name", "resolve", "example.com"],
  ["import a file", "import", "file:///etc/passwd", /Requires read access/],
  [
    "import code from the network",
    "import",
    "https://deno.land/std/version.ts",
    /--no-remote is specified/,
  ],
  [
    "import a package",
    "import",
    "npm:left-pad@1.3.0",
    /lockfile is out of date/,
  ],
  ["request a permission", "ask", "read", /^Error: denied$/],
];

/** Runs the probe with the permissions of a server, and checks its results. */
async function tryAll(
  line: string,
  trials: readonly Trial[],
  env: Record<string, string> = {},
): Promise<void> {
  using deno = new DenoOnPath();
  const [flags, program] = line.split(/ (?=server\.ts |main\.ts up )/);
  assert(program !== undefined, line);
  const attempts = trials.map(([, attempt, operand]) => [attempt, operand]);
  const probing = `${flags} --no-prompt tests/end_to_end/probe.ts ${
    quoteWord(JSON.stringify(attempts))
  }`;
  await using probe = deno.run(probing, env);
  assertEquals(await probe.ended(), 0, probe.stderr);
  const results: string[] = JSON.parse(probe.stdout);
  assertEquals(results.length, trials.length);
  for (const [index, [name, , , outcome = denied]] of trials.entries()) {
    assertMatch(results[index], outcome, name);
  }
}

/** The addresses of a herd's ports. */
function addressesOf({ basePort }: TestHerd, ...offsets: number[]): string[] {
  return offsets.map((offset) => `127.0.0.1:${basePort + offset}`);
}

Deno.test("servers work with the permissions that they print, and have no others", async () => {
  await using herd = new TestHerd();
  using deno = new DenoOnPath();
  // A folder's name with special characters.
  const folder = `${herd.logFolder}/Kiwi's logs (1)`;
  const flags = [`--base-port=${herd.basePort}`, "--log-dir", folder];
  const lines = await Promise.all(
    ["Hill", "Smith"].map((name) => lineOf(["server.ts", name, ...flags])),
  );
  assertEquals([...Deno.readDirSync(herd.logFolder)], []);
  await using hill = deno.run(lines[0]);
  await using smith = deno.run(lines[1]);
  await hill.untilPrinted("Hill is ready");
  await smith.untilPrinted("Smith is ready");
  await herd.untilLinked(["Hill", "Smith"]);
  const hillsPort = herd.portOf("Hill");
  const [at] = (await ask(hillsPort, "IAMAT k +34-118 1\n")).split("\n");
  const answer = await ask(herd.portOf("Smith"), "WHATSAT k 10 1\n");
  assertEquals(answer.split("\n")[0], at);
  assertStringIncludes(answer, '"status" : "OK"');
  for (const [name, server] of Object.entries({ Hill: hill, Smith: smith })) {
    server.signal("SIGTERM");
    assertEquals(await server.ended(), 0);
    assertEquals(server.stderr, "");
    const log = Deno.readTextFileSync(`${folder}/${name}.log`);
    assertStringIncludes(log, " link-up ");
  }
  const [client, peer, jaquez, smiths, campbell, smithsClients, admin] =
    addressesOf(herd, ...[0, 100, 101, 102, 103, 2, 200]);
  await tryAll(lines[0], [
    ["write into the log's folder", "write", `${folder}/x.log`, /^granted$/],
    ["listen for clients", "listen", client, /^granted$/],
    ["listen for neighbours", "listen", peer, /^granted$/],
    ["dial Jaquez", "connect", jaquez, /^ConnectionRefused/],
    ["dial Smith", "connect", smiths, /^ConnectionRefused/],
    ...alwaysDenied,
    ["dial a server that is no neighbour", "connect", campbell],
    ["listen for the operator", "listen", admin],
    ["dial a neighbour's clients", "connect", smithsClients],
    ["listen for clients elsewhere", "listen", `0.0.0.0:${herd.basePort}`],
    ["read the own log", "read", `${folder}/Hill.log`],
    ["read another log", "read", `${folder}/Smith.log`],
    ["list the logs", "list", folder],
    ["write beside the folder", "write", `${herd.logFolder}/x`],
    ["write out of the folder", "write", `${folder}/../x`],
    ["see the secret", "variable", "HERD_SECRET"],
    ["see the key", "variable", "GOOGLE_PLACES_KEY"],
    ["ask Google", "fetch", "https://maps.googleapis.com/"],
  ]);
});

Deno.test("herd up works with the permissions that it prints, and has no others", async () => {
  await using herd = new TestHerd();
  using deno = new DenoOnPath();
  const logs = `${herd.logFolder}/logs`;
  const line = await lineOf([
    "main.ts",
    "up",
    `--base-port=${herd.basePort}`,
    `--log-dir=${logs}`,
  ]);
  await using up = deno.run(line);
  await up.untilPrinted("Ctrl-C stops the herd.");
  await herd.untilLinked(["Hill", "Jaquez", "Smith", "Campbell", "Singleton"]);
  const [admin] = addressesOf(herd, 200);
  for (const path of ["/", "/map.json", "/metrics", "/status.json"]) {
    const response = await fetch(`http://${admin}${path}`);
    assertEquals([path, response.status], [path, 200]);
    assert((await response.text()).length > 0, path);
  }
  up.signal("SIGINT");
  assertEquals(await up.ended(), 0);
  assertEquals(up.stderr, "");
  assertEquals([...Deno.readDirSync(logs)].length, 5);
  await tryAll(line, [
    ["write into the folder", "write", `${logs}/x.log`, /^granted$/],
    ...alwaysDenied,
    ["listen for the operator", "listen", admin, /^granted$/],
    ["listen for operators elsewhere", "listen", admin.replace("127", "0")],
    ["read a log", "read", `${logs}/Hill.log`],
    ["write beside the folder", "write", `${herd.logFolder}/x`],
    ["connect to a port between", "connect", addressesOf(herd, 5)[0]],
  ]);
});

/** Writes all files that a server's settings can name. Returns the flags. */
async function configure(herd: TestHerd, google: FakeGoogle) {
  const folder = herd.logFolder;
  const files = {
    config: `${folder}/my herd.json`,
    secrets: `${folder}/herd.secret`,
    key: `${folder}/google$key`,
  };
  const { basePort } = herd;
  await Deno.writeTextFile(
    files.config,
    JSON.stringify({
      basePort,
      servers: [{ name: "North" }, { name: "South" }],
      links: [["North", "South"]],
    }),
  );
  await Deno.writeTextFile(files.secrets, "a-secret-of-the-tests\n");
  await Deno.writeTextFile(files.key, fakeKey);
  const flags = [
    `--config=${files.config}`,
    `--log-dir=${folder}/logs`,
    `--secret-file=${files.secrets}`,
    `--places-key-file=${files.key}`,
    "--places=google",
    `--places-url=${google.url}`,
    "--places-budget=1000",
  ];
  return { files, flags };
}

Deno.test("the permissions for files, secrets, Google and a budget suffice, and are no more", async () => {
  await using google = new FakeGoogle();
  await using herd = new TestHerd();
  using deno = new DenoOnPath();
  const { files, flags } = await configure(herd, google);
  const folder = herd.logFolder;
  const lineFor = (name: string) =>
    lineOf(["server.ts", name, ...flags], [`--allow-read=${folder}`]);
  const line = await lineFor("North");
  await using south = deno.run(await lineFor("South"));
  await south.untilPrinted("South is ready");
  for (const count of [1, 2]) {
    await using north = deno.run(line);
    await north.untilPrinted("North is ready: ");
    assertStringIncludes(north.stdout, "linked with South");
    const answer = await ask(
      herd.basePort,
      "IAMAT k +34.068930-118.445127 1\nWHATSAT k 10 20\n",
    );
    const body = textOfBytes(answer.slice(answer.indexOf("{"), -2));
    assertEquals(body, bodyAt(legacyPath).trimEnd());
    north.signal("SIGTERM");
    assertEquals(await north.ended(), 0);
    assertEquals(north.stderr, "");
    // The second run has read the budget of the first one.
    const budget = Deno.readTextFileSync(`${folder}/logs/North.places-budget`);
    assertEquals(Number(budget.split(" ")[1]), count);
  }
  south.signal("SIGTERM");
  assertEquals(await south.ended(), 0);
  const trials: Trial[] = [
    ["read the herd file", "read", files.config, /^granted$/],
    ["read the secrets", "read", files.secrets, /^granted$/],
    ["read the key", "read", files.key, /^granted$/],
    [
      "read the budget",
      "read",
      `${folder}/logs/North.places-budget`,
      /^granted$/,
    ],
    ["ask the places service", "fetch", google.url, /^granted$/],
    ...alwaysDenied,
    ["read the log", "read", `${folder}/logs/North.log`],
    [
      "read another's budget",
      "read",
      `${folder}/logs/South.places-budget`,
    ],
    ["list the folder of the secrets", "list", folder],
    ["write the herd file", "write", files.config],
    ["write the secrets", "write", files.secrets],
    ["see the secret", "variable", "HERD_SECRET"],
    ["see the key", "variable", "GOOGLE_PLACES_KEY"],
    ["ask Google itself", "fetch", "https://maps.googleapis.com/"],
  ];
  await tryAll(line, trials, { HERD_SECRET: "x", GOOGLE_PLACES_KEY: "x" });
});

Deno.test("the permissions contain the variables in use, and Google's hosts if there is a key", async () => {
  const program = ["server.ts", "Campbell", "--base-port=10000"];
  const net = "--allow-net=127.0.0.1:10003,127.0.0.1:10103,127.0.0.1:10104," +
    "127.0.0.1:10102";
  const line = (flags: string, words = "") =>
    `deno run --frozen --no-remote ${flags} server.ts Campbell ` +
    `--base-port=10000${words}\n`;
  const google = "maps.googleapis.com:443,places.googleapis.com:443";
  const key = "not-to-be-shown";
  const env = {
    HERD_SECRET: "a-secret-not-to-be-shown",
    GOOGLE_PLACES_KEY: "",
  };
  const both = { ...env, GOOGLE_PLACES_KEY: key };
  const write = "--allow-write=logs";
  const cases: [
    flags: string[],
    permissions: string[],
    env: Record<string, string>,
    stdout: string,
    stderr: string,
  ][] = [
    [[], [], both, line(`${net} ${write}`), unreadNote],
    [
      [],
      ["--allow-env"],
      both,
      line(
        `${net},${google} ${write} --allow-env=HERD_SECRET,GOOGLE_PLACES_KEY`,
      ),
      "",
    ],
    [
      [],
      ["--allow-env"],
      env,
      line(`${net} ${write} --allow-env=HERD_SECRET`),
      "",
    ],
    [
      [],
      ["--allow-env"],
      { HERD_SECRET: "", GOOGLE_PLACES_KEY: "" },
      line(`${net} ${write}`),
      "",
    ],
    [
      ["--print-permissions=true"],
      ["--allow-env"],
      { HERD_SECRET: "", GOOGLE_PLACES_KEY: "" },
      line(`${net} ${write}`),
      "",
    ],
    [
      ["--places=gazetteer"],
      ["--allow-env"],
      { HERD_SECRET: "", GOOGLE_PLACES_KEY: key },
      line(`${net} ${write}`, " --places=gazetteer"),
      "",
    ],
    [
      ["--places=google-new", "--places-budget=9"],
      ["--allow-env=GOOGLE_PLACES_KEY"],
      both,
      line(
        `${net},places.googleapis.com:443 ${write} ` +
          "--allow-env=GOOGLE_PLACES_KEY " +
          "--allow-read=logs/Campbell.places-budget",
        " --places=google-new --places-budget=9",
      ),
      unreadNote.replace(",GOOGLE_PLACES_KEY", ""),
    ],
    [
      ["--host=::1", "--log-dir=/var/log/a,b"],
      ["--allow-env"],
      { HERD_SECRET: "", GOOGLE_PLACES_KEY: "" },
      line(
        `'${net.replace("127.0.0.1:10003", "[::1]:10003")}' ` +
          "--allow-write=/var/log",
        " --host=::1 --log-dir=/var/log/a,b",
      ),
      "/var/log/a,b: Deno's flags end a path at a comma, so the folder " +
      "above it is granted; a path without a comma is granted alone\n",
    ],
  ];
  await Promise.all(
    cases.map(async ([flags, permissions, env, stdout, stderr]) => {
      const printed = await print([...program, ...flags], permissions, env);
      assertEquals(printed, { status: 0, stdout, stderr });
    }),
  );
});

Deno.test("--print-permissions names a file that it needs and may not read", async () => {
  const folder = await Deno.makeTempDir();
  const config = `${folder}/far.json`;
  await Deno.writeTextFile(
    config,
    '{"servers":[{"name":"Hill","host":"192.0.2.7"}]}',
  );
  const flags = ["server.ts", "Hill", `--config=${config}`];
  const unread = await print(flags);
  assertEquals(unread, {
    status: 1,
    stdout: "",
    stderr: unread.stderr,
  });
  assertMatch(
    unread.stderr,
    /^server\.ts: reading \S+ needs permission: run instead: .* --print-permissions\n$/,
  );
  const { status, stderr, stdout } = await print(flags, ["--allow-read"]);
  assertEquals([status, stdout], [1, ""]);
  assertStringIncludes(stderr, "and there is no secret: give all servers the");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("the tasks of deno.json have the permissions that the default herd prints", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(`${projectFolder}/deno.json`),
  );
  const line = await lineOf(["main.ts", "up"]);
  assertEquals(tasks.herd.command, line);
  // For a server of any name.
  assertEquals(tasks.serve.command, line.replace("main.ts up", "server.ts"));
});

Deno.test("a shell reads a quoted word as the original", async () => {
  const words = [
    "plain",
    "--flag=a/b.c,d:1",
    "",
    "two words",
    "it's",
    "''",
    '"$HOME" `id` \\ $(id)',
    "~",
    "*?[::1]{a,b}!#&;<>|",
    "Zürich",
    "a\nb\t",
    "-",
  ];
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `printf '%s\\0' ${words.map(quoteWord).join(" ")}`],
  }).output();
  assertEquals(
    new TextDecoder().decode(stdout).split("\0").slice(0, -1),
    words,
  );
});
