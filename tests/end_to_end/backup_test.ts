import { assertEquals, assertStringIncludes } from "../assert.ts";
import { ask, Program, TestHerd, until } from "./process.ts";

/** A server with a data folder, and commands that may use it. */
class BackedUpHerd extends TestHerd {
  readonly dataFolder = `${this.logFolder}/data`;

  startHill(): Promise<Program> {
    return this.start(
      "Hill",
      ["--admin", `--data-dir=${this.dataFolder}`, "--history=7"],
      {},
      [
        "--no-prompt",
        "--frozen",
        "--allow-net=127.0.0.1",
        `--allow-write=${this.logFolder}`,
        `--allow-read=${this.dataFolder}`,
      ],
    );
  }

  /** Runs a command to its end, with permissions for one folder. */
  async run(command: string, ...args: readonly string[]) {
    await using program = Program.start([
      "run",
      "--no-prompt",
      "--frozen",
      "--allow-net=127.0.0.1",
      `--allow-read=${this.logFolder}`,
      `--allow-write=${this.logFolder}`,
      "main.ts",
      command,
      ...args,
    ]);
    const code = await program.ended();
    return { code, stdout: program.stdout, stderr: program.stderr };
  }
}

Deno.test("a backup of a running server brings back positions and history", async () => {
  await using herd = new BackedUpHerd();
  const { dataFolder, logFolder } = herd;
  const hill = await herd.startHill();
  const now = Math.floor(Date.now() / 1000);
  const report = (position: string, time: number) =>
    ask(herd.portOf("Hill"), `IAMAT kiwi ${position} ${time}\n`);
  const first = await report("+34.07-118.45", now - 60);
  const second = await report("+34.08-118.46", now);
  const folders = [`${logFolder}/backup`, `--data-dir=${dataFolder}`];
  const where = () =>
    herd.run(
      "where",
      "kiwi",
      `--base-port=${herd.basePort}`,
      "--from=yesterday",
      "--format=at",
    );
  // An answer comes when what was recorded before it is written.
  assertEquals((await where()).stdout, first + second);
  await until(() =>
    [...Deno.readDirSync(`${dataFolder}/Hill`)].some(({ isFile, name }) =>
      isFile &&
      Deno.readTextFileSync(`${dataFolder}/Hill/${name}`).includes(second)
    )
  );
  const backup = await herd.run("backup", ...folders);
  assertEquals([backup.code, backup.stderr], [0, ""]);
  assertStringIncludes(backup.stdout, ` are copied to ${logFolder}/backup\n`);
  const third = await report("+34.09-118.47", now + 1);
  assertStringIncludes(third, "+34.09");
  hill.signal("SIGKILL");
  await hill.ended();
  const early = await herd.run("restore", ...folders);
  assertEquals(early.code, 1);
  assertStringIncludes(early.stderr, `${dataFolder}/Hill has a file already`);
  Deno.removeSync(dataFolder, { recursive: true });
  const restored = await herd.run("restore", ...folders);
  assertEquals([restored.code, restored.stderr], [0, ""]);
  await herd.startHill();
  const newest = await ask(herd.portOf("Hill"), "WHATSAT kiwi 1 0\n");
  assertEquals(newest.slice(0, second.length), second);
  assertEquals((await where()).stdout, first + second);
});
