import { readHistory } from "../../mod.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { ask, Program, TestHerd } from "./process.ts";

/** Hill and Jaquez, with histories, and a herd file with these two. */
class RecordingHerd extends TestHerd {
  readonly configPath = `${this.logFolder}/two.json`;
  readonly #dataFolder = `${this.logFolder}/data`;

  async startRecording(name: string): Promise<Program> {
    Deno.writeTextFileSync(
      this.configPath,
      JSON.stringify({
        servers: ["Hill", "Jaquez"].map((name) => ({ name })),
        links: [["Hill", "Jaquez"]],
      }),
    );
    return await this.start(
      name,
      ["--admin", "--http", `--data-dir=${this.#dataFolder}`, "--history=7"],
      {},
      [
        "--no-prompt",
        "--frozen",
        "--allow-net=127.0.0.1",
        `--allow-write=${this.logFolder}`,
        `--allow-read=${this.#dataFolder}`,
      ],
    );
  }

  /** Runs `herd where` to its end, about both servers or the default herd. */
  where(
    args: readonly string[],
    options: { env?: Record<string, string>; isWhole?: boolean } = {},
  ) {
    return this.run("where", args, options);
  }

  /** The same for any command. */
  async run(
    command: string,
    args: readonly string[],
    { env = {}, isWhole = false }: {
      env?: Record<string, string>;
      isWhole?: boolean;
    } = {},
  ) {
    const herd = isWhole ? [] : [`--config=${this.configPath}`];
    await using program = Program.start([
      "run",
      "--no-prompt",
      "--frozen",
      "--allow-net=127.0.0.1",
      `--allow-read=${this.logFolder}`,
      `--allow-write=${this.logFolder}`,
      "main.ts",
      command,
      `--base-port=${this.basePort}`,
      ...herd,
      ...args,
    ], { env });
    const code = await program.ended();
    return { code, stdout: program.stdout, stderr: program.stderr };
  }
}

Deno.test("where queries all servers, and shows a repeated report once", async () => {
  await using herd = new RecordingHerd();
  await herd.startRecording("Hill");
  await herd.startRecording("Jaquez");
  // An hour ago, in seconds, at the start of a minute.
  const start = Math.floor(Date.now() / 60_000) * 60 - 3_600;
  const send = (name: string, position: string, time: number) =>
    ask(herd.portOf(name), `IAMAT kiwi ${position} ${time}.25\n`);
  const first = await send("Hill", "+34.07-118.45", start);
  const second = await send("Jaquez", "+34.08-118.46", start + 10);
  const third = await send("Hill", "+34.09-118.47", start + 20);
  const repeated = await send("Jaquez", "+34.07-118.45", start);
  assertEquals(repeated.slice(0, 10), "AT Jaquez ");
  const all = await herd.where(["kiwi", "--from=1970-01-02", "--format=at"]);
  assertEquals(all, { code: 0, stdout: first + second + third, stderr: "" });
  const at = (time: number) =>
    herd.where(["kiwi", `--at=${time}`, "--format=at"]);
  assertEquals((await at(start + 15)).stdout, second);
  assertEquals((await herd.where(["kiwi", "--format=at"])).stdout, third);
  // In a zone without summer time, nine hours ahead of UTC.
  const local = new Date((start + 10 + 9 * 3_600) * 1000).toISOString()
    .slice(0, 19).replace("T", " ");
  const table = await herd.where(["kiwi", `--at=${local}.9`], {
    env: { TZ: "Asia/Tokyo" },
  });
  assertEquals(
    table.stdout,
    "time (local)             latitude      longitude      server\n" +
      `${local}.250  +34.08        -118.46        Jaquez\n`,
  );
  const utc = await herd.where(["kiwi", `--at=${start + 15}`, "--utc"]);
  assertStringIncludes(
    utc.stdout,
    new Date((start + 10) * 1000).toISOString().slice(11, 19),
  );
  const svg = `${herd.logFolder}/kiwi.svg`;
  await herd.where(["kiwi", "--from=2 hours ago", "--to=now", `--svg=${svg}`]);
  assertStringIncludes(Deno.readTextFileSync(svg), "3 positions");
  // The gateway has what its own server has recorded.
  const path = `/history/kiwi?from=${start}`;
  const gateway = await fetch(
    `http://127.0.0.1:${herd.httpPortOf("Jaquez")}${path}`,
  );
  const { records } = await gateway.json();
  assertEquals(records.map((record: { at: string }) => record.at), [
    ...[repeated, second].map((line) => line.trim()),
  ]);
  const found = await Array.fromAsync(readHistory({
    servers: ["Hill", "Jaquez"].map((name) =>
      `http://127.0.0.1:${herd.adminPortOf(name)}`
    ),
    client: "kiwi",
  }));
  assertEquals(found.map(({ line }) => `${line}\n`), [first, second, third]);
  const unknown = await herd.where(["plum"]);
  assertEquals(unknown, {
    code: 1,
    stdout: "",
    stderr: "herd: there is no recorded position of plum for this time\n",
  });
  const whole = await herd.where(["kiwi", "--format=at"], { isWhole: true });
  assertEquals([whole.code, whole.stdout], [1, third]);
  assertEquals(
    whole.stderr.trim().split("\n"),
    ["Smith", "Campbell", "Singleton"].map((name) =>
      `herd: ${name} (127.0.0.1:${herd.adminPortOf(name)}) ` +
      "has not answered: cannot connect"
    ),
  );
});

