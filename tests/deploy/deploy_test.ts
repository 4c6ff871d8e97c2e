/**
 * Tests of the image and the unit that need neither Docker nor systemd: the
 * image has the needed files, and the commands are valid.
 *
 * @module
 */
import { parseTopology } from "../../peers/topology.ts";
import { serverFlags } from "../../server/settings/settings.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { DenoOnPath } from "../end_to_end/deno_on_path.ts";
import {
  ask,
  Program,
  projectFolder,
  TestHerd,
} from "../end_to_end/process.ts";
import { run } from "../examples/run.ts";
import { needs } from "../needs.ts";

const withSystemd = needs("systemd-analyze");

const read = (path: string) => Deno.readTextFileSync(projectFolder + path);
const dockerfile = read("deploy/Dockerfile");
const unit = read("deploy/herd@.service");
const herd = JSON.parse(read("deploy/herd.json"));

/** The list of words of an instruction of the Dockerfile. */
function wordsOf(instruction: RegExp): string[] {
  return JSON.parse(dockerfile.match(instruction)![1]);
}

const entrypoint = wordsOf(/^ENTRYPOINT (.*)$/m);

/** The files and folders that are copied into the image. */
const copied = read("deploy/Dockerfile.dockerignore").split("\n")
  .filter((line) => line.startsWith("!"))
  .map((line) => line.slice(1));

const isCopied = (path: string) =>
  copied.some((part) => path === part || path.startsWith(`${part}/`));

