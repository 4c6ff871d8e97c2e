import { bytesOfText } from "../../protocol/bytes.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "../assert.ts";
import { ask, projectFolder, TestHerd } from "../end_to_end/process.ts";
import { close, deadPort, FakeServer } from "../fakes/herd_server.ts";
import { needs } from "../needs.ts";
import { type Result, run } from "./run.ts";

const withShellAndPython = needs("dash", "nc", "python3");
const withPython = needs("python3");
const withDash = needs("dash");

const position = "+34.068930-118.445127";

/** One of the examples: asks the servers in this order. */
type Track = (
  client: string,
  position: string,
  ...ports: number[]
) => Promise<Result>;

const addresses = (ports: readonly number[]) =>
  ports.map((port) => `127.0.0.1:${port}`);

const typescript: Track = (client, position, ...ports) =>
  run(
    Deno.execPath(),
    "run",
    "--no-prompt",
    `--allow-net=${addresses(ports).join()}`,
    "examples/track.ts",
    client,
    position,
    ...addresses(ports),
  );

const python: Track = (client, position, ...ports) =>
  run("python3", "examples/track.py", client, position, ...addresses(ports));

/** It asks one server. */
const shell: Track = (client, position, port) =>
  run("dash", "examples/track.sh", client, position, "127.0.0.1", `${port}`);

const tracks = { typescript, python, shell };

/** What the examples print where kiwi is. */
const nearKiwi = (client: string, server: string) =>
  `${client} was heard by ${server}\n` +
  "Bel Air\nWestwood\nCentury City\nBrentwood\nSawtelle\n";

withShellAndPython.test("track, in each language, reports a position and prints what is near", async () => {
  await using herd = new TestHerd();
  await herd.start("Campbell");
  const port = herd.portOf("Campbell");
  for (const [language, track] of Object.entries(tracks)) {
    const client = `Zürich-${language}`;
    assertEquals(await track(client, position, port), {
      status: 0,
      stdout: nearKiwi(client, "Campbell"),
      stderr: "",
    });
    const answer = await ask(
      port,
      bytesOfText(`WHATSAT ${client} 0 0\n`),
    );
    const [line] = answer.split("\n");
    assertMatch(line, / \+34\.068930-118\.445127 \d{10}(\.\d+)?$/);
    assertMatch(line, / [+-]\d\.\d{9} /, "the time is now");
    // Where nobody lives there is nothing to print.
    const atSea = await track(client, "+0-150", port);
    const stdout = `${client} was heard by Campbell\n`;
    assertEquals(atSea, { status: 0, stdout, stderr: "" });
  }
});

Deno.test("the README of the examples shows what they print", () => {
  const readme = Deno.readTextFileSync(`${projectFolder}examples/README.md`);
  for (const command of ["deno run --allow-net", "python3", "sh"]) {
    const block = readme.slice(
      readme.indexOf(`    $ ${command} examples/track`),
    );
    const [line, ...output] = block.split("\n\n")[0].split("\n");
    assertStringIncludes(line, ` kiwi ${position}`);
    assertEquals(
      output.map((line) => `${line.trim()}\n`).join(""),
      nearKiwi("kiwi", "Hill"),
    );
  }
});

withShellAndPython.test("track goes to the next server, and tells that there is none", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const port = herd.portOf("Hill");
  for (const track of [typescript, python]) {
    await using rude = new FakeServer(() => close);
    const { status, stdout } = await track(
      "kiwi",
      position,
      deadPort(),
      rude.port,
      port,
    );
    assertEquals([status, stdout], [0, nearKiwi("kiwi", "Hill")]);
    assert(rude.received.length > 0);
  }
  for (const track of Object.values(tracks)) {
    const dead = deadPort();
    const { status, stderr, stdout } = await track("kiwi", position, dead);
    assertEquals([status, stdout], [1, ""]);
    assertMatch(stderr, RegExp(`^track: no .*answer.*${dead}.*\n$`));
  }
});

withShellAndPython.test("track takes no half of an answer for one", async () => {
  const at = (operands: string) => `AT Hill +0.100000000 ${operands}\n`;
  const half = '{\n   "results" : [\n      {\n         "name" : "Bel Air"\n' +
    "      }\n   ]\n}\n";
  await using cut = new FakeServer((line) => {
    const [verb, ...operands] = line.split(" ");
    if (verb === "IAMAT") return at(operands.join(" "));
    return at(`kiwi ${position} 1`) + half;
  });
  // It says no more, and what it has said looks whole but for an empty line.
  await using hangup = new FakeServer((line) =>
    line.startsWith("IAMAT") ? at(line.slice(6)) : close
  );
  for (const track of Object.values(tracks)) {
    const { status, stderr, stdout } = await track(
      "kiwi",
      position,
      hangup.port,
    );
    assertEquals([status, stdout], [1, ""]);
    assertMatch(stderr, /^track: no .*answer.*\n$/);
  }
  // A server that ends its side when the shell has: what came is not whole.
  const { status, stdout } = await shell("kiwi", position, cut.port);
  assertEquals([status, stdout], [1, ""]);
});

