import { serverFacts } from "../../server/status/fields.ts";
import type { HerdStatus } from "../../server/status/status.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { needs } from "../needs.ts";
import { ask, names, Program, TestHerd, until } from "./process.ts";
import { Terminal } from "./terminal.ts";

const withScript = needs("script");

/** The text that a server's administration port serves at a path. */
async function get(
  herd: TestHerd,
  name: string,
  path: string,
): Promise<string> {
  const port = herd.adminPortOf(name);
  return await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
}

async function statusOf(herd: TestHerd, name: string): Promise<HerdStatus> {
  return JSON.parse(await get(herd, name, "/status.json"));
}

const command = ["run", "--no-prompt", "--allow-net", "main.ts", "status"];

/** Until then, reports come by catch-up, and propagation is not counted. */
async function untilCaughtUp(herd: TestHerd): Promise<void> {
  await until(async () => {
    const { servers } = await statusOf(herd, "Hill");
    return servers.every(({ links }) =>
      links.every(({ isCaughtUp }) => isCaughtUp)
    );
  });
}

/** Runs `herd status` to its end. */
async function run(args: readonly string[]) {
  await using program = Program.start([...command, ...args]);
  const code = await program.ended();
  return { code, stdout: program.stdout, stderr: program.stderr };
}

Deno.test("every administration port of herd up shows all servers", async () => {
  await using herd = new TestHerd();
  await herd.up();
  await untilCaughtUp(herd);
  const [iamat, ...others] = [
    "IAMAT kiwi +34.068930-118.445127 1520023934.918963997\n",
    "WHATSAT kiwi 10 0\n",
    "what?\n",
  ];
  await ask(herd.portOf("Hill"), iamat);
  await ask(herd.portOf("Jaquez"), others.join(""));
  for (const name of names) {
    const status = await statusOf(herd, name);
    assertEquals(status.self, name);
    assertEquals(status.servers.map((server) => server.name), names);
    assertEquals(status.herd.servers.map((server) => server.name), names);
    assertEquals(status.herd.links.length, 6);
    assertEquals(await get(herd, name, "/healthz"), "ok\n");
    const text = await get(herd, name, "/metrics");
    assertStringIncludes(text, `herd_info{server="${name}"`);
  }
  const { servers: [hill, jaquez] } = await statusOf(herd, "Singleton");
  const { lines } = serverFacts.initial;
  assertEquals(hill.lines, { ...lines, iamat: 1 });
  assertEquals(jaquez.lines, { ...lines, whatsat: 1, invalid: 1 });
  assertEquals([hill.clients, jaquez.clients], [1, 1]);
  assertEquals(hill.connections.accepted, 1);
  assertEquals(hill.reports.newer, 1);
  assertEquals(jaquez.propagationSeconds.count, 1);
  assertEquals(hill.propagationSeconds.count, 0, "it is kiwi's origin");
  assertEquals(jaquez.whatsatSeconds.count, 1);
  assertEquals(jaquez.places, {
    provider: "gazetteer",
    requests: { OK: 1 },
  });
  assert(hill.links.every(({ bytesSent, isUp }) => isUp && bytesSent > 0));
  const received = jaquez.links.map(({ reportsReceived }) => reportsReceived);
  assert(received.some((count) => count === 1), received.join());
});

Deno.test("a server with --admin shows only itself", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--admin"]);
  await herd.start("Smith");
  await herd.untilLinked(["Hill", "Smith"]);
  const status = await statusOf(herd, "Hill");
  assertEquals(status.servers.map(({ name }) => name), ["Hill"]);
  const [jaquez, smith] = status.servers[0].links;
  assertEquals([jaquez.neighbour, jaquez.isUp], ["Jaquez", false]);
  assertStringIncludes(jaquez.lastFailure!, "refused");
  assertEquals([smith.neighbour, smith.isUp], ["Smith", true]);
  const refused = await get(herd, "Smith", "/").catch((error) => error);
  assert(refused instanceof TypeError);
  const port = herd.adminPortOf("Hill");
  const evil = await rawGet(port, "evil.example");
  assertStringIncludes(evil, "HTTP/1.1 403 ");
  const odd = await rawGet(port, "localhost:99999");
  assertStringIncludes(odd, "HTTP/1.1 400 ");
  assertStringIncludes(await rawGet(port, "localhost"), " 200 OK");
});

Deno.test("an administration port shows servers of other processes by their summaries", async () => {
  await using herd = new TestHerd();
  // Campbell is no neighbour of Hill: its summary is forwarded by Smith.
  await herd.start("Hill", ["--admin"]);
  await herd.start("Smith");
  const campbell = await herd.start("Campbell");
  await herd.untilLinked(["Hill", "Smith", "Campbell"]);
  const summaryOf = async (name: string) => {
    const { summaries } = await statusOf(herd, "Hill");
    return summaries.find((summary) => summary.name === name);
  };
  await until(async () => await summaryOf("Smith") !== undefined);
  // `untilLinked` has sent reports.
  await until(async () =>
    ((await summaryOf("Campbell"))?.lines.iamat ?? 0) > 0
  );
  const seen = (await summaryOf("Campbell"))!;
  assert(seen.ageSeconds >= 0 && seen.uptimeSeconds > 0);
  const links = seen.links.map(({ isUp, neighbour }) => [neighbour, isUp]);
  assertEquals(links, [["Singleton", false], ["Smith", true]]);
  campbell.signal("SIGTERM");
  assertEquals(await campbell.ended(), 0);
  await until(async () => (await summaryOf("Campbell"))?.isStopping === true);
  // Nothing was unknown, and the logs do not have the texts.
  const { servers: [hill] } = await statusOf(herd, "Hill");
  assert(hill.links.every(({ ignoredMessages }) => ignoredMessages === 0));
  // The log is written a moment later.
  const log = () => Deno.readTextFile(`${herd.logFolder}/Hill.log`);
  const received = / peer\/\d+\/Smith <- \+SUMMARY Campbell\n/;
  await until(async () => received.test(await log()));
  assert(!(await log()).includes("uptimeSeconds"));
});

