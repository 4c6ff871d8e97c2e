/**
 * Compares the external behaviour of servers with a record: the bytes on the
 * wire and in the logs, the answers of the administration port, the output of
 * the programs and their exit statuses. The code can be moved and renamed
 * without a change of the record.
 *
 * The folder `record` has a file for each kind of output. `deno task record`
 * records again.
 *
 * A change of the record is a change of behaviour. The body of its commit must
 * give the reason.
 *
 * The record leaves out TLS, whose random bytes cannot be replaced (see
 * tests/end_to_end/tls_test.ts), and the contents of the dashboard's pages.
 *
 * @module
 */
import { assertEquals } from "../assert.ts";
import manifest from "../../deno.json" with { type: "json" };

const project = new URL("../../", import.meta.url).pathname;
const recordFolder = new URL("record/", import.meta.url).pathname;
const isRecording = Deno.env.get("HERD_TEST_RECORD") === "1";

/** The environment without the variables that servers read. */
const { GOOGLE_PLACES_KEY: _key, HERD_SECRET: _secret, ...environment } = Deno
  .env.toObject();

const allPermissions = ["--allow-all"];

/**
 * A program is stopped after this time, in milliseconds, and the test fails.
 * Every program takes less time, unless a server starts by mistake.
 */
const programDeadlineMs = 120_000;

