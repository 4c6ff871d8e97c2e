/**
 * Nobody makes a server take more memory than it is given: every limit counts
 * bytes. Each scenario runs real servers under a limit of memory.
 */
import { assert } from "../assert.ts";
import { writeAll } from "../../runtime/transport.ts";
import { connect } from "../end_to_end/process.ts";
import { FakeHttpServer, hang, raw } from "../fakes/http_server.ts";
import { fakeKey } from "../fakes/google.ts";
import { attack } from "./attacker.ts";
import { HonestClient } from "./honest_client.ts";
import { HonestCrowd } from "./honest_crowd.ts";
import { HostileHerd } from "./hostile_herd.ts";
import {
  assertAlive,
  assertServed,
  describeWait,
  figure,
  holdsWithin,
  isLong,
  longOperands,
  pause,
} from "./scenario.ts";

/** Links that form a circle of the first `count` servers of the default herd. */
function circle(count: number): [string, string][] {
  const names = ["Hill", "Jaquez", "Smith", "Campbell", "Singleton"]
    .slice(0, count);
  return names.map((name, index) => [name, names[(index + 1) % count]]);
}

const nowText = () => (Date.now() / 1000).toFixed(3);

Deno.test("A1: long IDs neither end servers nor push honest clients out", async () => {
  const { count, everyMs, megabytes, seconds, tableMegabytes } = isLong
    ? {
      count: 5,
      everyMs: 60_000,
      megabytes: 512,
      seconds: 600,
      tableMegabytes: 128,
    }
    : {
      count: 3,
      everyMs: 5_000,
      megabytes: 384,
      seconds: 20,
      tableMegabytes: 24,
    };
  await using herd = new HostileHerd(circle(count));
  const servers = await Promise.all(herd.names.map((name) =>
    herd.start(name, {
      flags: [`--max-table-bytes=${tableMegabytes * 2 ** 20}`],
      megabytes,
    })
  ));
  const crowd = new HonestCrowd(servers[0].port, 200);
  await crowd.report();
  crowd.start(everyMs);
  const ports = servers.map(({ port }) => port);
  // As long as a line may be, and as long as an ID is to be.
  const floods = [65_000, 1_000].map((idBytes) =>
    attack(herd, "floodIds", {
      ports,
      connections: 8,
      idBytes,
      count: 1e9,
      seconds,
    })
  );
  const startMs = performance.now();
  const hasDied = await holdsWithin(
    seconds,
    () => servers.some(({ status }) => status !== undefined),
  );
  const afterMs = Math.round(performance.now() - startMs);
  const sent = hasDied ? [] : await Promise.all(
    floods.map(async (flood) =>
      Math.round((await flood.ended()).sentBytes / 2 ** 20)
    ),
  );
  for (const flood of floods) flood.stop();
  await crowd.stop();
  const known = await Promise.all(ports.map((port) => crowd.knownAt(port)));
  figure(
    (hasDied ? `A1: first death after ${afterMs} ms` : `A1: sent ${sent} MB`) +
      `; of 200 honest clients, known: ${known}; ` +
      `peaks ${servers.map((server) => server.peakMegabytes)} MB`,
  );
  servers.forEach(assertAlive);
  assert(known.every((count) => count === 200), `known: ${known}`);
});

Deno.test("A1: a client that floods displaces neither known clients nor others' new ones", async () => {
  await using herd = new HostileHerd();
  const hill = await herd.start("Hill", { flags: ["--max-clients=4000"] });
  const crowd = new HonestCrowd(hill.port, 200);
  await crowd.report();
  const flood = attack(herd, "floodIds", {
    ports: [hill.port],
    idBytes: 20,
    count: 1e9,
    seconds: 8,
  });
  await flood.underWay();
  await pause(3);
  const others = new HonestCrowd(hill.port, 20, "other");
  const options = { address: "127.0.0.2", port: hill.port, ids: others.ids };
  const { answers } = await attack(herd, "reportFrom", options).ended();
  await flood.ended();
  const known = await crowd.knownAt(hill.port);
  const newcomers = await others.knownAt(hill.port);
  figure(
    `A1: beside a flood of short IDs, known: ${known} of 200 known before, ` +
      `${newcomers} of 20 new ones of another address`,
  );
  assert(answers.every((answer) => answer.startsWith("AT ")));
  assert(known === 200, `${known} of 200 are known`);
  assert(newcomers === 20, `${newcomers} of 20 newcomers are known`);
});

