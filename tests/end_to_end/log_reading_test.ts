import { type LogRecord, parseRecord } from "../../log/parse.ts";
import { bytesOfText } from "../../protocol/bytes.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import {
  ask,
  names,
  Program,
  projectFolder,
  TestHerd,
  until,
} from "./process.ts";

/** Runs a command with the permissions of its task. */
async function run(task: "trace" | "stats", ...words: string[]) {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(`${projectFolder}deno.json`),
  );
  const [, ...args] = tasks[task].command.split(" ");
  await using program = Program.start([...args, ...words]);
  const status = await program.ended();
  return { status, stdout: program.stdout, stderr: program.stderr };
}

const trace = (...words: string[]) => run("trace", ...words);

interface Data {
  readonly server: string;
  readonly remote: string;
  readonly hops: {
    from: string;
    to: string;
    sentUs: number;
    receivedUs: number;
    outcome: string;
    way: string;
  }[];
  readonly told: { from: string; to: string }[];
  readonly servers: { server: string; state: string }[];
}

Deno.test("a trace of a real herd shows every line that crossed a link", async () => {
  await using herd = new TestHerd();
  const programs = await herd.startAll();
  const report = async (name: string, id: string, time: string) => {
    await ask(herd.portOf(name), `IAMAT ${id} +34.068930-118.445127 ${time}\n`);
  };
  const isKnown = (id: string, time: string, servers = names) =>
    until(async () => {
      const answers = await Promise.all(
        servers.map((name) => ask(herd.portOf(name), `WHATSAT ${id} 1 0\n`)),
      );
      return answers.every((answer) => answer.split("\n")[0].endsWith(time));
    });
  await report("Hill", "kiwi", "1520023934.918963997");
  await report("Hill", "kiwi2", "1520023934.918963997");
  await isKnown("kiwi", "1520023934.918963997");
  await report("Campbell", "kiwi", "1520023935.5");
  await isKnown("kiwi", "1520023935.5");
  // Smith has logged the report, and is restarted without it.
  await herd.untilLogged("Smith", "1520023935.5");
  const smith = programs.get("Smith")!;
  smith.signal("SIGKILL");
  await smith.ended();
  await report("Jaquez", "kiwi", "1520023936");
  await isKnown("kiwi", "1520023936", names.filter((name) => name !== "Smith"));
  programs.set("Smith", await herd.start("Smith"));
  await isKnown("kiwi", "1520023936");
  for (const program of programs.values()) {
    program.signal("SIGTERM");
    assertEquals(await program.ended(), 0);
  }

  const { status, stderr, stdout } = await trace(
    "kiwi",
    herd.logFolder,
    "--all",
    "--json",
  );
  assertEquals([status, stderr], [0, noteOnSmith(herd)]);
  const paths: Data[] = JSON.parse(stdout);
  assertEquals(paths.map(({ server }) => server), [
    "Hill",
    "Campbell",
    "Jaquez",
  ]);
  for (const { hops, remote, server, servers } of paths) {
    assert(/^127\.0\.0\.1:\d+$/.test(remote));
    assertEquals(servers.map(({ server }) => server).sort(), names.toSorted());
    for (const { server: name, state } of servers) {
      assertEquals(state, name === server ? "heard" : "got");
    }
    // The trace has as many hops as the logs have lines, each with both ends.
    const line = linesOf(herd).find((line) =>
      line.includes(` AT ${server} `) &&
      line.includes(" kiwi ")
    )!;
    const text = line.slice(line.indexOf("AT "));
    const count = (mark: string) =>
      linesOf(herd).filter((line) =>
        / peer\//.test(line) && line.endsWith(` ${mark} ${text}`)
      ).length;
    assertEquals(hops.filter((hop) => hop.sentUs !== null).length, count("->"));
    assertEquals(
      hops.filter((hop) => hop.receivedUs !== null).length,
      count("<-"),
    );
    assertEquals(
      hops.filter(({ outcome }) => outcome === "news").length,
      names.length - 1,
    );
  }
  const came = paths[2].hops.find(({ outcome, to }) =>
    to === "Smith" && outcome === "news"
  )!;
  assertEquals(came.way, "catch-up");

  const shown = await trace("kiwi", herd.logFolder);
  assertEquals(shown.status, 0);
  assertStringIncludes(shown.stdout, "1520023936\nreceived by Jaquez at ");
  assertStringIncludes(shown.stdout, "\nreached 5 of 5 servers in ");
  assert(!shown.stdout.includes("\x1b"));

  const unknown = await trace("kiw", herd.logFolder);
  assertEquals([unknown.status, unknown.stdout], [1, ""]);
  assertStringIncludes(unknown.stderr, "herd: no report of kiw in the logs; ");
  assertStringIncludes(unknown.stderr, "among them kiwi");

  // The statistics equal counts over all lines.
  const sums = await run("stats", herd.logFolder, "--json");
  assertEquals([sums.status, sums.stderr], [0, noteOnSmith(herd)]);
  const { servers, links } = JSON.parse(sums.stdout);
  assertEquals(links.length, 6);
  for (const { server, ...found } of servers) {
    const records = herd.log(server).split("\n").map(bytesOfText)
      .map(parseRecord).filter((record) => record !== undefined);
    const count = (is: (record: LogRecord) => boolean) =>
      records.filter(is).length;
    const traffic = (kind: string, connection: string, verb: string) =>
      count((record) =>
        record.kind === kind && record.kind !== "event" &&
        record.connection.startsWith(connection) &&
        record.bytes.startsWith(verb)
      );
    assertEquals(found.records, records.length);
    assertEquals(
      [found.fromClients.IAMAT, found.fromPeers.AT, found.toPeers.AT],
      [
        traffic("received", "client", "IAMAT "),
        traffic("received", "peer", "AT "),
        traffic("sent", "peer", "AT "),
      ],
    );
    for (const { other, SYNC } of [found.fromPeers, found.toPeers]) {
      assertEquals(other, undefined);
      assert(SYNC > 0);
    }
    assertEquals(found.waits.IAMAT.count, found.toClients.AT);
    assertEquals(found.waits.WHATSAT.count, found.toClients.places);
    assertEquals(
      found.events["link-up"],
      count((record) => record.kind === "event" && record.event === "link-up"),
    );
    assert(found.propagation.count > 0);
  }
});

