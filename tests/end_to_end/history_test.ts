import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { ask, Program, projectFolder, TestHerd, until } from "./process.ts";

/** A herd that records what its clients report. */
class RecordedHerd extends TestHerd {
  readonly dataFolder = `${this.logFolder}/data`;

  /** Starts a server that may use no other folders. */
  recorded(name: string): Promise<Program> {
    return this.start(
      name,
      [`--data-dir=${this.dataFolder}`, "--history=7", "--admin"],
      {},
      this.permissions,
    );
  }

  get permissions(): string[] {
    return [
      "--no-prompt",
      "--frozen",
      "--allow-net=127.0.0.1",
      `--allow-write=${this.logFolder}`,
      `--allow-read=${this.dataFolder}`,
    ];
  }

  /** The state of a server's history. */
  async state(name: string): Promise<Record<string, number>> {
    const port = this.portOf(name) + 200;
    const response = await fetch(`http://127.0.0.1:${port}/status.json`);
    const { servers } = await response.json();
    return servers[0].history;
  }

  /** The records of a server's files, in no order. */
  records(name: string): string[] {
    const folder = `${this.dataFolder}/${name}/history`;
    return [...Deno.readDirSync(folder)]
      .filter(({ name }) => name.endsWith(".sqlite"))
      .flatMap(({ name }) => {
        using database = new DatabaseSync(`${folder}/${name}`);
        return database.prepare("SELECT lines FROM blocks").all();
      })
      .flatMap(({ lines }) =>
        new TextDecoder().decode(lines as Uint8Array).split("\n")
      )
      // `untilLinked` reports these.
      .filter((record) => !record.includes(" probe-"));
  }
}

/** Reports positions of clients at the present time, and returns the AT lines. */
async function report(port: number, clients: readonly string[]) {
  const time = (Date.now() / 1000).toFixed(3);
  const commands = clients.map((client) => `IAMAT ${client} +1+2 ${time}\n`);
  const answer = await ask(port, commands.join(""));
  return answer.trimEnd().split("\n");
}

const clients = Array.from({ length: 500 }, (_, index) => `client${index}`);

Deno.test("a stop writes every report into the history of its server", async () => {
  await using herd = new RecordedHerd();
  const hill = await herd.recorded("Hill");
  const jaquez = await herd.recorded("Jaquez");
  await herd.untilLinked(["Hill", "Jaquez"]);
  const lines = await report(herd.portOf("Hill"), clients);
  lines.push(...await report(herd.portOf("Hill"), ["kiwi", "kiwi", "kiwi"]));
  // Reports of a neighbour's clients are not recorded.
  const others = await report(herd.portOf("Jaquez"), ["pear"]);
  hill.signal("SIGTERM");
  jaquez.signal("SIGTERM");
  assertEquals([await hill.ended(), await jaquez.ended()], [0, 0]);
  assertEquals(herd.records("Hill").sort(), lines.sort());
  assertEquals(herd.records("Jaquez"), others);
});

Deno.test("after a kill the history has what was written, and goes on", async () => {
  await using herd = new RecordedHerd();
  const first = await herd.recorded("Hill");
  const lines = await report(herd.portOf("Hill"), clients);
  await until(async () =>
    (await herd.state("Hill")).recordedRecords === lines.length
  );
  first.signal("SIGKILL");
  await first.ended();
  await herd.recorded("Hill");
  lines.push(...await report(herd.portOf("Hill"), ["kiwi"]));
  await until(async () => (await herd.state("Hill")).records === lines.length);
  assertEquals((await herd.state("Hill")).lostRecords, 0);
  assertEquals(herd.records("Hill").sort(), lines.sort());
});

Deno.test("FORGET deletes from the history of every server, and says how many records", async () => {
  await using herd = new RecordedHerd();
  await herd.recorded("Hill");
  await herd.recorded("Jaquez");
  await herd.untilLinked(["Hill", "Jaquez"]);
  for (const name of ["Hill", "Jaquez"]) {
    await report(herd.portOf(name), ["kiwi", "pear"]);
  }
  const response = await fetch(
    `http://127.0.0.1:${herd.portOf("Hill") + 200}/forget?id=kiwi`,
    { method: "POST", headers: { "herd-request": "forget" } },
  );
  assertEquals((await response.json()).historyRecords, 1);
  const isForgotten = (name: string) =>
    herd.records(name).every((record) => record.includes(" pear "));
  assert(isForgotten("Hill"));
  await until(() => isForgotten("Jaquez"));
  await until(() =>
    herd.log("Jaquez").includes('history-deleted client="kiwi" records=1')
  );
});

Deno.test("a history without a folder, or in one that cannot be written, is refused in one line", async () => {
  await using herd = new RecordedHerd();
  const start = (flags: readonly string[]) =>
    Program.start([
      "run",
      ...herd.permissions,
      "server.ts",
      "Hill",
      `--base-port=${herd.basePort}`,
      `--log-dir=${herd.logFolder}`,
      ...flags,
    ]);
  await using without = start(["--history=7"]);
  assertEquals(await without.ended(), 1);
  assertEquals(
    without.stderr,
    "server.ts: --history 7 needs --data-dir FOLDER: each server keeps its " +
      "history in FOLDER/NAME/history\n",
  );
  Deno.mkdirSync(`${herd.dataFolder}/Hill`, { recursive: true });
  Deno.writeTextFileSync(`${herd.dataFolder}/Hill/history`, "");
  await using file = start([`--data-dir=${herd.dataFolder}`, "--history=7"]);
  assertEquals(await file.ended(), 1);
  const [line, ...rest] = file.stderr.split("\n");
  assertStringIncludes(
    line,
    `cannot use the history in ${herd.dataFolder}/Hill/history`,
  );
  assertEquals(rest, [""]);
});

Deno.test("a bundle records, with no permission to read code", async () => {
  await using herd = new RecordedHerd();
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      `--output=${herd.logFolder}/server.js`,
      "server.ts",
    ],
    cwd: projectFolder,
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  await using hill = Program.start([
    "run",
    "--no-prompt",
    "--no-remote",
    "--allow-net=127.0.0.1",
    `--allow-write=${herd.logFolder}`,
    `--allow-read=${herd.dataFolder}`,
    `${herd.logFolder}/server.js`,
    "Hill",
    `--base-port=${herd.basePort}`,
    `--log-dir=${herd.logFolder}`,
    `--data-dir=${herd.dataFolder}`,
    "--history=7",
  ]);
  await hill.untilPrinted("Hill is ready");
  const lines = await report(herd.portOf("Hill"), ["kiwi"]);
  hill.signal("SIGTERM");
  assertEquals(await hill.ended(), 0);
  assertEquals(herd.records("Hill"), lines);
});
