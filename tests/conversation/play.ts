/**
 * Runs four servers in one process, and plays a script with them: as clients,
 * as neighbours, as the places service and as an operator. The external
 * behaviour of the servers is written to the folder that the first argument
 * names. conversation_test.ts runs this program in an empty folder.
 *
 * The script uses the function `serve` of server.ts and the flags, and no other
 * part of the servers' code.
 *
 * @module
 */
import { createHmac } from "node:crypto";
import manifest from "../../deno.json" with { type: "json" };
import {
  bytesOf,
  type End,
  escape,
  Listener,
  Platform,
  sha256,
  shorten,
} from "./platform.ts";

const [folder] = Deno.args;
const secret = "correct-horse-battery-staple";
const placesKey = "AIzaSy-this-is-secret";
const [hill, smith, campbell, jaquez] = [8000, 8001, 8002, 8003];
const peers = 100;
const admin = 200;

Deno.writeTextFileSync(
  "herd.json",
  JSON.stringify({
    servers: ["Hill", "Smith", "Campbell", "Jaquez"].map((name) => ({ name })),
    links: [
      ["Hill", "Smith"],
      ["Smith", "Campbell"],
      ["Campbell", "Hill"],
      ["Hill", "Jaquez"],
    ],
  }),
);
Deno.writeTextFileSync("herd.secret", `${secret}\n`);
Deno.writeTextFileSync("both.secret", `battery-staple-horse-two\n${secret}\n`);
Deno.writeTextFileSync("other.secret", "battery-staple-horse-two\n");
Deno.writeTextFileSync("places.key", `${placesKey}\n`);

const platform = new Platform();
platform.install();
// The code may read the clock while it is loaded, so it is loaded afterwards.
const { serve } = await import("../../server.ts");

const running = new Map<string, { isOver: boolean; stop: () => void }>();
const answers: string[] = [];

/** Begins a step of the script, and records its title. */
function step(text: string): void {
  platform.wire.push("", `# ${text}`);
  answers.push("", `# ${text}`);
}

/** A small table, lines as long as the protocol has them, and long replies. */
const limits = [
  ...["--max-clients", "60", "--table-shares", "1"],
  ...["--max-id-bytes", "65536"],
  ...["--max-reply-bytes-in-all", "268435456"],
];

async function start(name: string, ...flags: string[]): Promise<void> {
  const { dials, printed, signals } = platform;
  const known = signals.length;
  const run = { isOver: false, stop: () => {} };
  let fault: unknown;
  const words = [name, "--config", "herd.json", "--link-timeout-ms", "3000"];
  const replyBytes = flags.includes("--max-reply-bytes")
    ? []
    : ["--max-reply-bytes", "16777216"];
  serve([...words, "--admin", ...limits, ...replyBytes, ...flags])
    .catch((error) => fault = error)
    .finally(() => run.isOver = true);
  await platform.waitUntil(() => platform.dials > dials || run.isOver);
  if (fault !== undefined) throw fault;
  const isReady = `${name} is ready`;
  await platform.advanceUntil(() =>
    platform.printed.slice(printed.length).includes(isReady)
  );
  const { handler } = signals.slice(known)
    .find(({ signal }) => signal === "SIGTERM")!;
  run.stop = handler;
  running.set(name, run);
}

/** Sends a server SIGTERM. */
function stopping(name: string): { isOver: boolean } {
  const run = running.get(name)!;
  run.stop();
  return run;
}

async function stop(name: string): Promise<void> {
  const run = stopping(name);
  await platform.advanceUntil(() => run.isOver);
}

/** The script's end of a connection, as a client or a neighbour. */
class Peer {
  readonly end: End;
  readonly server: End;

  private constructor(end: End, server: End) {
    this.end = end;
    this.server = server;
  }

  static async at(port: number): Promise<Peer> {
    const { acceptor, dialer } = platform.connect(port)!;
    await platform.advance(1);
    return new Peer(dialer, acceptor);
  }