/** Runs a program of the project in a folder, to its end. */
async function run(
  cwd: string,
  program: string,
  args: readonly string[],
  permissions = allPermissions,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const flags = ["--frozen", "--no-prompt", ...permissions];
  const { code, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--config", `${project}deno.json`, ...flags],
      ...[`${project}${program}`, ...args],
    ],
    cwd,
    clearEnv: true,
    env: { ...environment, NO_COLOR: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(programDeadlineMs),
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** Compares a text with the record, or records it. */
function compareWithRecord(name: string, text: string): void {
  const path = recordFolder + name;
  if (isRecording) return Deno.writeTextFileSync(path, text);
  const recorded = Deno.readTextFileSync(path);
  if (text === recorded) return;
  const [now, before] = [text.split("\n"), recorded.split("\n")];
  const index = now.findIndex((line, index) => line !== before[index]);
  const at = index < 0 ? now.length : index;
  const isReordered =
    now.toSorted().join("\n") === before.toSorted().join("\n");
  throw new Error(
    `tests/conversation/record/${name}:${at + 1} differs` +
      `${isReordered ? " (only the order of lines differs)" : ""}:\n` +
      `on record: ${before[at] ?? "(the end)"}\n` +
      `now:       ${now[at] ?? "(the end)"}`,
  );
}

/** Runs a test in a temporary folder. */
async function inFolder(test: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The files in a folder, by their names. */
function namesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

/** Runs commands; returns each with its output and exit status. */
async function describe(
  folder: string,
  commands: readonly (readonly string[])[],
  permissions = allPermissions,
): Promise<string> {
  const texts: string[] = [];
  let started = 0;
  const describeSome = async () => {
    while (started < commands.length) {
      const index = started++;
      const [program, ...args] = commands[index];
      const ended = await run(folder, program, args, permissions);
      const { code, stderr, stdout } = ended;
      const heading = `$ ${[program, ...args].join(" ")}\n`;
      const errors = stderr === "" ? "" : `stderr: ${stderr}`;
      texts[index] = `${heading}${stdout}${errors}exit status ${code}\n`;
    }
  };
  const { hardwareConcurrency } = navigator;
  await Promise.all(Array.from({ length: hardwareConcurrency }, describeSome));
  return texts.join("\n");
}

Deno.test("servers send and log the recorded bytes", () =>
  inFolder(async (folder) => {
    const output = `${folder}/output`;
    await Deno.mkdir(output);
    const { code, stderr } = await run(
      folder,
      "tests/conversation/play.ts",
      [output],
    );
    // The wire comes first, as a difference is easiest to understand there.
    const wire = `${output}/wire.txt`;
    if (code === 0 || !isRecording && namesIn(output).includes("wire.txt")) {
      compareWithRecord("herd/wire.txt", Deno.readTextFileSync(wire));
    }
    if (code !== 0) throw new Error(`the script failed: ${stderr}`);
    const names = namesIn(output);
    const known = namesIn(`${recordFolder}herd`);
    if (isRecording) {
      for (const name of known.filter((name) => !names.includes(name))) {
        Deno.removeSync(`${recordFolder}herd/${name}`);
      }
    }
    for (
      const name of names.filter((name) => known.includes(name) || isRecording)
    ) {
      compareWithRecord(
        `herd/${name}`,
        Deno.readTextFileSync(`${output}/${name}`),
      );
    }
    if (!isRecording) assertEquals(names, known);
  }));

const commands = [
  "up",
  "serve",
  "send",
  "client",
  "phones",
  "status",
  "places",
  "stats",
]
  .concat("trace", "token");

Deno.test("programs print the recorded help texts", () =>
  inFolder(async (folder) => {
    const text = await describe(folder, [
      ["server.ts", "--help"],
      ["main.ts", "--help"],
      ...commands.map((command) => ["main.ts", command, "--help"]),
    ]);
    compareWithRecord("programs/help.txt", text);
  }));

Deno.test("programs print the recorded permissions", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/key`, "AIzaSy-this-is-secret");
    await Deno.writeTextFile(`${folder}/secret`, "correct-horse-battery");
    const remote = ["--places", "google", "--places-key-file", "key"];
    const permitted = [
      ["server.ts", "Hill"],
      ["server.ts", "Hill", "--admin", "--log-dir", "my logs"],
      ["server.ts", "Smith", "--secret-file", "secret", ...remote],
      ["server.ts", "Smith", ...remote, "--places-budget", "5"],
      [
        "server.ts",
        "Hill",
        "--host=0.0.0.0",
        "--base-port=9000",
        "--open-clients",
      ],
      ["main.ts", "up"],
      ["main.ts", "serve", "Campbell"],
    ].map((command) => [...command, "--print-permissions"]);
    const text = await describe(folder, permitted);
    const denied = await describe(folder, [["server.ts", "Hill"]], []);
    // The command depends on where the project is, and how Deno is installed.
    const anywhere = denied.replaceAll(project, "")
      .replace(/npx -y deno@\S+/, "deno");
    compareWithRecord("programs/permissions.txt", `${text}\n${anywhere}`);
  }));

Deno.test("programs end with the recorded messages and exit statuses", () =>
  inFolder(async (folder) => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr;
    const files: Record<string, unknown> = {
      "taken.json": { servers: [{ name: "Hill", clientPort: port }] },
      "outside.json": { host: "192.0.2.1", servers: [{ name: "Hill" }] },
      "odd.json": { servers: [{ name: "Hill", colour: "red" }] },
      "empty.json": { servers: [] },
      "short.secret": "short",
    };
    for (const [name, content] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, JSON.stringify(content));
    }
    await Deno.writeTextFile(`${folder}/broken.json`, "{");
    const serverArguments = [
      "",
      "Hill Smith",
      "Nobody",
      "Hill --colour",
      "Hill --base-port",
      "Hill --base-port 65400",
      "Hill --max-clients many",
      "Hill --max-line-bytes 5",
      "Hill --link-timeout-ms 1",
      "Hill --idle-seconds 0.5",
      "Hill --on-log-failure panic",
      "Hill --config missing.json",
      "Hill --config broken.json",
      "Hill --config odd.json",
      "Hill --config empty.json",
      "Hill --config outside.json",
      "Hill --config taken.json",
      "Hill --secret-file missing.secret",
      "Hill --secret-file short.secret",
      "Hill --places bing",
      "Hill --places google",
      "Hill --places-url ftp://127.0.0.1/",
      "Hill --tls-cert missing.pem",
      "Hill --tls-cert missing.pem --tls-key missing.pem",
      "Hill --admin-host 0.0.0.0",
      "Hill --admin --admin-host 0.0.0.0",
      "Hill --host 0.0.0.0",
      "Hill --revoked-file revoked.txt",
      "Hill --identities identities.txt",
      "Hill --token-key-file short.secret",
      "Hill --trusted-proxies proxy.example",
    ].map((words) => ["server.ts", ...words.split(" ").filter(Boolean)]);
    const text = await describe(folder, [
      ...serverArguments,
      ["main.ts", "--version"],
      ["main.ts", "nonsense"],
      ["main.ts", "up", "Hill"],
      ["main.ts", "send"],
      ["main.ts", "send", "Nobody", "IAMAT"],
      ["main.ts", "client"],
      ["main.ts", "phones", "--count", "0"],
      ["main.ts", "status", "Nobody"],
      ["main.ts", "places", "+1+1"],
      ["main.ts", "stats", "missing"],
      ["main.ts", "trace"],
      ["main.ts", "token"],
      ["main.ts", "token", "create"],
      ["main.ts", "token", "inspect", "--token-key-file", "short.secret"],
    ]);
    compareWithRecord(
      "programs/exits.txt",
      text.replace(`port ${port} of`, "port PORT of")
        .replace(`herd ${manifest.version}`, "herd VERSION"),
    );
  }));
