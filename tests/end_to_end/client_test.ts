/**
 * Tests `herd client` in a pipe and on a terminal, with real servers.
 *
 * @module
 */
import { decodeBytes, encodeBytes } from "../../protocol/bytes.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { needs } from "../needs.ts";
import { ask, freeBasePort, projectFolder, TestHerd } from "./process.ts";
import { Terminal } from "./terminal.ts";
import { Files } from "./tls.ts";

const withScript = needs("script");

function commandFor(basePort: number, ...flags: string[]): string[] {
  return [
    "run",
    "--no-prompt",
    `--allow-net=127.0.0.1:${basePort},127.0.0.1:${basePort + 300}`,
    ...flags.filter((flag) => flag.startsWith("--allow")),
    "main.ts",
    "client",
    "Hill",
    `--base-port=${basePort}`,
    ...flags.filter((flag) => !flag.startsWith("--allow")),
  ];
}

/** Runs a command with this input in a pipe. */
async function pipe(input: string, args: readonly string[]) {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: projectFolder,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  // The command may end before it has read all.
  const writing = writer.write(encodeBytes(input))
    .then(() => writer.close())
    .catch(() => {});
  const { code, stderr, stdout } = await child.output();
  await writing;
  return {
    code,
    stdout: decodeBytes(stdout, 0, stdout.length),
    stderr: new TextDecoder().decode(stderr),
  };
}

/** A client ID with every byte that an ID may contain. */
const allBytesId = Array.from(
  { length: 256 },
  (_, byte) => String.fromCharCode(byte),
).join("").replaceAll(/[\t-\r ]/g, "");

const withoutDifferences = (text: string) =>
  text.replaceAll(/^AT (\S+) \S+/gm, "AT $1");

Deno.test("in a pipe, herd client sends and prints bytes unchanged", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const input = `IAMAT ${allBytesId} +34.068930-118.445127 1520023934.9\n` +
    `WHATSAT ${allBytesId} 10 5\n\nnow\nhelp\nIAMAT k +1+1 now\n` +
    `WHATSAT ${allBytesId} 0 0\nno line feed`;
  const { code, stderr, stdout } = await pipe(input, commandFor(herd.basePort));
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const expected = await ask(herd.portOf("Hill"), input);
  assertEquals(withoutDifferences(stdout), withoutDifferences(expected));
  assertMatch(stdout, /\n\? now\n\? help\n\? IAMAT k \+1\+1 now\nAT Hill /);
  assert(stdout.endsWith("\n\n? no line feed\n"));
});

Deno.test("in a pipe, herd client ends when the server does", async () => {
  const basePort = freeBasePort();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: basePort });
  const serving = (async () => {
    using connection = await listener.accept();
    await connection.write(new TextEncoder().encode("bye\n"));
  })();
  const child = new Deno.Command(Deno.execPath(), {
    args: commandFor(basePort),
    cwd: projectFolder,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  // Stdin stays open.
  const [stdout, { code }] = await Promise.all([
    new Response(child.stdout).text(),
    child.status,
  ]);
  assertEquals({ code, stdout }, { code: 0, stdout: "bye\n" });
  await child.stderr.cancel();
  await child.stdin.close().catch(() => {});
  await serving;
});

Deno.test("in a pipe, herd client and herd send fail if a line is not answered", async () => {
  await using herd = new TestHerd();
  const files = new Files(herd);
  await herd.start("Hill", files.flags, {}, files.permissions);
  const command = commandFor(herd.basePort);
  const hint = "it may use TLS (--tls-ca FILE), or it may have too many " +
    "connections: see its log";
  const send = [...command.with(4, "send"), "WHATSAT kiwi 1 1"];
  // Plain text to a port with TLS.
  for (const args of [command, send]) {
    const { code, stderr, stdout } = await pipe("x\n", args);
    assertEquals({ code, stdout }, { code: 1, stdout: "" });
    assertMatch(
      stderr,
      RegExp(
        `^herd: (127.0.0.1:${herd.basePort} closed the connection without an ` +
          `answer|the connection to 127.0.0.1:${herd.basePort} was lost: .*)` +
          `; ${hint.replace(/[()]/g, "\\$&")}\n$`,
      ),
    );
  }
});

