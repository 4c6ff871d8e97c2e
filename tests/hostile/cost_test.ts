/**
 * What one client without any right can cost a server at most. SECURITY.md has
 * the figures that these tests print.
 */
import { encodeBytes } from "../../protocol/bytes.ts";
import { assert } from "../assert.ts";
import { connectTls } from "../end_to_end/tls.ts";
import { ask, connect } from "../end_to_end/process.ts";
import { hill as hillFiles } from "../fakes/certificates.ts";
import { attack } from "./attacker.ts";
import { HostileHerd, type HostileServer } from "./hostile_herd.ts";
import { cpuMsOf } from "./memory_limit.ts";
import { assertAlive, figure, holdsWithin, pause } from "./scenario.ts";

const mebibyte = 2 ** 20;

const nowText = () => (Date.now() / 1000).toFixed(3);

const report = () => `IAMAT a +48.85+2.35 ${nowText()}\n`;

/** Sends enough that the server has compiled its code. */
async function warmUp({ port }: HostileServer): Promise<void> {
  for (let time = 0; time < 5; time++) {
    await ask(port, report() + "WHATSAT a 50 20\nx\n".repeat(200));
  }
}

/** What each of many connections may hold, by the lines that it sends. */
const holders = [
  {
    name: "cost: memory of a connection that sends nothing",
    text: "",
    count: 2_000,
    mostBytes: 32 * 2 ** 10,
  },
  {
    name: "cost: memory of a connection that sends 64 KiB without a newline",
    text: "x".repeat(65_536),
    count: 3_000,
    // If nothing limits all of them together, each takes 180 KiB.
    mostBytes: 100 * 2 ** 10,
  },
  {
    name: "cost: memory of a connection that does not read its replies",
    text: "WHATSAT a 50 20\n".repeat(4_000),
    count: 16,
    mostBytes: 12 * mebibyte,
  },
];

for (const { count, mostBytes, name, text } of holders) {
  Deno.test(name, async () => {
    await using herd = new HostileHerd();
    const hill = await herd.start("Hill", {
      flags: ["--places=gazetteer"],
      megabytes: 1_024,
    });
    await warmUp(hill);
    const before = hill.megabytes;
    const holding = attack(herd, "hold", {
      port: hill.port,
      count,
      text,
      seconds: 60,
    });
    await holding.underWay();
    // Longer than the server needs for what it takes.
    await pause(5);
    const each = (hill.megabytes - before) * mebibyte / count;
    figure(`${name}: ${Math.round(each / 1024)} KiB each of ${count}`);
    holding.stop();
    assertAlive(hill);
    assert(each <= mostBytes, `${each} bytes for each connection`);
  });
}

Deno.test("cost: memory of all that one address reports", async () => {
  await using herd = new HostileHerd();
  const tableMegabytes = 64;
  const hill = await herd.start("Hill", {
    flags: [`--max-table-bytes=${tableMegabytes * mebibyte}`],
    megabytes: 1_024,
  });
  const before = hill.megabytes;
  await attack(herd, "floodIds", {
    ports: [hill.port],
    connections: 4,
    idBytes: 1_000,
    count: 20_000,
    seconds: 30,
  }).ended();
  const { text } = await hill.page("/status.json");
  const { bytes, maxBytes } = JSON.parse(text).servers[0].table;
  const grown = hill.megabytes - before;
  const share = Math.round(100 * bytes / maxBytes);
  figure(
    `cost: one address: ${share} % of a table of ${tableMegabytes} MiB, ` +
      `and ${grown} MB of memory`,
  );
  assertAlive(hill);
  // Half of it, and what connections may add beyond that.
  assert(bytes / maxBytes > 0.4, `the flood has filled ${share} %`);
  assert(bytes / maxBytes <= 0.5 + 1 / 16, `one address fills ${share} %`);
  assert(grown <= tableMegabytes + 64, `${grown} MB of memory`);
});

/** Requests that cost much for their bytes. */
const requests = [
  { name: "cost: replies, log and CPU time of an empty line", line: "\n" },
  {
    name: "cost: replies, log and CPU time of a line of control bytes",
    line: "\x01".repeat(1_000) + "\n",
  },
  {
    name: "cost: replies, log and CPU time of a query for the line alone",
    line: "WHATSAT a 0 0\n",
  },
  {
    name: "cost: replies, log and CPU time of a query for 20 places",
    line: "WHATSAT a 50 20\n",
  },
];

/** How often each is sent, on so many connections. */
const [times, connections] = [1_000, 4];