withShellAndPython.test("track says what is wrong with its words", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const port = herd.portOf("Hill");
  for (const track of Object.values(tracks)) {
    const noPosition = await track("kiwi", "+34", port);
    assert([1, 2].includes(noPosition.status), noPosition.stderr);
    assertEquals(noPosition.stdout, "");
    assertMatch(noPosition.stderr, /^track: .*\+34\b.*\n$/);
    // Nobody may put in a line of his own.
    const twoLines = await track("kiwi +1+1 1\nIAMAT pear", position, port);
    assertEquals([twoLines.status, twoLines.stdout], [2, ""]);
    assertStringIncludes(await ask(port, "WHATSAT pear 1 1\n"), "? WHATSAT");
  }
  for (
    const command of [
      [Deno.execPath(), "run", "examples/track.ts"],
      ["python3", "examples/track.py"],
      ["dash", "examples/track.sh"],
    ]
  ) {
    const [program, ...args] = command;
    const { status, stderr, stdout } = await run(program, ...args);
    assertEquals([status, stdout], [2, ""]);
    assertEquals(stderr.split("\n").length, 2, stderr);
  }
});

/** Overlapping requests on one connection; prints what is wrong. */
const pipelining = `
import asyncio, sys
sys.path.insert(0, "examples")
import track

async def main(port):
    herd = await track.Herd.connect("127.0.0.1", port)
    await herd.iamat("kiwi", "${position}")
    async def report(index):
        at = await herd.iamat(f"client-{index}", "+1+1")
        return at[2] == f"client-{index}"
    async def question(bound):
        at, places = await herd.whatsat("kiwi", 50, bound)
        return at[2] == "kiwi" and len(places["results"]) == bound
    async def refused(index):
        try:
            await herd.whatsat(f"nobody-{index}", 1, 1)
        except track.Refused as refusal:
            return f"? WHATSAT nobody-{index} 1 1" in str(refusal)
    kinds = [report, question, refused]
    asked = [kinds[index % 3](index % 21) for index in range(300)]
    print(all(await asyncio.gather(*asked)), len(asked))
    herd.close()

asyncio.run(main(int(sys.argv[1])))
`;

withPython.test("track.py gives each request its own reply, however many are under way", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const port = `${herd.portOf("Hill")}`;
  const result = await run("python3", "-c", pipelining, port);
  assertEquals(result, { status: 0, stdout: "True 300\n", stderr: "" });
});

const impatience = `
import asyncio, sys
sys.path.insert(0, "examples")
import track

track.TIMEOUT_SECONDS = 0.2
sys.exit(asyncio.run(track.main(["kiwi", "+0-150", *sys.argv[1:]])))
`;

withPython.test("track.py leaves a server that is silent", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  await using silent = new FakeServer(() => undefined);
  const next = `127.0.0.1:${herd.portOf("Hill")}`;
  assertEquals(
    await run("python3", "-c", impatience, silent.address, next),
    { status: 0, stdout: "kiwi was heard by Hill\n", stderr: "" },
  );
  const { status, stderr } = await run(
    "python3",
    "-c",
    impatience,
    silent.address,
  );
  assertEquals(status, 1);
  assertStringIncludes(stderr, `${silent.address}: no answer within 0.2 s`);
});

const lateness = `
import asyncio, sys
sys.path.insert(0, "examples")
import track

track.TIMEOUT_SECONDS = 0.2

async def main(port):
    herd = await track.Herd.connect("127.0.0.1", port)
    for client in ["early", "late"]:
        try:
            print(await herd.iamat(client, "+1+1"))
        except Exception as error:
            print(type(error).__name__)

asyncio.run(main(int(sys.argv[1])))
`;

withPython.test("track.py takes no reply that is late for the next one", async () => {
  await using late = new FakeServer((line) =>
    line.includes("early")
      ? undefined
      : `AT Hill +0.1 early +1+1 1\nAT Hill +0.1 late +1+1 1\n`
  );
  const result = await run("python3", "-c", lateness, `${late.port}`);
  assertEquals(result.stdout, "TimeoutError\nConnectionError\n");
});

withDash.test("track.sh is a script of any POSIX shell", async () => {
  assertEquals(await run("dash", "-n", "examples/track.sh"), {
    status: 0,
    stdout: "",
    stderr: "",
  });
});
