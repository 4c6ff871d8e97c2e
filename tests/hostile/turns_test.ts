/**
 * Nobody makes the others wait: what can take long is done in slices, and every
 * connection has its turn in between.
 */
import { assert } from "../assert.ts";
import { ask } from "../end_to_end/process.ts";
import { fakeKey } from "../fakes/google.ts";
import { FakeHttpServer, respond } from "../fakes/http_server.ts";
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

/** A limit that these scenarios are not about. */
const megabytes = 768;

const nowText = () => (Date.now() / 1000).toFixed(3);

Deno.test(
  "B9: a burst of ordinary queries delays no other client",
  async () => {
    await using herd = new HostileHerd([["Hill", "Smith"]]);
    const hill = await herd.start("Hill", { megabytes });
    await herd.start("Smith", { megabytes });
    const honest = await HonestClient.start(herd, hill);
    const { receivedBytes } = await attack(herd, "askAtOnce", {
      port: hill.port,
      first: `IAMAT a +48.85-2.35 ${nowText()}\n`,
      line: "WHATSAT a 50 20\n",
      times: 1_024,
      connections: isLong ? 200 : 50,
      seconds: isLong ? 60 : 12,
    }).ended();
    const result = await honest.stop();
    figure(
      `B9: ${describeWait(result)}, median ${result.medianMs} ms; ` +
        `${receivedBytes >> 20} MB of answers`,
    );
    // Where both servers dial, one of the two links is replaced.
    const loss = / link-down neighbour="Smith" reason="(?!replaced")/g;
    const lostLinks = herd.log("Hill").match(loss)?.length ?? 0;
    assertAlive(hill);
    assert(receivedBytes > 0);
    assertServed(result);
    assert(lostLinks === 0, `the link was lost ${lostLinks} times`);
  },
);

/** Clients that are all below one leaf, if the tree has no key. */
const aimed = { leaf: 0xabcd, count: isLong ? 600_000 : 300_000 };

Deno.test("B10: a sweep through IDs that are aimed at one leaf delays no client", async () => {
  await using herd = new HostileHerd();
  const flags = ["--client-ttl=6"];
  const hill = await herd.start("Hill", { flags, megabytes });
  const honest = await HonestClient.start(herd, hill);
  await attack(herd, "aimIds", { port: hill.port, ...aimed }).ended();
  // All of them expire.
  await pause(10);
  const result = await honest.stop();
  figure(
    `B10: ${describeWait(result)} ` +
      "beside the sweep",
  );
  assertAlive(hill);
  assertServed(result);
});

Deno.test("B10: a comparison of IDs that are aimed at one leaf delays no client", async () => {
  await using herd = new HostileHerd([["Hill", "Smith"]]);
  const hill = await herd.start("Hill", { megabytes });
  await attack(herd, "aimIds", { port: hill.port, ...aimed }).ended();
  const honest = await HonestClient.start(herd, hill);
  const { receivedBytes } = await attack(herd, "compareLeaf", {
    port: hill.peerPort,
    from: "Smith",
    to: "Hill",
    leaf: aimed.leaf,
    seconds: 8,
  }).ended();
  const result = await honest.stop();
  figure(
    `B10: ${describeWait(result)} ` +
      `beside comparisons of ${receivedBytes >> 10} kB`,
  );
  assertAlive(hill);
  assertServed(result);
});

Deno.test("B11: a neighbour that repeats that it has no reports delays no client", async () => {
  await using herd = new HostileHerd([["Hill", "Smith"]]);
  const hill = await herd.start("Hill", { megabytes });
  const crowd = new HonestCrowd(hill.port, 5_000);
  assert(await crowd.report());
  const honest = await HonestClient.start(herd, hill);
  const { receivedBytes, sentBytes } = await attack(herd, "repeatDigests", {
    port: hill.peerPort,
    from: "Smith",
    to: "Hill",
    total: 3 * 2 ** 20,
    seconds: 12,
  }).ended();
  const result = await honest.stop();
  const back = Math.round(receivedBytes / sentBytes);
  figure(
    `B11: ${describeWait(result)}, ${back} bytes back for one ` +
      `(${receivedBytes >> 20} MB), peak ${hill.peakMegabytes} MB`,
  );
  assertAlive(hill);
  assertServed(result);
  assert(back <= 8, `${back} bytes back for one`);
});

Deno.test("B11: a server that sends a neighbour many reports still serves its clients", async () => {
  await using herd = new HostileHerd([["Hill", "Smith"]]);
  const hill = await herd.start("Hill", { megabytes });
  const count = isLong ? 1_000_000 : 600_000;
  await attack(herd, "floodIds", {
    ports: [hill.port],
    connections: 4,
    idBytes: 16,
    count: count / 4,
    seconds: 60,
  }).ended();
  const honest = await HonestClient.start(herd, hill, 5);
  const smith = await herd.start("Smith", { megabytes });
  const startMs = performance.now();
  await holdsWithin(
    60,
    async () => (await smith.page("/readyz")).status === 200,
  );
  const tookMs = Math.round(performance.now() - startMs);
  const result = await honest.stop();
  figure(
    `B11: ${describeWait(result)}, median ${result.medianMs} ms, ` +
      `${result.answers} answers in ${tookMs} ms of feeding`,
  );
  assertAlive(hill);
  assertServed(result);
});

Deno.test(
  "A3 and B9: a page that shows many clients delays no client",
  async () => {
    await using herd = new HostileHerd();
    const hill = await herd.start("Hill", { flags: longOperands, megabytes });
    await attack(herd, "floodIds", {
      ports: [hill.port],
      connections: 4,
      idBytes: 16,
      count: 25_000,
      seconds: 20,
    }).ended();
    const honest = await HonestClient.start(herd, hill);
    const { receivedBytes } = await attack(herd, "readPages", {
      port: hill.adminPort,
      pages: 8,
      seconds: 5,
    }).ended();
    const result = await honest.stop();
    figure(
      `A3, B9: ${describeWait(result)} while pages got ` +
        `${receivedBytes >> 20} MB`,
    );
    assertAlive(hill);
    assert(receivedBytes > 8 * 10_000, `pages got ${receivedBytes} bytes`);
    assertServed(result);
  },
);

Deno.test("A6 and B9: a body of 4 MB of a places service delays no client", async () => {
  const item = '{"name":"\\u0041","types":["a","b"],"n":[1,2,3]},\n';
  const items = item.repeat(Math.floor(3.9 * 2 ** 20 / item.length));
  const body = `{"status":"OK","results":[${items}{}]}`;
  await using places = new FakeHttpServer(() => respond(body));
  await using herd = new HostileHerd();
  const hill = await herd.start("Hill", {
    flags: ["--places=google", `--places-url=${places.url}`],
    env: { GOOGLE_PLACES_KEY: fakeKey },
    megabytes,
  });
  const honest = await HonestClient.start(herd, hill);
  // Of different radii, so that each has an answer of its own.
  const lines = Array.from({ length: 15 }, (_, at) => `WHATSAT a ${at} 20\n`);
  const answer = await ask(
    hill.port,
    `IAMAT a +1+1 ${nowText()}\n${lines.join("")}`,
  );
  const result = await honest.stop();
  figure(
    `A6, B9: ${describeWait(result)} beside ${places.requests.length} bodies`,
  );
  assertAlive(hill);
  assert(answer.split("AT Hill ").length - 1 === 16);
  assertServed(result);
});