/** A temporary folder with a secret. */
class SecretFile implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "deploy-" });
  readonly path = `${this.folder}/secret`;

  constructor() {
    Deno.writeTextFileSync(this.path, "a-secret-of-the-tests\n");
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

/** The output of server.ts with these arguments and --print-permissions. */
async function printedCommand(args: readonly string[]): Promise<string> {
  const { status, stderr, stdout } = await run(
    Deno.execPath(),
    "run",
    "--no-prompt",
    "--allow-read",
    "--allow-env=HERD_SECRET,GOOGLE_PLACES_KEY",
    "server.ts",
    ...args,
    "--print-permissions",
  );
  assertEquals([status, stderr], [0, ""]);
  return stdout;
}

Deno.test("the image and the instructions have CI's version of Deno", () => {
  const [, version] = read(".ci/run").match(/npx -y deno@(\S+)/)!;
  for (const path of ["deploy/Dockerfile", "deploy/README.md"]) {
    const versions = [...read(path).matchAll(/\bdeno@([\d.]+\d)/g)];
    assert(versions.length > 0, path);
    for (const [, found] of versions) assertEquals(found, version, path);
  }
  assertEquals(Deno.version.deno, version);
});

Deno.test("the image has every file that servers import, and no secret", async () => {
  for (const program of ["server.ts", "main.ts", "deploy/healthz.ts"]) {
    const { stdout } = await run(Deno.execPath(), "info", "--json", program);
    const specifiers: string[] = JSON.parse(stdout).modules
      .map(({ specifier }: { specifier: string }) => specifier);
    const paths = specifiers
      .filter((specifier) => specifier.startsWith(`file://${projectFolder}`))
      .map((specifier) => specifier.slice(`file://${projectFolder}`.length));
    assert(paths.includes(program), `${paths}`);
    for (const path of paths) assert(isCopied(path), `${path} is not copied`);
  }
  for (const path of copied) Deno.statSync(projectFolder + path);
  for (const path of ["deno.json", "deno.lock", "import_map.json"]) {
    assert(isCopied(path), path);
  }
  for (const path of ["logs/Hill.log", "deploy/herd.secret", ".git/config"]) {
    assert(!isCopied(path), path);
  }
  // The herd file that the second stage copies is in the first.
  const [, from] = dockerfile.match(/^COPY --from=build \/app\/(\S*json) /m)!;
  assert(isCopied(from), from);
});

Deno.test("a copy of the image's files starts a server", async () => {
  using deno = new DenoOnPath();
  using secret = new SecretFile();
  const app = `${secret.folder}/app`;
  for (const path of copied) {
    const folder = `${app}/${path}`.replace(/\/[^/]*$/, "");
    await Deno.mkdir(folder, { recursive: true });
    const { status } = await run("cp", "-r", projectFolder + path, folder);
    assertEquals(status, 0, path);
  }
  await using herd = new TestHerd();
  const command = [
    `${app}/${entrypoint[0]}`,
    "Hill",
    `--base-port=${herd.basePort}`,
    `--log-dir='${secret.folder}/Hill'\\''s logs'`,
    "--admin",
  ];
  await using hill = deno.run(command.join(" "));
  await hill.untilPrinted("Hill is ready");
  const answer = await ask(herd.basePort, "IAMAT kiwi +1+1 1\n");
  assert(answer.startsWith("AT Hill "), answer);
  const { stdout } = await run("cat", `/proc/${hill.pid}/cmdline`);
  const flags = stdout.split("\0").filter((word) =>
    /^--(allow|no-)/.test(word)
  );
  assertEquals(
    flags.map((flag) => flag.split("=")[0]),
    ["--no-remote", "--allow-net", "--allow-write"],
  );
  // The health check of the image, with the port of this herd.
  const check = wordsOf(/^ {2}CMD (\[.*\])$/m);
  const [port] = herdPorts("adminPort");
  const checkHealth = () =>
    run(
      Deno.execPath(),
      ...check.slice(1).map((word) =>
        word.replaceAll(`:${port}`, `:${herd.basePort + 200}`)
      ),
    );
  assertEquals(await checkHealth(), {
    status: 0,
    stdout: "200 ok\n",
    stderr: "",
  });
  hill.signal("SIGTERM");
  assertEquals(await hill.ended(), 0);
  assertEquals((await checkHealth()).status, 1);
  assertEquals([...Deno.readDirSync(`${secret.folder}/Hill's logs`)].length, 1);
});

/** The ports of one kind in the image's herd file, without duplicates. */
function herdPorts(key: "clientPort" | "peerPort" | "adminPort" | "tlsPort") {
  const { servers } = parseTopology(herd);
  return [...new Set(servers.map((server) => server[key]))];
}

Deno.test("the containers are the servers of the image's herd file", async () => {
  using secret = new SecretFile();
  const exposed = dockerfile.match(/^EXPOSE (.*)$/m)![1].split(" ").map(Number);
  assertEquals(
    [
      ...herdPorts("clientPort"),
      ...herdPorts("peerPort"),
      ...herdPorts("tlsPort"),
    ],
    exposed,
  );
  assertEquals(herdPorts("adminPort").length, 1);
  const services = [
    ...read("deploy/compose.yaml").matchAll(
      /^ {2}(\w+):\n {4}<<: \*server\n {4}command: \[(\w+), --open-clients\]$/gm,
    ),
  ];
  const { servers } = parseTopology(herd);
  assertEquals(
    services.map(([, host, name]) => ({ host, name })),
    servers.map(({ host, name }) => ({ host, name })),
  );
  const lines = await Promise.all(services.map(([, , name]) =>
    printedCommand([
      ...entrypoint.slice(1).map((word) =>
        word.replace("/etc/herd/herd.json", "deploy/herd.json")
          .replace("/run/secrets/herd", secret.path)
      ),
      name,
      "--open-clients",
    ])
  ));
  assertStringIncludes(
    lines[0],
    " --allow-net=hill:8000,hill:8100,127.0.0.1:8200,jaquez:8100,smith:8100 " +
      "--allow-write=/var/log/herd " +
      `--allow-read=deploy/herd.json,${secret.path} server.ts `,
  );
});

/** A setting of the unit, with its specifiers replaced. */
function setting(name: string, folder: string): string {
  const [, value] = unit.match(RegExp(`^${name}=(.*)$`, "m"))!;
  return value.replaceAll("%i", "Hill").replaceAll("%d", folder)
    .replaceAll("%L", "/var/log").replaceAll("/opt/herd/", projectFolder);
}

Deno.test("the unit runs a valid command, with flags that exist", async () => {
  using secret = new SecretFile();
  Deno.renameSync(secret.path, `${secret.folder}/herd.secret`);
  const [program, ...words] = setting("ExecStart", secret.folder).split(" ");
  assertEquals(program, `${projectFolder}deploy/start.sh`);
  // As /etc/herd/Hill.conf says.
  const line = await printedCommand([
    ...words.filter((word) => !word.startsWith("$"))
      .map((word) => word.replace("/etc/herd/herd.json", "deploy/herd.json")),
    "--open-clients",
  ]);
  assertStringIncludes(line, " --allow-write=/var/log/herd/Hill ");
  assertEquals(`herd/Hill`, setting("LogsDirectory", ""));
  const tls = read("deploy/tls.conf");
  const flags = [
    ...(unit + tls).matchAll(/ --([a-z-]+)|"HERD_TLS=--([a-z-]+)/g),
  ]
    .map(([, flag, first]) => flag ?? first);
  for (
    const flag of ["admin", "secret-file", "tls-cert", "tls-key", "tls-ca"]
  ) {
    assert(flags.includes(flag), flag);
  }
  for (const flag of flags) assert(flag in serverFlags, flag);
});

withSystemd.test("systemd-analyze accepts the unit, with an exposure of at most 1.5", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/herd@.service`;
  await Deno.writeTextFile(path, unit.replaceAll("/opt/herd/", projectFolder));
  await Deno.mkdir(`${path}.d`);
  for (const isSecure of [false, true]) {
    const verified = await run(
      "systemd-analyze",
      "verify",
      `${folder}/herd@Hill.service`,
    );
    assertEquals(verified, { status: 0, stdout: "", stderr: "" });
    // The threshold is ten times the exposure.
    const { status, stdout } = await run(
      "systemd-analyze",
      "security",
      "--offline=true",
      "--threshold=15",
      path,
    );
    assertEquals(status, 0, stdout);
    if (isSecure) continue;
    await Deno.copyFile(
      `${projectFolder}deploy/tls.conf`,
      `${path}.d/tls.conf`,
    );
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("start.sh passes on server.ts's error about a wrong command line", async () => {
  using deno = new DenoOnPath();
  await using start = deno.run("deploy/start.sh Nobody");
  assertEquals(await start.ended(), 2);
  assertEquals(start.stdout, "");
  assertStringIncludes(start.stderr, "no server is called Nobody; there are");
  assertEquals(start.stderr.split("\n").length, 2);
  await using plain = Program.start(["run", "server.ts", "Nobody"]);
  await plain.ended();
  assertEquals(start.stderr, plain.stderr);
});