  /** Sends a text, waits, and returns what was received. */
  async send(text: string, waitMs = 2): Promise<string> {
    await this.end.write(bytesOf(text));
    await platform.advance(waitMs);
    return this.end.take();
  }

  async endSide(): Promise<void> {
    await this.end.closeWrite();
    await platform.advance(2);
  }

  async close(): Promise<void> {
    this.end.close();
    await platform.advance(2);
  }
}

const nonce = "0123456789abcdef".repeat(2);

function hello(from: string, to = "Hill", incarnation = "by-hand"): string {
  return `HERD 5 ${from} ${to} ${incarnation} ${nonce} order=heard`;
}

function proof(part: string, dialler: string, acceptor: string): string {
  const text = `${part}\n${dialler}\n${acceptor}\n`;
  return `PROOF ${createHmac("sha256", secret).update(text).digest("hex")}\n`;
}

/** Sends a text on a new connection, and closes the connection. */
async function once(port: number, text: string, waitMs = 2): Promise<void> {
  const peer = await Peer.at(port);
  await peer.send(text, waitMs);
  await peer.close();
}

/** Sends a request to an administration port. Records the response's head. */
async function request(
  port: number,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const sent = new Request(`http://127.0.0.1:${port + admin}${path}`, init);
  const response = await platform.request(port + admin, sent);
  const { headers, status } = response;
  answers.push("", `${sent.method} ${port + admin}${path} -> ${status}`);
  for (const [name, value] of headers) {
    // The length depends on the texts of a page. The others are of HTTP.
    if (/^(connection|content-length|date)$/.test(name)) continue;
    answers.push(`  ${name}: ${value}`);
  }
  return response;
}

/** The same; returns the body. */
async function ask(
  port: number,
  path: string,
  init?: RequestInit,
): Promise<string> {
  const response = await request(port, path, init);
  return withoutVersion(await platform.waitFor(response.text()));
}

/** Replaces the version of the software, which changes with every release. */
function withoutVersion(text: string): string {
  return text.replaceAll(`"${manifest.version}"`, '"VERSION"');
}

/** The same; records the body. */
async function see(port: number, path: string, init?: RequestInit) {
  answers.push(`  | ${escape(bytesOf(await ask(port, path, init)))}`);
}

/** Records the events that a dashboard receives during a part of the script. */
async function follow(port: number, play: () => Promise<void>): Promise<void> {
  const { body } = await request(port, "/events");
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const reading = (async () => {
    for (let read; !(read = await reader.read()).done;) text += read.value;
  })();
  await play();
  await platform.waitFor(reader.cancel());
  await platform.waitFor(reading);
  write("events.txt", withoutVersion(text).split("\n").map(shorten).join("\n"));
}

function write(name: string, text: string): void {
  Deno.writeTextFileSync(`${folder}/${name}`, text);
}

const page = (count: number) =>
  JSON.stringify(
    {
      html_attributions: [],
      results: Array.from({ length: count }, (_, index) => ({
        name: `Caf\u00e9 ${index}`,
        vicinity: `${index} Kiwi Road`,
      })),
      status: "OK",
      comment: placesKey,
    },
    null,
    3,
  ).replace("],", "],\n\r\n\n") + "\n\n";

const failures: readonly { status: number; body: string }[] = [
  { status: 500, body: "broken" },
  { status: 302, body: "" },
  { status: 200, body: "no JSON" },
  { status: 200, body: '{"results":[],"status":"ZERO_RESULTS"}' },
];

/** The latitude selects the fault. */
platform.answerFetch = (url, body) => {
  const legacyLatitude = url.searchParams.get("location");
  const latitude = legacyLatitude === null
    ? JSON.parse(body).locationRestriction.circle.center.latitude
    : parseFloat(legacyLatitude);
  if (latitude === 9) return undefined;
  if (latitude < failures.length) return failures[latitude];
  if (legacyLatitude !== null) return { status: 200, body: page(3) };
  const place = { id: "one", displayName: { text: "Kiwi" }, types: ["cafe"] };
  return { status: 200, body: JSON.stringify({ places: [place, place] }) };
};