Deno.test(
  "A2: queries that wait for a places service count with their memory",
  async () => {
    await using places = new FakeHttpServer(() => hang);
    await using herd = new HostileHerd();
    const hill = await herd.start("Hill", {
      // The answers to all queries become known at one moment.
      megabytes: 448,
      flags: [
        ...longOperands,
        "--places=google",
        `--places-url=${places.url}`,
      ],
      env: { GOOGLE_PLACES_KEY: fakeKey },
    });
    const honest = await HonestClient.start(herd, hill);
    const asking = attack(herd, "askAtOnce", {
      port: hill.port,
      first: `IAMAT a +1.${"0".repeat(60_000)}+1 ${nowText()}\n`,
      line: "WHATSAT a 1 1\n",
      times: 1_000,
      connections: 20,
      // Longer than a service is waited for.
      seconds: 12,
    });
    await asking.ended();
    const result = await honest.stop();
    figure(`A2: peak ${hill.peakMegabytes} MB, ${describeWait(result)}`);
    assertAlive(hill);
    assertServed(result);
  },
);

Deno.test("A3: a page receives long IDs in small pieces", async () => {
  await using herd = new HostileHerd();
  const hill = await herd.start("Hill", {
    flags: longOperands,
    megabytes: 512,
  });
  await attack(herd, "floodIds", {
    ports: [hill.port],
    idBytes: 30_000,
    fill: "\x01",
    count: 400,
    seconds: 10,
  }).ended();
  const honest = await HonestClient.start(herd, hill);
  const { largest, total } = await readEvents(hill.adminPort, 8);
  const result = await honest.stop();
  figure(
    `A3: ${total} bytes, an event of ${largest}, ${describeWait(result)}, ` +
      `peak ${hill.peakMegabytes} MB`,
  );
  assertAlive(hill);
  assert(largest <= 2 ** 20, `an event has ${largest} bytes`);
  assert(total > 400 * 40, `the page was sent ${total} bytes`);
  assertServed(result);
});

/** The number of bytes that a page receives in a time, and the largest event. */
async function readEvents(
  port: number,
  seconds: number,
): Promise<{ largest: number; total: number }> {
  let largest = 0;
  let total = 0;
  let current = 0;
  try {
    const response = await fetch(`http://127.0.0.1:${port}/events`, {
      signal: AbortSignal.timeout(seconds * 1000),
    });
    for await (const chunk of response.body!) {
      total += chunk.length;
      let start = 0;
      let end;
      while ((end = chunk.indexOf(0x0a, start)) >= 0) {
        largest = Math.max(largest, current + end - start);
        current = 0;
        start = end + 1;
      }
      current += chunk.length - start;
    }
  } catch {
    // The time is over, or the server is gone.
  }
  return { largest: Math.max(largest, current), total };
}

/** Memory that Hill takes for clients, with a neighbour or without. */
async function floodBeside(
  neighbour: "none" | "reads nothing",
): Promise<number> {
  await using herd = new HostileHerd([["Hill", "Smith"]]);
  const hill = await herd.start("Hill", {
    flags: [...longOperands, `--max-table-bytes=${64 * 2 ** 20}`],
    megabytes: 768,
  });
  if (neighbour === "reads nothing") {
    const { peerPort: port } = hill;
    const options = { port, from: "Smith", to: "Hill", seconds: 30 };
    await attack(herd, "linkAndStop", options).underWay();
  }
  // Shorter than what a small limit on an ID lets through, and in turns.
  await attack(herd, "floodIds", {
    ports: [hill.port],
    idBytes: 16_000,
    count: 6_000,
    seconds: 12,
  }).ended();
  const peak = hill.peakMegabytes;
  assertAlive(hill);
  return peak;
}

Deno.test("A4: the data that waits for a neighbour that does not read has a limit in bytes", async () => {
  const alone = await floodBeside("none");
  const beside = await floodBeside("reads nothing");
  const more = beside - alone;
  figure(`A4: ${alone} MB alone, ${beside} MB beside it`);
  assert(more <= 48, `a neighbour that does not read costs ${more} MB`);
});

Deno.test("A5: reports that grow do not keep memory", async () => {
  await using herd = new HostileHerd();
  const hill = await herd.start("Hill", {
    flags: longOperands,
    megabytes: 768,
  });
  const before = hill.megabytes;
  await attack(herd, "growPositions", {
    port: hill.port,
    clients: 500,
    stepBytes: 2_000,
    mostBytes: 50_000,
  }).ended();
  const content = Math.round(500 * 50_000 / 2 ** 20);
  const grown = hill.megabytes - before;
  figure(`A5: ${grown} MB for ${content} MB of content`);
  assertAlive(hill);
  assert(grown <= 3 * content + 48, `${grown} MB for ${content} MB`);
});

