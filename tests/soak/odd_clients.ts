/**
 * Simulated clients that misbehave: they read slowly or not at all, disconnect
 * early, or connect to peer ports.
 *
 * @module
 */
import { allocateBuffer, decodeBytes } from "../../protocol/bytes.ts";
import { closeQuietly, writeAll } from "../../runtime/transport.ts";
import { connect, names } from "../end_to_end/process.ts";
import { type ClientKind, connectToAny } from "./load.ts";
import { drawQueryOperands, drawTime } from "./random_lines.ts";
import { pause } from "./world.ts";

/** Reads its answers a few bytes at a time. */
export const slowReader: ClientKind = async (world, random) => {
  while (!world.loadEnd.aborted) {
    const client = await connectToAny(world, random, "slow reader");
    if (client === undefined) continue;
    client.readSlowly(200 + random.below(4_000), random.between(1, 50));
    let text = "";
    for (let line = 0; line < 60; line++) {
      const about = random.pick(client.ids);
      text += client.query(about, ...drawQueryOperands(random));
    }
    await client.request(text);
    await client.finish();
    await pause(random.between(100, 3_000), world.loadEnd);
  }
};

/** The answers to this many queries exceed the buffers of the sockets. */
const hogQueries = 2_000;

/** Sends many queries and then reads nothing for a while. */
export const hog: ClientKind = async (world, random) => {
  while (!world.loadEnd.aborted) {
    await pause(random.between(2_000, 15_000), world.loadEnd);
    const client = await connectToAny(world, random, "hog");
    if (client === undefined) continue;
    // Either longer than the limit for slow consumers, or much shorter.
    const forMs = random.chance(0.4) ? 45_000 : random.between(1_000, 12_000);
    let text = "";
    for (let line = 0; line < hogQueries; line++) {
      text += client.query(random.pick(client.ids), "50", "20");
    }
    const resumed = client.pauseReading(forMs, world.loadEnd);
    await client.send(text);
    await resumed;
    await client.untilAnswered();
    await client.finish();
  }
};

/** Disconnects before it has its answers, often within a line. */
export const vanisher: ClientKind = async (world, random) => {
  while (!world.loadEnd.aborted) {
    const client = await connectToAny(world, random, "vanisher");
    if (client === undefined) continue;
    let text = "";
    const lines = random.below(100);
    for (let line = 0; line < lines; line++) {
      const about = random.pick(client.ids);
      text += random.chance(0.5)
        ? client.query(about, "50", "20")
        : client.report(about, drawTime(random, Date.now()));
    }
    await client.send(text + client.part(random.below(19)));
    // If answers are unread, the system resets the connection.
    await pause(random.between(0, 20), world.loadEnd);
    client.disconnect();
    await pause(random.between(50, 1_000), world.loadEnd);
  }
};

/** A handshake must be refused or end within this time, in milliseconds. */
const refusalDeadlineMs = 20_000;

/** Sends a wrong or partial handshake to a peer port. */
export const unknownPeer: ClientKind = async (world, random) => {
  const { counts, servers } = world;
  while (!world.loadEnd.aborted) {
    await pause(random.between(200, 2_000), world.loadEnd);
    const server = random.pick(names);
    const incarnation = servers.incarnation(server);
    if (incarnation === undefined) continue;
    const one = random.pick(names);
    const nonce = "0123456789abcdef".repeat(2);
    const greeting = random.pick([
      "",
      "\n",
      "GET / HTTP/1.1\r\n\r\n",
      "HERD 3 Hill Smith x y\n",
      `HERD 5 Nobody ${server} incarnation ${nonce}\n`,
      `HERD 5 ${one} ${server} incarnation ${nonce}\n`,
      `HERD 5 ${one} ${server} incarnation ${nonce}\nPROOF nonsense\n`,
      `HERD 5 ${one} ${server} incarn`,
      "\x00\xff".repeat(random.below(2_000)),
      "AT Hill +0.000000001 kiwi +1+1 1\n",
    ]);
    const startMs = performance.now();
    let received = "";
    try {
      using transport = await connect(servers.peerPortOf(server));
      counts.unknownPeers += 1;
      const cancel = world.loadEnd;
      const close = () => closeQuietly(transport);
      cancel.addEventListener("abort", close);
      await writeAll(transport, greeting);
      const buffer = allocateBuffer(1_024);
      let count;
      while ((count = await transport.read(buffer)) !== null) {
        received += decodeBytes(buffer, 0, count);
      }
      cancel.removeEventListener("abort", close);
    } catch {
      // The connection was reset, or the server has ended.
    }
    const isUndisturbed =
      servers.undisturbedMs(server) > performance.now() - startMs;
    if (world.loadEnd.aborted || !isUndisturbed) continue;
    if (performance.now() - startMs > refusalDeadlineMs) {
      world.fail(`${server} was slow to refuse an unknown peer`);
    }
    if (!/^(HERD 5 [^\n]*\n)?(NO [a-z ]+: [^\n]*\n)?$/.test(received)) {
      world.fail(`${server} sent an unknown peer ${JSON.stringify(received)}`);
    }
  }
};