/** Most bytes sent back or logged for one received. */
const [mostBack, mostLogged] = [600, 700];

/** Most CPU time for a request, in microseconds. */
const mostCpuUs = 5_000;

for (const { line, name } of requests) {
  Deno.test(name, async () => {
    await using herd = new HostileHerd();
    const hill = await herd.start("Hill", { flags: ["--places=gazetteer"] });
    const sendAll = () =>
      Promise.all(
        Array.from(
          { length: connections },
          () => ask(hill.port, report() + line.repeat(times)),
        ),
      );
    await sendAll();
    await sendAll();
    await pause(0.5);
    const loggedBefore = herd.logBytes("Hill");
    const cpuBefore = cpuMsOf(hill.program.pid);
    const replies = await sendAll();
    const cpuMs = cpuMsOf(hill.program.pid) - cpuBefore;
    await pause(0.5);
    const requests = connections * times;
    const sentBytes = requests * line.length;
    const receivedBytes = replies.join("").length;
    const logged = (herd.logBytes("Hill") - loggedBefore) / sentBytes;
    const back = receivedBytes / sentBytes;
    const cpuUs = cpuMs * 1000 / requests;
    figure(
      `${name}: ${back.toFixed(1)} bytes back and ` +
        `${logged.toFixed(1)} logged for one, ${cpuUs.toFixed(1)} us`,
    );
    assertAlive(hill);
    assert(receivedBytes > 2 * requests, `${receivedBytes} bytes of replies`);
    assert(logged >= back, `only ${logged} bytes logged for one`);
    assert(back <= mostBack, `${back} bytes back for one`);
    assert(logged <= mostLogged, `${logged} bytes logged for one`);
    assert(cpuUs <= mostCpuUs, `${cpuUs} us for a request`);
  });
}

const visitors = [
  { name: "cost: CPU time and memory of a connection", isEncrypted: false },
  { name: "cost: CPU time and memory of a TLS connection", isEncrypted: true },
];

for (const { isEncrypted, name } of visitors) {
  Deno.test(name, async () => {
    await using herd = new HostileHerd();
    const paths = [`${herd.readFolder}/cert.pem`, `${herd.readFolder}/key.pem`];
    Deno.writeTextFileSync(paths[0], hillFiles.certificate);
    Deno.writeTextFileSync(paths[1], hillFiles.key);
    const tls = [`--tls-cert=${paths[0]}`, `--tls-key=${paths[1]}`];
    const hill = await herd.start("Hill", { flags: isEncrypted ? tls : [] });
    const visit = async () => {
      const transport = isEncrypted
        ? await connectTls(hill.port)
        : await connect(hill.port);
      await transport.write(encodeBytes("x\n"));
      await transport.read(new Uint8Array(64));
      return transport;
    };
    // A handshake of TLS takes longer for the test than for the server.
    const visits = isEncrypted ? 300 : 1_000;
    for (let time = 0; time < visits / 4; time++) (await visit()).close();
    const cpuBefore = cpuMsOf(hill.program.pid);
    const before = hill.megabytes;
    const held = [];
    for (let time = 0; time < visits; time++) held.push(await visit());
    const cpuMs = (cpuMsOf(hill.program.pid) - cpuBefore) / visits;
    const bytes = (hill.megabytes - before) * mebibyte / visits;
    for (const transport of held) transport.close();
    figure(
      `${name}: ${cpuMs.toFixed(2)} ms of CPU time, ` +
        `${Math.round(bytes / 1024)} KiB`,
    );
    assertAlive(hill);
    assert(cpuMs <= 50, `${cpuMs} ms of CPU time`);
    assert(bytes <= 256 * 2 ** 10, `${bytes} bytes for each`);
  });
}

Deno.test("cost: connections of one address", async () => {
  await using herd = new HostileHerd();
  const hill = await herd.start("Hill", {
    flags: ["--max-connections=100", "--max-connections-per-address=40"],
  });
  const holding = attack(herd, "hold", {
    port: hill.port,
    count: 200,
    seconds: 60,
  });
  await holding.underWay();
  const open = async () => {
    const { text } = await hill.page("/status.json");
    return JSON.parse(text).servers[0].connections.open;
  };
  assert(await holdsWithin(5, async () => await open() === 40));
  const { answers } = await attack(herd, "reportFrom", {
    address: "127.0.0.2",
    port: hill.port,
    ids: ["other"],
  }).ended();
  figure(`cost: 40 of 100 connections, as permitted`);
  assert(answers[0].startsWith("AT "), "another address is not served");
});