Deno.test("A6: an answer of a places service in small chunks takes the memory of its bytes", async () => {
  const body = "1\r\n \r\n".repeat(100_000);
  await using places = new FakeHttpServer(() =>
    raw(
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" +
        `transfer-encoding: chunked\r\n\r\n${body}2\r\n{}\r\n0\r\n\r\n`,
    )
  );
  await using herd = new HostileHerd();
  const hill = await herd.start("Hill", {
    flags: ["--places=google", `--places-url=${places.url}`],
    env: { GOOGLE_PLACES_KEY: fakeKey },
  });
  const before = hill.peakMegabytes;
  using client = await connect(hill.port);
  await writeAll(client, `IAMAT a +1+1 ${nowText()}\nWHATSAT a 1 1\n`);
  await holdsWithin(
    10,
    () => hill.status !== undefined || places.requests.length > 0,
  );
  await pause(4);
  const more = hill.peakMegabytes - before;
  figure(`A6: ${more} MB for 100 kB, status ${hill.status}`);
  assertAlive(hill);
  assert(more <= 64, `${more} MB for an answer of 100 kB`);
});

Deno.test("A7: an endless list of a neighbour is not kept", async () => {
  await using herd = new HostileHerd([["Hill", "Smith"]]);
  const hill = await herd.start("Hill");
  const before = hill.peakMegabytes;
  await attack(herd, "endlessParts", {
    port: hill.peerPort,
    from: "Smith",
    to: "Hill",
    total: 96 * 2 ** 20,
    seconds: 10,
  }).ended();
  const more = hill.peakMegabytes - before;
  figure(`A7: PART: ${more} MB more, status ${hill.status}`);
  assertAlive(hill);
  assert(more <= 96, `a list without an end costs ${more} MB`);
});

Deno.test("A7: report IDs of a neighbour that does not read requests are not kept", async () => {
  await using herd = new HostileHerd([["Hill", "Smith"]]);
  const hill = await herd.start("Hill");
  const before = hill.peakMegabytes;
  await attack(herd, "endlessMarks", {
    port: hill.peerPort,
    from: "Smith",
    to: "Hill",
    total: 64 * 2 ** 20,
    seconds: 10,
  }).ended();
  const more = hill.peakMegabytes - before;
  figure(`A7: HAVE: ${more} MB more, status ${hill.status}`);
  assertAlive(hill);
  assert(more <= 96, `marks cost ${more} MB`);
});

Deno.test("A7: answers to a neighbour that does not read them do not accumulate", async () => {
  await using herd = new HostileHerd([["Hill", "Smith"]]);
  const hill = await herd.start("Hill");
  assert(await new HonestCrowd(hill.port, 1_000).report());
  const before = hill.peakMegabytes;
  await attack(herd, "repeatDigests", {
    port: hill.peerPort,
    from: "Smith",
    to: "Hill",
    total: 24 * 2 ** 20,
    seconds: 10,
    reads: false,
  }).ended();
  const more = hill.peakMegabytes - before;
  figure(`A7: DIGEST: ${more} MB more, status ${hill.status}`);
  assertAlive(hill);
  assert(more <= 96, `answers that are not read cost ${more} MB`);
});

Deno.test("A8: a client's byte causes few bytes of replies and log", async () => {
  await using herd = new HostileHerd();
  const hill = await herd.start("Hill");
  // Both are tried; the answer is the longest that the server takes.
  const longest = `IAMAT a +1.${"0".repeat(60_000)}+1 ${nowText()}\n`;
  const usual = `IAMAT a +1.${"0".repeat(58)}+1 ${nowText()}\n`;
  const before = herd.logBytes("Hill");
  const { receivedBytes, sentBytes } = await attack(herd, "askAtOnce", {
    port: hill.port,
    first: usual + longest,
    line: "WHATSAT a 0 0\n",
    times: 300,
    connections: 4,
    seconds: 5,
  }).ended();
  const loggedBytes = herd.logBytes("Hill") - before;
  const [back, logged] = [receivedBytes, loggedBytes]
    .map((bytes) => Math.round(bytes / sentBytes));
  figure(`A8: ${back} bytes back and ${logged} logged for one sent`);
  assertAlive(hill);
  assert(receivedBytes > 0);
  assert(back <= 64, `${back} bytes back for one`);
  assert(logged <= 64, `${logged} bytes logged for one`);
});