const kiwi = "+34.068930-118.445127";
const at = (client: string, position = kiwi, time = "1520024733.5") =>
  `IAMAT ${client} ${position} ${time}\n`;

/** The script. */
async function play(): Promise<void> {
  step("Hill starts alone");
  await start(
    "Hill",
    ...["--secret-file", "herd.secret", "--idle-seconds", "20"],
    ...["--max-half-open-links", "16"],
  );
  for (const path of ["/healthz", "/readyz"]) await see(hill, path);

  step("a client sends reports and queries");
  const phone = await Peer.at(hill);
  await phone.send("WHATSAT kiwi 10 5\n");
  await phone.send(at("kiwi", kiwi, "1520023934.918963997"));
  await phone.send("WHATSAT kiwi 10 5\n");
  await phone.send(at("kiwi", "+0-0", "1520023934.91"));
  await phone.send("WHATSAT kiwi 50.0 0\nWHATSAT kiwi 0 20\n");

  step("invalid lines");
  for (
    const line of [
      "",
      " ",
      "iamat kiwi +1+1 1",
      "IAMAT",
      "IAMAT kiwi",
      "IAMAT kiwi +1+1",
      "IAMAT kiwi +1+1 1 1",
      "IAMAT kiwi 1+1 1",
      "IAMAT kiwi +90.00000000000000000001+1 1",
      "IAMAT kiwi -90+180.1 1",
      "IAMAT kiwi +1+1 -1",
      "IAMAT kiwi +1+1 1e9",
      "IAMAT kiwi +1+1 1234567890123456",
      "IAMAT kiwi +1.+1 1",
      "WHATSAT",
      "WHATSAT kiwi",
      "WHATSAT kiwi 10",
      "WHATSAT kiwi 10 5 5",
      "WHATSAT kiwi 50.1 5",
      "WHATSAT kiwi -1 5",
      "WHATSAT kiwi 10 21",
      "WHATSAT kiwi 10 5.0",
      "WHATSAT nobody 10 5",
      "AT Hill +0.263873386 kiwi +34.068930-118.445127 1520023934.918963997",
      "PING",
      "\xff\x00\xa0\\ caf\xe9\x1b[31m",
    ]
  ) await phone.send(`${line}\n`, 1);

  step("lines in parts, many lines at once, unusual white space and bytes");
  await phone.send(" \tIAMAT\v\fpear  +090.0-180 ");
  await phone.send("00001520024733.1234567899\r\nWHATS");
  await phone.send("AT pear 1 1\n");
  await phone.send(`${at("\xfe\xa0")}${at("fig")}nonsense\nWHATSAT fig 1 2\n`);

  step("a client ends its side after a line without LF");
  await phone.send("WHATSAT kiwi 10 1\nIAMAT plum +1-1 1520024734");
  await phone.endSide();
  await platform.advance(10);

  step("lines that are too long, between others");
  await once(hill, at("x".repeat(65_537 - at("").length)));
  await once(hill, `${at("fig")}${"x".repeat(65_537)}\nIAMAT`, 2_100);

  step("invalid handshakes at the peer port");
  for (
    const line of [
      "GET / HTTP/1.1\r\n",
      "x".repeat(600),
      `${hello("Smith").replace("5", "4")}\n`,
      `${hello("Hill")}\n`,
      `${hello("Smith", "Campbell")}\n`,
      `${hello("Singleton")}\n`,
      `${hello("Smith").replace("f ", " ")}\n`,
      `${hello("Smith").replace(" order=heard", "")}\n`,
      `${hello("Smith").replace("=heard", "=vote")}\n`,
      `${hello("Smith").replace(" ", "  ")}\n`,
      `${hello("Smith")} key=a key=b\n`,
      `${hello("Smith")}\nPROOF -\n`,
      `${hello("Smith")}\nPROOF ${"0".repeat(64)}\n`,
      `${hello("Smith")}\nPROOF\n`,
      `${hello("Smith")}\nNO wrong secret: by hand\n`,
      `${hello("Smith")}\n`,
    ]
  ) await once(hill + peers, line);
  const silent = await Peer.at(hill + peers);
  await platform.advance(6_100);
  await silent.close();
  const crowd: Peer[] = [];
  for (let count = 0; count <= 16; count++) {
    crowd.push(await Peer.at(hill + peers));
  }
  for (const one of crowd) if (!one.end.isClosed) one.end.close();
  await platform.advance(2_000);

  step("a neighbour sends every message, and then lines that end the link");
  /** Links with Hill as Jaquez. */
  async function linkByHand(incarnation: string): Promise<Peer> {
    const neighbour = await Peer.at(hill + peers);
    // With a field that Hill does not know.
    const ours = `${hello("Jaquez", "Hill", incarnation)} by=hand`;
    const theirs = (await neighbour.send(`${ours}\n`)).trimEnd();
    const answer = await neighbour.send(proof("dialler", ours, theirs));
    const [key] = answer.match(/^TREE .*\n/m)!;
    await neighbour.send(key);
    return neighbour;
  }
  const grape = "AT Jaquez +0.100000000 grape +2+2 1520024730";
  const neighbour = await linkByHand("by-hand");
  for (
    const line of [
      "SYNC",
      grape,
      grape,
      "AT Jaquez +0.100000000 grape +2+2 1520024729",
      "AT Smith +0.100000000 lime +2+2 1520024730",
      `DIGEST -${" 1".repeat(16)}`,
      "LIST -",
      "PART 0000",
      "LIST 0000",
      "ECHO 7",
      "ECHOED 7",
      "+STATUS by hand",
      `TREE ${"0".repeat(32)}`,
      "HAVE 0000000000000000ff",
      "WANT 0000000000000000ff",
      "PRUNE Hill",
      "HORIZON 1",
      "PING",
    ]
  ) await neighbour.send(`${line}\n`);
  await once(hill, at("fig", "+3+3", "1520024734"));
  await platform.advance(300);
  await neighbour.send("GRAFT Hill\n");
  await once(hill, at("fig", "+4+4", "1520024735"));
  await once(hill + peers, `${hello("Jaquez")}\n`);
  for (
    const line of [
      "PING ",
      "PART 0",
      "TREE 0",
      "STATUS by hand",
      "PRUNE Nobody",
      "AT Hill +0.1 grape +2+2 1520024730",
      "AT Hill -7.000000001 grape +2+2 7",
      "DIGEST - 1",
      `HAVE ${"0".repeat(17)}g`,
      "x".repeat(65_960),
    ]
  ) {
    const next = await linkByHand(`run-${escape(bytesOf(line.slice(0, 4)))}`
      .replaceAll(" ", "-"));
    await next.send(`${line}\n`, 20);
    await next.close();
  }

  step("Hill dials Jaquez, which answers incorrectly");
  const listener = new Listener(platform, jaquez + peers);
  for (
    const answer of [
      "NO wrong secret: by hand\n",
      "nonsense\n",
      "",
      `${hello("Smith", "Hill")}\n`,
      `${hello("Jaquez", "Hill").replace(" order=heard", "")}\n`,
      `${hello("Jaquez", "Hill")}\nPROOF ${"0".repeat(64)}\n`,
      `${hello("Jaquez", "Hill")}\nNO linked already: by hand\n`,
    ]
  ) {
    let dialled: End | undefined;
    listener.accept().then((end) => dialled = end);
    await platform.advanceUntil(() => dialled !== undefined);
    await platform.advance(1);
    if (answer !== "") await dialled!.write(bytesOf(answer));
    await platform.advance(2_100);
    dialled!.close();
  }
  listener.close();

  step("Smith and Campbell start, link and catch up");
  const limits = ["--max-line-bytes", "1024", "--max-connections", "3"];
  const smithFlags = [
    ...["--secret-file", "both.secret", "--places", "google-new"],
    ...["--places-key-file", "places.key", "--slow-consumer-seconds", "5"],
    ...["--max-reply-bytes", "2100", "--max-pipelined", "4"],
    ...["--max-whatsats-per-connection", "2", "--log-max-bytes", "32768"],
    ...limits,
  ];
  await start("Smith", ...smithFlags);
  await platform.advance(500);
  await start(
    "Campbell",
    ...["--secret-file", "herd.secret", "--places", "google"],
    ...["--places-key-file", "places.key", "--places-budget", "12"],
    ...["--max-connections-per-address", "2", "--max-whatsats", "1"],
  );
  await platform.advance(1_500);
  for (const port of [hill, smith, campbell]) await see(port, "/readyz");

  step("reports are flooded, and links are pruned");
  for (let round = 1; round <= 3; round++) {
    for (const port of [hill, smith, campbell]) {
      const client = `runner-${port}`;
      await once(
        port,
        at(client, `+${round}+${round}`, `152002474${round}`),
        150,
      );
    }
    await platform.advance(1_000);
  }

  step("two reports that cross, of which the newer one is kept");
  await Promise.all([
    once(hill, at("twin", "+5+1", "1520024750")),
    once(campbell, at("twin", "+5+2", "1520024750")),
  ]);
  await platform.advance(200);
  await once(smith, "WHATSAT twin 1 0\n", 30);

  step("Smith's limits: connections, long lines, requests and bytes that wait");
  const three = [
    await Peer.at(smith),
    await Peer.at(smith),
    await Peer.at(smith),
  ];
  await once(smith, at("late"));
  await three[0].send(`${"x".repeat(1_025)}\n`, 2_500);
  await three[1].send("WHATSAT twin 1 1\n".repeat(7), 300);
  three[2].server.roomBytes = 50;
  await three[2].send(at("slow").repeat(40), 8_000);
  for (const one of three) if (!one.end.isClosed) await one.close();

  step("Campbell's limits: connections of one address, queries of all clients");
  const two = [await Peer.at(campbell), await Peer.at(campbell)];
  await once(campbell, at("late"));
  for (const one of two) await one.send("WHATSAT twin 1 1\n", 0);
  await platform.advance(100);
  for (const one of two) await one.close();

  step("the places service answers, fails, and does not answer");
  const client = await Peer.at(campbell);
  for (const latitude of [4, 0, 1, 2, 3, 9, 4, 4, 4]) {
    await client.send(
      at("asker", `+${latitude}-5.50`, `${1520024760 + Math.random()}`) +
        "WHATSAT asker 0.5 2\n",
      latitude === 9 ? 10_100 : 1_500,
    );
    await platform.advance(100);
    await client.send(at("asker", "+1+1", "1"));
    await once(hill, at("asker", `+${latitude}+0`, `${platform.nowMs}`));
  }
  await client.close();
  for (const latitude of [4, 1]) {
    await once(
      smith,
      `${at("other", `-${latitude}+1`, "1520024790")}WHATSAT other 2 20\n`,
      100,
    );
  }

  step("Jaquez has no secret, then a wrong one, then the right one among two");
  await start("Jaquez", "--no-catch-up");
  await platform.advance(1_000);
  await see(jaquez, "/readyz");
  await stop("Jaquez");
  await start("Jaquez", "--secret-file", "other.secret");
  await platform.advance(1_000);
  await stop("Jaquez");
  await start("Jaquez", "--secret-file", "both.secret", "--no-catch-up");
  await platform.advance(1_500);
  await once(jaquez, at("grape", "+5+5", "1520024800"), 100);
  await stop("Jaquez");

  step("the link between Hill and Smith goes silent");
  for (const connection of platform.connections) {
    const { acceptor, dialer, opening } = connection;
    const isTheirs = /^HERD 5 (Hill Smith|Smith Hill) /.test(opening);
    const isOpen = !acceptor.isClosed && !dialer.isClosed;
    connection.isMute = isTheirs && isOpen;
  }
  await once(hill, at("runner-8000", "+6+6", "1520024810"), 100);
  await platform.advance(6_000);

  step("Smith stops during a query, misses reports, and starts again");
  const last = await Peer.at(smith);
  await last.send(`${at("last", "+9+9", "1520024820")}WHATSAT last 1 1\n`, 1);
  const run = stopping("Smith");
  await last.send(at("after the end"));
  await platform.advanceUntil(() => run.isOver);
  for (let count = 0; count < 40; count++) {
    const port = count % 2 === 0 ? hill : campbell;
    await once(port, at(`walker-${count}`, "+7+7", `${1520024820 + count}`), 1);
  }
  await start("Smith", ...smithFlags);
  await platform.advance(1_500);
  await once(smith, "WHATSAT walker-7 1 0\n");

  step("the disk is full for some time, and then descriptors run out");
  platform.isDiskFull = true;
  await once(campbell, at("unlogged", "+1+1", "1520024870"), 3_000);
  platform.isDiskFull = false;
  await platform.advance(2_000);
  platform.listeners.get(hill)!.fail(
    new Error("Too many open files (os error 24)"),
  );
  await once(hill, at("patient", "+1+1", "1520024871"), 200);

  step("neighbours compare digests; a client is idle for too long");
  const idle = await Peer.at(hill);
  await platform.advance(31_000);
  await idle.close();

  step("the herd has more clients than its limit");
  await follow(campbell, async () => {
    await platform.advance(1_000);
    for (let count = 0; count < 25; count++) {
      const time = `${1520024900 + count}`;
      await once(campbell, at(`newcomer-${count}`, "+8+8", time), 60);
    }
    await platform.advance(1_000);
  });
  await once(hill, "WHATSAT plum 1 0\nWHATSAT newcomer-24 1 0\n");

  step("an operator uses the administration port");
  for (const path of ["/", "/nothing", "/map.json"]) {
    const text = await ask(hill, path);
    if (path === "/map.json") answers.push(`  | ${sha256(bytesOf(text))}`);
  }
  for (const path of ["/healthz", "/readyz"]) await see(hill, path);
  for (const id of ["newcomer-24", "nobody", "a%20b", "%5cxfe"]) {
    await see(hill, `/client.json?id=${id}`);
  }
  await see(hill, "/healthz", { method: "HEAD" });
  await ask(hill, "/metrics", { method: "POST" });
  const refused = new Request("http://evil.example/healthz");
  const { status } = await platform.request(hill + admin, refused);
  answers.push(`evil.example ${status}`);
  const metrics: string[] = [];
  const helps = new Set<string>();
  for (const port of [hill, smith, campbell]) {
    const text = await ask(port, "/metrics");
    const lines = text.split("\n");
    metrics.push(`# port ${port + admin}`);
    metrics.push(...lines.filter((line) => !line.startsWith("# HELP ")));
    for (const line of lines) if (line.startsWith("# HELP ")) helps.add(line);
  }
  write("metrics.txt", metrics.join("\n"));
  write("metric_help.txt", [...helps, ""].join("\n"));
  write("status.json", await ask(campbell, "/status.json"));

  step("all servers stop");
  for (const name of ["Smith", "Campbell", "Hill"]) await stop(name);
}

try {
  await play();
} finally {
  // If the script fails, the wire shows where the behaviour differs.
  write("wire.txt", platform.wire.join("\n") + "\n");
}
for (const { name } of Deno.readDirSync("logs")) {
  const lines = Deno.readTextFileSync(`logs/${name}`).split("\n");
  write(name, lines.map(shorten).join("\n"));
}
write("admin.txt", answers.join("\n") + "\n");
write("printed.txt", platform.printed);
Deno.exit();