Deno.test("in a pipe, herd client and herd send give up on a silent server", async () => {
  const basePort = freeBasePort();
  using _listener = Deno.listen({ hostname: "127.0.0.1", port: basePort });
  const command = [...commandFor(basePort), "--timeout=1"];
  for (const args of [command, [...command.with(4, "send"), "x"]]) {
    assertEquals(await pipe("x\n", args), {
      code: 1,
      stdout: "",
      stderr: `herd: no answer from 127.0.0.1:${basePort} within 1 s\n`,
    });
  }
});

Deno.test("herd send inserts the present time", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  const send = commandFor(herd.basePort).with(4, "send");
  const before = Date.now() / 1000;
  for (const words of [["IAMAT k +1+1 now"], ["IAMAT k +1+1", "--time=now"]]) {
    const { code, stdout } = await pipe("", [...send, ...words]);
    assertEquals(code, 0);
    const [, time] = stdout.match(/^AT Hill \S+ k \+1\+1 (\d+\.\d{9})\n$/)!;
    assert(Number(time) >= before - 1 && Number(time) <= Date.now() / 1000 + 1);
  }
  const iso = [...send, "IAMAT k +1+1 2018-03-02T20:52:14.50Z"];
  assertMatch((await pipe("", iso)).stdout, / k \+1\+1 1520023934\.50\n$/);
  assertEquals(await pipe("", [...send, "IAMAT k +1+1 1520023934918"]), {
    code: 2,
    stdout: "",
    stderr: "herd: the time 1520023934918 can only be milliseconds: expected " +
      "seconds, 1520023934.918 (see herd send --help)\n",
  });
  const { code, stderr } = await pipe("", [...send, "x", "--time=now"]);
  assertEquals(code, 2);
  assertMatch(
    stderr,
    /^herd: --time is for an IAMAT without its time, found x/,
  );
  const piped = [...commandFor(herd.basePort), "--time=now"];
  assertEquals((await pipe("", piped)).code, 2);
});

