/**
 * Errors that name a command: it works when it is pasted, in one step.
 *
 * @module
 */
import manifest from "../../deno.json" with { type: "json" };
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "../assert.ts";
import { DenoOnPath } from "./deno_on_path.ts";
import { ask, freeBasePort, Program, TestHerd } from "./process.ts";

type TaskName = "herd" | "serve" | "send" | "client" | "status" | "phones";

/** Starts a task of deno.json with more arguments, as `deno task` does. */
function startTask(name: TaskName, ...args: string[]): Program {
  const [, ...command] = manifest.tasks[name].command.split(" ");
  return Program.start([...command, ...args]);
}

/** The command in an error, which is one line. */
function commandIn(stderr: string): string {
  assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
  const [, command] = stderr.trimEnd()
    .match(/: ((?:npx -y deno@\S+|deno) run .*)$/) ?? [];
  assert(command !== undefined, stderr);
  return command.replace(/^npx -y deno@\S+/, "deno");
}

/** The base port in a command. */
const basePortIn = (command: string) =>
  Number(command.match(/--base-port[= ](\d+)/)![1]);

Deno.test("the error for a taken port has a command that runs the herd on other ports", async () => {
  await using herd = new TestHerd();
  using deno = new DenoOnPath();
  await herd.start("Smith", ["--admin"]);
  // As the task of the default herd, with the permissions for its ports only.
  const flags = [
    `--base-port=${herd.basePort}`,
    "--log-dir",
    `${herd.logFolder}/the logs`,
  ];
  const start = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-write"];
  await using refused = Program.start([
    ...["run", ...start, "main.ts", "up", ...flags],
  ]);
  assertEquals(await refused.ended(), 1);
  assertMatch(
    refused.stderr,
    /^herd: port \d+ of 127\.0\.0\.1 is in use: is this herd running already\? To run it on other ports: /,
  );
  const command = commandIn(refused.stderr);
  await using up = deno.run(command);
  await up.untilPrinted("Ctrl-C stops the herd.");
  const basePort = basePortIn(command);
  assert(basePort !== herd.basePort);
  assertEquals(await ask(basePort, "x\n"), "? x\n");
  // The logs of the herd that runs already are its own.
  assertStringIncludes(
    up.stdout,
    `logs in ${herd.logFolder}/the logs/${basePort}/`,
  );
});

Deno.test("the error for a taken port of one server has a command too", async () => {
  await using herd = new TestHerd();
  using deno = new DenoOnPath();
  await herd.start("Hill");
  await using refused = Program.start([
    ...["run", "--no-prompt", "--allow-net", "--allow-write", "server.ts"],
    ...["Hill", `--base-port=${herd.basePort}`],
    `--log-dir=${herd.logFolder}/other`,
  ]);
  assertEquals(await refused.ended(), 1);
  assertStringIncludes(
    refused.stderr,
    "is in use: is this server running already? To run it on other ports, " +
      "which its neighbours have to use too: ",
  );
  await using hill = deno.run(commandIn(refused.stderr));
  await hill.untilPrinted("Hill is ready");
});

Deno.test("the error for a taken port that a herd file sets names the herd file", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const config = await Deno.makeTempFile();
  const server = { name: "Hill", clientPort: port };
  await Deno.writeTextFile(config, JSON.stringify({ servers: [server] }));
  await using refused = Program.start([
    ...["run", "--no-prompt", "--allow-net", "--allow-write", "--allow-read"],
    ...["server.ts", "Hill", `--config=${config}`, "--log-dir=/tmp/no-logs"],
  ]);
  assertEquals(await refused.ended(), 1);
  assertEquals(
    refused.stderr,
    `server.ts: port ${port} of 127.0.0.1 is in use: is this server running ` +
      `already? Another port can be chosen in ${config}\n`,
  );
  await Deno.remove(config);
});

Deno.test("the error for a missing permission of a task has a command with it", async () => {
  await using herd = new TestHerd();
  using deno = new DenoOnPath();
  const port = `--base-port=${herd.basePort}`;
  const logs = `--log-dir=${herd.logFolder}`;
  await using refused = startTask("herd", port, logs);
  assertEquals(await refused.ended(), 1);
  assertStringIncludes(refused.stderr, "herd: not permitted: run instead: ");
  await using up = deno.run(commandIn(refused.stderr));
  await up.untilPrinted("Ctrl-C stops the herd.");
  const cases: [TaskName, string[]][] = [
    ["send", ["Hill", "a line"]],
    ["client", ["Hill"]],
    ["status", ["Hill"]],
    ["phones", ["--count=3", "--seconds=1"]],
  ];
  await Promise.all(cases.map(async ([name, args]) => {
    await using denied = startTask(name, ...args, port);
    assertEquals(await denied.ended(), 1, name);
    await using program = deno.run(commandIn(denied.stderr));
    assertEquals(await program.ended(), 0, program.stderr);
  }));
});

Deno.test("the error for files that a task may not read has one command for all of them", async () => {
  using deno = new DenoOnPath();
  const folder = await Deno.makeTempDir();
  const config = `${folder}/herd.json`;
  const secret = `${folder}/my secret`;
  const herd = {
    basePort: freeBasePort(1),
    servers: [{ name: "Hill" }],
  };
  await Deno.writeTextFile(config, JSON.stringify(herd));
  await Deno.writeTextFile(secret, "a-secret-of-tests-only\n");
  const files = [`--config=${config}`, `--secret-file=${secret}`];
  const logs = `--log-dir=${folder}/logs`;
  await using refused = startTask("serve", "Hill", ...files, logs);
  assertEquals(await refused.ended(), 1);
  assertStringIncludes(
    refused.stderr,
    `server.ts: reading ${config}, ${secret} needs permission: run instead: `,
  );
  await using hill = deno.run(commandIn(refused.stderr));
  await hill.untilPrinted("Hill is ready");
  // What was permitted already stays permitted.
  const args = ["send", "Hill", "x", `--config=${config}`];
  await using denied = Program.start([
    ...["run", "--no-prompt", `--allow-read=${config}`, "main.ts", ...args],
  ]);
  assertEquals(await denied.ended(), 1);
  await using sent = deno.run(commandIn(denied.stderr));
  assertEquals(await sent.ended(), 0, sent.stderr);
  assertEquals(sent.stdout, "? x\n");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a note about Google's key is printed only if nothing but the key is missing", async () => {
  await using herd = new TestHerd();
  const port = `--base-port=${herd.basePort}`;
  const logs = `--log-dir=${herd.logFolder}`;
  const noteOn = async (...permissions: string[]) => {
    await using hill = Program.start([
      ...["run", "--no-prompt", ...permissions, "--allow-write"],
      ...["server.ts", "Hill", port, logs],
    ]);
    await hill.untilPrinted("Hill is ready");
    hill.signal("SIGTERM");
    assertEquals(await hill.ended(), 0);
    return hill.stderr;
  };
  assertEquals(
    await noteOn("--allow-net"),
    "places come from the embedded gazetteer; to use Google, set " +
      "GOOGLE_PLACES_KEY and add --allow-env=GOOGLE_PLACES_KEY\n",
  );
  // The flag would not help, and a task takes none.
  assertEquals(await noteOn("--allow-net=127.0.0.1"), "");
  assertEquals(await noteOn("--allow-net", "--allow-env"), "");
});
