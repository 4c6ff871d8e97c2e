import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { ask, Program, TestHerd, until } from "./process.ts";

/** A herd with a data folder. */
class DurableHerd extends TestHerd {
  readonly dataFolder = `${this.logFolder}/data`;

  /** Starts a server that may use no other folders. */
  durable(name: string): Promise<Program> {
    return this.start(name, [`--data-dir=${this.dataFolder}`], {}, [
      "--no-prompt",
      "--frozen",
      "--allow-net=127.0.0.1",
      `--allow-write=${this.logFolder}`,
      `--allow-read=${this.dataFolder}`,
    ]);
  }

  /** Waits until a server's data folder contains a text. */
  async untilKept(name: string, text: string): Promise<void> {
    const folder = `${this.dataFolder}/${name}`;
    await until(() =>
      [...Deno.readDirSync(folder)].some((file) =>
        Deno.readTextFileSync(`${folder}/${file.name}`).includes(text)
      )
    );
  }
}

/** Reports a position, and returns the AT line. */
async function report(port: number, client: string): Promise<string> {
  const time = (Date.now() / 1000).toFixed(3);
  return await ask(port, `IAMAT ${client} +34.07-118.45 ${time}\n`);
}

/** The AT line about a client; `?` and the query if it is unknown. */
async function newest(port: number, client: string): Promise<string> {
  const answer = await ask(port, `WHATSAT ${client} 1 0\n`);
  return answer.slice(0, answer.indexOf("\n") + 1);
}

Deno.test("positions survive a kill of all servers, and deletions do", async () => {
  await using herd = new DurableHerd();
  const servers = [await herd.durable("Hill"), await herd.durable("Jaquez")];
  await herd.untilLinked(["Hill", "Jaquez"]);
  const kiwi = await report(herd.portOf("Hill"), "kiwi");
  const pear = await report(herd.portOf("Jaquez"), "pear");
  for (const name of ["Hill", "Jaquez"]) {
    await herd.untilKept(name, kiwi);
    await herd.untilKept(name, pear);
  }
  for (const server of servers) server.signal("SIGKILL");
  for (const server of servers) await server.ended();
  await herd.durable("Jaquez");
  assertEquals(await newest(herd.portOf("Jaquez"), "kiwi"), kiwi);
  assertEquals(await newest(herd.portOf("Jaquez"), "pear"), pear);
  assertStringIncludes(herd.log("Jaquez"), " data-read folder=");
});

Deno.test("a stop of all servers loses nothing", async () => {
  await using herd = new DurableHerd();
  const first = await herd.durable("Hill");
  const lines = new Map<string, string>();
  for (let client = 0; client < 100; client++) {
    const name = `client${client}`;
    lines.set(name, await report(herd.portOf("Hill"), name));
  }
  first.signal("SIGTERM");
  assertEquals(await first.ended(), 0);
  await herd.durable("Hill");
  for (const [client, line] of lines) {
    assertEquals(await newest(herd.portOf("Hill"), client), line);
  }
});

Deno.test("a data folder that is in use, or of another server, is refused in one line", async () => {
  await using herd = new DurableHerd();
  const hill = await herd.durable("Hill");
  const start = (name: string) =>
    Program.start([
      "run",
      "--allow-net",
      "--allow-read",
      "--allow-write",
      "server.ts",
      name,
      `--base-port=${herd.basePort + 20}`,
      `--log-dir=${herd.logFolder}/other`,
      `--data-dir=${herd.dataFolder}`,
    ]);
  await using second = start("Hill");
  assertEquals(await second.ended(), 1);
  assertEquals(
    second.stderr,
    `server.ts: ${herd.dataFolder}/Hill is in use by another process: is this ` +
      "server running already?\n",
  );
  hill.signal("SIGTERM");
  await hill.ended();
  Deno.renameSync(`${herd.dataFolder}/Hill`, `${herd.dataFolder}/Smith`);
  await using other = start("Smith");
  assertEquals(await other.ended(), 1);
  assertEquals(
    other.stderr,
    `server.ts: ${herd.dataFolder}/Smith has the data of the server Hill, not ` +
      "of Smith: give Smith another --data-dir\n",
  );
});

Deno.test("a data folder that cannot be written is refused in one line", async () => {
  await using herd = new DurableHerd();
  Deno.mkdirSync(herd.dataFolder);
  Deno.writeTextFileSync(`${herd.dataFolder}/Hill`, "");
  await using server = Program.start([
    "run",
    "--allow-net",
    "--allow-read",
    "--allow-write",
    "server.ts",
    "Hill",
    `--base-port=${herd.basePort}`,
    `--log-dir=${herd.logFolder}`,
    `--data-dir=${herd.dataFolder}`,
  ]);
  assertEquals(await server.ended(), 1);
  const [line, ...rest] = server.stderr.split("\n");
  assertStringIncludes(line, `cannot use the data folder ${herd.dataFolder}/`);
  assertEquals(rest, [""]);
});

Deno.test("the permissions for a data folder are printed", async () => {
  await using program = Program.start([
    "run",
    "--no-prompt",
    "server.ts",
    "Hill",
    "--data-dir=data",
    "--print-permissions",
  ]);
  assertEquals(await program.ended(), 0);
  assertStringIncludes(program.stdout, " --allow-write=logs,data ");
  assertStringIncludes(program.stdout, " --allow-read=data ");
  assert(program.stdout.includes(" Hill --data-dir=data"));
});