withScript.test("herd client prints each error in one line", async () => {
  const basePort = freeBasePort();
  const command = commandFor(basePort);
  const nobody = await pipe("", command);
  assertEquals(nobody.code, 1);
  assertMatch(
    nobody.stderr,
    RegExp(`^herd: cannot connect to 127.0.0.1:${basePort}: .*refused.*\n$`),
  );
  const unknown = await pipe("", command.with(5, "Bob"));
  assertEquals(unknown.code, 2);
  assertMatch(unknown.stderr, /^herd: no server is called Bob; there are Hill/);
  const nameless = await pipe("", command.toSpliced(5, 1));
  assertEquals(nameless.code, 2);
  assertMatch(nameless.stderr, /^herd: expected one server's name: Hill, /);
  await using terminal = new Terminal(command);
  await terminal.untilShown("herd: cannot connect to ");
  assertEquals(await terminal.ended(), 1);
});

withScript.test("herd client connects with TLS", async () => {
  await using herd = new TestHerd();
  const files = new Files(herd);
  const flags = [...files.flags, "--plain-clients"];
  await herd.start("Hill", flags, {}, files.permissions);
  const authority = `${herd.logFolder}/ca.pem`;
  const args = commandFor(
    herd.basePort,
    `--allow-read=${authority}`,
    `--tls-ca=${authority}`,
  );
  const { code, stdout } = await pipe("IAMAT kiwi +1+1 1\n", args);
  assertEquals(code, 0);
  assertMatch(stdout, /^AT Hill \+\d+\.\d{9} kiwi \+1\+1 1\n$/);
  await using terminal = new Terminal(args);
  await terminal.untilShown("Hill> ");
  await terminal.type("WHATSAT kiwi 0 0\r");
  await terminal.untilShown("1° N, 1° E");
});

withScript.test("on a terminal, herd client explains, recalls and completes", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill");
  await using terminal = new Terminal(commandFor(herd.basePort));
  await terminal.untilShown("type help for help");
  await terminal.untilShown("Hill> ");
  await terminal.type("IAMAT kiwi.cs.ucla.edu +34.068930-118.445127 now\r");
  await terminal.untilShown("\nAT Hill +0.");
  await terminal.untilShown("  position        34.068930° N, 118.445127° W");
  assertMatch(
    await terminal.untilShown("Hill> "),
    /client's clock {2}0\.\d+ seconds/,
  );
  // Tab completes a command and an ID. Pasted tabs would not, so keys are sent
  // one after the other.
  await terminal.type("WH");
  await terminal.untilShown("WH");
  await terminal.type("\t");
  await terminal.untilShown("ATSAT ");
  await terminal.type("k");
  await terminal.untilShown("k");
  await terminal.type("\t");
  await terminal.untilShown("iwi.cs.ucla.edu ");
  await terminal.type("10 2\r");
  await terminal.untilShown("  2 places");
  await terminal.untilShown("  1  Bel Air   California, United States  1.6 km");
  await terminal.untilShown("  2  Westwood  California, United States  2.0 km");
  await terminal.untilShown("Hill> ");
  await terminal.type("IAMAT kiwi 34-118 1\r");
  await terminal.untilShown("\n? IAMAT kiwi 34-118 1");
  await terminal.untilShown("the position 34-118 is wrong: expected latitude");
  await terminal.untilShown("IAMAT id position time");
  await terminal.untilShown("Hill> ");
  // Two lines back.
  await terminal.type("\x1b[A\x1b[A");
  await terminal.untilShown("WHATSAT kiwi.cs.ucla.edu 10 2");
  await terminal.type("\r");
  await terminal.untilShown("  2 places");
  await terminal.untilShown("Hill> ");
  // Ctrl-C discards the line.
  await terminal.type("nonsense\x03");
  await terminal.untilShown("^C");
  await terminal.untilShown("Hill> ");
  await terminal.type("help\r");
  await terminal.untilShown("reports where a client is");
  await terminal.untilShown("Hill> ");
  await terminal.type("quit\r");
  assertEquals(await terminal.ended(), 0);
  await herd.untilLogged("Hill", "client closed");
  assert(!herd.log("Hill").includes("nonsense"));
  assert(!herd.log("Hill").includes("<- help"));
});

withScript.test("on a terminal, herd client reports a lost connection, and reconnects", async () => {
  await using herd = new TestHerd();
  const hill = await herd.start("Hill");
  await using terminal = new Terminal(commandFor(herd.basePort), {
    NO_COLOR: "",
  });
  await terminal.untilShown("\x1b[1mHill>\x1b[22m ");
  await terminal.type("IAMAT kiwi");
  await terminal.untilShown("IAMAT kiwi");
  hill.signal("SIGTERM");
  await terminal.untilShown(
    "Hill has ended the connection; the next line connects again",
  );
  // The unfinished line is kept.
  await terminal.untilShown("IAMAT kiwi");
  await hill.ended();
  await terminal.type(" +1+1 1\r");
  await terminal.untilShown(": Connection refused");
  await terminal.untilShown("the next line tries again");
  await terminal.untilShown("Hill>");
  await herd.start("Hill");
  // Both lines are sent at once.
  await terminal.type("IAMAT kiwi +1+1 1\rWHATSAT kiwi 1 0\r");
  await terminal.untilShown("connected to Hill again");
  await terminal.untilShown("1° N, 1° E");
  await terminal.untilShown("no places");
  await terminal.untilShown("Hill>");
  await terminal.type("\x04");
  assertEquals(await terminal.ended(), 0);
});

withScript.test("on a terminal, Ctrl-C ends the wait for an answer, and then the program", async () => {
  const basePort = freeBasePort();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: basePort });
  await using terminal = new Terminal(commandFor(basePort));
  using _silent = await listener.accept();
  await terminal.untilShown("Hill> ");
  await terminal.type("WHATSAT kiwi 1 1\r");
  await terminal.untilShown("WHATSAT kiwi 1 1");
  await _silent.read(new Uint8Array(64));
  await terminal.type("\x03");
  await terminal.untilShown("the connection ended before the answer came");
  await terminal.untilShown("Hill> ");
  await terminal.type("\x03");
  assertEquals(await terminal.ended(), 0);
});