function linesOf(herd: TestHerd): string[] {
  return names.flatMap((name) => herd.log(name).split("\n"));
}

/** The note about the partial line that the kill of Smith may have left. */
function noteOnSmith(herd: TestHerd): string {
  const isCut = !herd.log("Smith").includes("\n\n");
  return isCut ? "the log of Smith: 1 cut-off line left out\n" : "";
}

Deno.test("herd trace prints each error in one line", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/Hill.log`, "nonsense\n");
  const cases: [string[], number, string][] = [
    [[], 2, "expected a client's ID"],
    [["kiwi", "--last=0"], 2, "--last: expected a whole number from 1 to"],
    [["kiwi", "--all", "--last=2"], 2, "--last and --all exclude each other"],
    [["kiwi", "--time=noon"], 2, "--time: expected POSIX seconds such as"],
    [["kiwi", `${folder}/none`], 1, "none: there is no such file or folder"],
    [[""], 2, "expected a client's ID"],
    [["kiwi", folder], 1, "Hill.log, but 1 damaged line"],
  ];
  for (const [words, expected, message] of cases) {
    const { status, stderr, stdout } = await trace(...words);
    assertEquals([status, stdout], [expected, ""], words.join(" "));
    assertStringIncludes(stderr, `herd: `);
    assertStringIncludes(stderr, message);
    assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a file that is no log is refused in one line without waiting", async () => {
  const folder = await Deno.makeTempDir();
  const { success } = await new Deno.Command("mkfifo", {
    args: [`${folder}/pipe.log`],
  }).output();
  assert(success);
  const packed = new Response("x").body!
    .pipeThrough(new CompressionStream("gzip"));
  await Deno.writeFile(`${folder}/Hill.log.gz`, packed);
  await Deno.symlink("loop", `${folder}/loop`);
  await Deno.writeTextFile(`${folder}/empty.log`, "");
  const cases: [string, string][] = [
    [`${folder}/pipe.log`, "expected a file, found a pipe"],
    [`${folder}/Hill.log.gz`, "expected a log, found a gzip file"],
    [`${folder}/loop`, "Too many levels of symbolic links"],
    [`${folder}/empty.log`, "empty.log"],
    ["/dev/zero", "expected a file, found a device"],
    // The only log of a folder.
    [folder, "pipe.log: expected a file, found a pipe"],
  ];
  for (const [path, message] of cases) {
    if (path === folder) await Deno.remove(`${folder}/empty.log`);
    await using program = Program.start([
      ...["run", "--no-prompt", "--allow-all", "main.ts", "stats", path],
    ]);
    assertEquals([await program.ended(), program.stdout], [1, ""], path);
    assertStringIncludes(program.stderr, "herd: ");
    assertStringIncludes(program.stderr, message);
    assertEquals(program.stderr.trimEnd().split("\n").length, 1);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("herd stats writes an SVG file, and prints each error in one line", async () => {
  const folder = await Deno.makeTempDir();
  const started =
    '2026-11-22T17:00:00.000001Z server -- info started name="Hill"';
  await Deno.writeTextFile(`${folder}/Hill.log`, `${started}\n`);
  const cases: [string[], number, string][] = [
    [[folder, "--svg"], 2, "--svg needs a value: FILE"],
    [[folder, `--svg=${folder}/a.svg`], 1, `--allow-write=${folder}/a.svg`],
    [[folder, "--svg=logs/no/such/a.svg"], 1, "logs/no/such/a.svg: "],
    [[`${folder}/none`], 1, "none: there is no such file or folder"],
  ];
  for (const [words, expected, message] of cases) {
    const { status, stderr, stdout } = await run("stats", ...words);
    assertEquals([status, stdout], [expected, ""], words.join(" "));
    assertStringIncludes(stderr, message);
    assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
  }
  await using program = Program.start([
    ...["run", "--allow-read", `--allow-write=${folder}`, "main.ts", "stats"],
    ...[folder, "--svg", `${folder}/a.svg`],
  ]);
  assertEquals(await program.ended(), 0, program.stderr);
  assertStringIncludes(
    program.stdout,
    "1 log, from 2026-11-22T17:00:00.000001Z",
  );
  const svg = await Deno.readTextFile(`${folder}/a.svg`);
  assert(svg.startsWith("<svg xmlns="));
  await Deno.remove(folder, { recursive: true });
});
