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

/** One of the examples, which tries the servers in this order. */
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

/** The shell script takes one server. */
const shell: Track = (client, position, port) =>
  run("dash", "examples/track.sh", client, position, "127.0.0.1", `${port}`);

const tracks = { typescript, python, shell };

/** The output of the examples for a client at kiwi's position. */
const nearKiwi = (client: string, server: string) =>
  `${server} received the report of ${client}\n` +
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
    // A position at sea has no places.
    const atSea = await track(client, "+0-150", port);
    const stdout = `Campbell received the report of ${client}\n`;
    assertEquals(atSea, { status: 0, stdout, stderr: "" });
  }
});

Deno.test("examples/README.md has the output of track", () => {
  const readme = Deno.readTextFileSync(`${projectFolder}examples/README.md`);
  for (
    const command of [
      "deno run --frozen --no-remote --allow-net",
      "python3",
      "sh",
    ]
  ) {
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

withShellAndPython.test("track tries the next server, and reports if no server answers", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const port = herd.portOf("Hill");
  for (const track of [typescript, python]) {
    await using closer = new FakeServer(() => close);
    const { status, stdout } = await track(
      "kiwi",
      position,
      deadPort(),
      closer.port,
      port,
    );
    assertEquals([status, stdout], [0, nearKiwi("kiwi", "Hill")]);
    assert(closer.received.length > 0);
  }
  for (const track of Object.values(tracks)) {
    const dead = deadPort();
    const { status, stderr, stdout } = await track("kiwi", position, dead);
    assertEquals([status, stdout], [1, ""]);
    assertMatch(stderr, RegExp(`^track: no .*answer.*${dead}.*\n$`));
  }
});

withShellAndPython.test("track does not accept a partial answer", async () => {
  const at = (operands: string) => `AT Hill +0.100000000 ${operands}\n`;
  const half = '{\n   "results" : [\n      {\n         "name" : "Bel Air"\n' +
    "      }\n   ]\n}\n";
  await using cut = new FakeServer((line) => {
    const [verb, ...operands] = line.split(" ");
    if (verb === "IAMAT") return at(operands.join(" "));
    return at(`kiwi ${position} 1`) + half;
  });
  // This server closes after the reply to IAMAT.
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
  // This server closes after the shell has closed its side. Its answer lacks the
  // empty line at the end.
  const { status, stdout } = await shell("kiwi", position, cut.port);
  assertEquals([status, stdout], [1, ""]);
});

withShellAndPython.test("track reports invalid arguments", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const port = herd.portOf("Hill");
  for (const track of Object.values(tracks)) {
    const noPosition = await track("kiwi", "+34", port);
    assert([1, 2].includes(noPosition.status), noPosition.stderr);
    assertEquals(noPosition.stdout, "");
    assertMatch(noPosition.stderr, /^track: .*\+34\b.*\n$/);
    // An argument must not add a line.
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

/** Sends overlapping requests on one connection, and checks the replies. */
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
    async def query(bound):
        at, places = await herd.whatsat("kiwi", 50, bound)
        return at[2] == "kiwi" and len(places["results"]) == bound
    async def refused(index):
        try:
            await herd.whatsat(f"nobody-{index}", 1, 1)
        except track.Refused as refusal:
            return f"? WHATSAT nobody-{index} 1 1" in str(refusal)
    kinds = [report, query, refused]
    requests = [kinds[index % 3](index % 21) for index in range(300)]
    print(all(await asyncio.gather(*requests)), len(requests))
    herd.close()

asyncio.run(main(int(sys.argv[1])))
`;

withPython.test("track.py gives each of many overlapping requests its own reply", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const port = `${herd.portOf("Hill")}`;
  const result = await run("python3", "-c", pipelining, port);
  assertEquals(result, { status: 0, stdout: "True 300\n", stderr: "" });
});

const shortTimeout = `
import asyncio, sys
sys.path.insert(0, "examples")
import track

track.TIMEOUT_SECONDS = 0.2
sys.exit(asyncio.run(track.main(["kiwi", "+0-150", *sys.argv[1:]])))
`;

withPython.test("track.py tries the next server when one does not answer", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  await using silent = new FakeServer(() => undefined);
  const next = `127.0.0.1:${herd.portOf("Hill")}`;
  assertEquals(
    await run("python3", "-c", shortTimeout, silent.address, next),
    { status: 0, stdout: "Hill received the report of kiwi\n", stderr: "" },
  );
  const { status, stderr } = await run(
    "python3",
    "-c",
    shortTimeout,
    silent.address,
  );
  assertEquals(status, 1);
  assertStringIncludes(stderr, `${silent.address}: no answer within 0.2 s`);
});

const lateReply = `
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

withPython.test("track.py does not read a late reply as the reply to the next request", async () => {
  await using late = new FakeServer((line) =>
    line.includes("early")
      ? undefined
      : `AT Hill +0.1 early +1+1 1\nAT Hill +0.1 late +1+1 1\n`
  );
  const result = await run("python3", "-c", lateReply, `${late.port}`);
  assertEquals(result.stdout, "TimeoutError\nConnectionError\n");
});

withDash.test("track.sh has the syntax of a POSIX shell", async () => {
  assertEquals(await run("dash", "-n", "examples/track.sh"), {
    status: 0,
    stdout: "",
    stderr: "",
  });
});