Deno.test("where says that servers record nothing", async () => {
  await using herd = new RecordingHerd();
  await herd.up();
  const none = await herd.where(["kiwi"], { isWhole: true });
  assertEquals([none.code, none.stdout], [1, ""]);
  assertEquals(
    none.stderr,
    `herd: Hill (127.0.0.1:${herd.adminPortOf("Hill")}) has not answered: ` +
      "the server records no history; --history DAYS does\n",
  );
});

Deno.test("import adds what is missing, and changes no newest position", async () => {
  await using herd = new RecordingHerd();
  await herd.startRecording("Hill");
  const now = Math.floor(Date.now() / 1000);
  const newest = await ask(
    herd.portOf("Hill"),
    `IAMAT kiwi +34.07-118.45 ${now}\n`,
  );
  const path = `${herd.logFolder}/track.csv`;
  Deno.writeTextFileSync(
    path,
    "time,lat,lon\n" +
      `${now - 60},1,2\n` +
      `${now - 30},1,2.5\n` +
      `${now - 30 * 86_400},1,2\n` +
      "soon,1,2\n" +
      `${now + 3 * 86_400},1,2\n`,
  );
  const args = [path, "--client=kiwi"];
  const first = await herd.run("import", args);
  assertEquals([first.code, first.stdout], [
    1,
    "2 positions imported, 0 were there already, 3 rows not imported\n",
  ]);
  const day = new Date((now - 30 * 86_400) * 1000).toISOString().slice(0, 10);
  const lines = first.stderr.trim().split("\n").sort();
  assertEquals(lines.slice(0, 2), [
    `herd: ${path}:4: ${day} is longer ago than the 7 days that are kept`,
    `herd: ${path}:5: expected a time such as 2026-12-01T14:00:00Z, or POSIX seconds, found soon`,
  ]);
  assertStringIncludes(lines[2], `${path}:6: its time is ahead of the clock`);
  const again = await herd.run("import", [...args, "--skip=1"]);
  assertStringIncludes(again.stdout, "0 positions imported, 1 was there");
  const { stdout } = await herd.where([
    "kiwi",
    "--from=yesterday",
    "--format=at",
  ]);
  assertEquals(
    stdout,
    `AT Hill +0.000000000 kiwi +1+2 ${now - 60}\n` +
      `AT Hill +0.000000000 kiwi +1+2.5 ${now - 30}\n${newest}`,
  );
  const whatsat = await ask(herd.portOf("Hill"), "WHATSAT kiwi 1 0\n");
  assertEquals(whatsat.slice(0, newest.length), newest);
  const down = await herd.run("import", [...args, "--server=Jaquez"]);
  assertEquals(down.code, 1);
  assertStringIncludes(
    down.stderr,
    `herd: Jaquez (127.0.0.1:${herd.adminPortOf("Jaquez")}): cannot connect`,
  );
});