/** The answer to a Host header that `fetch` would not send. */
async function rawGet(port: number, host: string): Promise<string> {
  return await ask(
    port,
    `GET /readyz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
  );
}

Deno.test("herd status shows the state of the servers", async () => {
  await using herd = new TestHerd();
  const where = ["--base-port", String(herd.basePort)];
  await herd.start("Hill", ["--admin"]);
  await herd.start("Smith", ["--admin"]);
  await herd.untilLinked(["Hill", "Smith"]);
  const both = await run(["Hill", "Smith", ...where]);
  assertEquals([both.code, both.stderr], [0, ""]);
  const lines = both.stdout.split("\n");
  assert(/^Hill +(not )?ready .* Jaquez down, Smith/.test(lines[1]), lines[1]);
  assert(/^Smith +(not )?ready .* Hill/.test(lines[2]), lines[2]);
  const all = await run(where);
  assertEquals(all.code, 1);
  assert(/^Campbell +no answer$/m.test(all.stdout), all.stdout);
  assertStringIncludes(
    all.stdout,
    `Campbell: 127.0.0.1:${herd.adminPortOf("Campbell")}: cannot connect`,
  );
  const json = await run(["--json", "Smith", "Jaquez", ...where]);
  const survey = JSON.parse(json.stdout);
  assertEquals(survey.version, 1);
  assertEquals(
    survey.servers.map(({ name }: { name: string }) => name),
    ["Smith"],
  );
  assertEquals(survey.silent[0].name, "Jaquez");
});

Deno.test("herd status prints each error in one line", async () => {
  await using herd = new TestHerd();
  const where = ["--base-port", String(herd.basePort)];
  const nobody = await run(where);
  assertEquals([nobody.code, nobody.stdout], [1, ""]);
  assertEquals(
    nobody.stderr,
    `herd: 127.0.0.1:${herd.adminPortOf("Hill")} and 4 more: cannot connect; ` +
      "the administration port is opened by herd up and by --admin\n",
  );
  // There is a client port in place of the administration port.
  await herd.start("Hill");
  const wrong = await run(["Hill", "--base-port", String(herd.basePort - 200)]);
  assertEquals(wrong.code, 1);
  assertStringIncludes(wrong.stderr, ": is not an administration port");
  const unknown = await run(["Hil"]);
  assertEquals(unknown.code, 2);
  assertStringIncludes(unknown.stderr, "no server is called Hil");
  const odd = await run(["--admin-host", "a b"]);
  assertEquals(odd.code, 2);
});

Deno.test("herd status --watch continues until Ctrl-C", async () => {
  await using herd = new TestHerd();
  await herd.start("Hill", ["--admin"]);
  const where = ["--base-port", String(herd.basePort)];
  await using program = Program.start([
    ...command,
    "Hill",
    "--watch",
    ...where,
  ]);
  await program.untilPrinted("since the start");
  await program.untilPrinted("of the last second");
  program.signal("SIGINT");
  assertEquals([await program.ended(), program.stderr], [0, ""]);
});

withScript.test("herd status fits into its terminal", async () => {
  await using herd = new TestHerd();
  await herd.up();
  await using terminal = new Terminal(
    [...command, "--watch", "--base-port", String(herd.basePort)],
    {},
    { columns: 40, rows: 5 },
  );
  await terminal.untilShown("\x1b[H\x1b[J");
  const shown = await terminal.untilShown("\x1b[H\x1b[J");
  const lines = shown.split("\r\n");
  assert(/^server +state +clients +links$/.test(lines[0]), lines[0]);
  assert(/^Hill .* 2 of 2$/.test(lines[1]), lines[1]);
  assert(/^\.\.\. and \d more lines$/.test(lines[3]), lines[3]);
  assertEquals([lines[4], lines.length], ["", 5]);
});

Deno.test("an administration port in use is an error of one line", async () => {
  await using herd = new TestHerd();
  const port = herd.adminPortOf("Smith");
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  await using program = Program.start([
    "run",
    "--no-prompt",
    "--allow-net",
    "--allow-write",
    "main.ts",
    "up",
    "--base-port",
    String(herd.basePort),
    "--log-dir",
    herd.logFolder,
  ]);
  assertEquals(await program.ended(), 1);
  listener.close();
  assertStringIncludes(
    program.stderr,
    `herd: port ${port} of 127.0.0.1 is in use`,
  );
});

Deno.test("a server stops at once although dashboards are open", async () => {
  await using herd = new TestHerd();
  const up = await herd.up();
  const response = await fetch(
    `http://127.0.0.1:${herd.adminPortOf("Hill")}/events`,
  );
  const reader = response.body!.getReader();
  await reader.read();
  up.signal("SIGTERM");
  assertEquals(await up.ended(), 0);
  while (!(await reader.read()).done);
});
