/**
 * The clients of a soak that do what one should not: they take their answers
 * slowly or not at all, vanish, and knock at the doors of neighbours.
 *
 * @module
 */
import { allocateBuffer, decodeBytes } from "../../protocol/bytes.ts";
import { closeQuietly, writeAll } from "../../runtime/transport.ts";
import { connect, names } from "../end_to_end/process.ts";
import { connectToAny, type Kind } from "./load.ts";
import { drawQuestion, drawTime } from "./words.ts";
import { pause } from "./world.ts";

/** Takes its answers a few bytes at a time. */
export const slowReader: Kind = async (world, random) => {
  while (!world.loadEnd.aborted) {
    const client = await connectToAny(world, random, "slow reader");
    if (client === undefined) continue;
    client.readSlowly(200 + random.below(4_000), random.between(1, 50));
    let text = "";
    for (let line = 0; line < 60; line++) {
      const about = random.pick(world.clients);
      text += client.question(about, ...drawQuestion(random));
    }
    await client.ask(text);
    await client.finish();
    await pause(random.between(100, 3_000), world.loadEnd);
  }
};

/**
 * So many questions have more answers than the sockets hold: the server has to
 * wait.
 */
const hogQuestions = 2_000;

/** Asks so much that the server has to wait for it, and takes nothing. */
export const hog: Kind = async (world, random) => {
  while (!world.loadEnd.aborted) {
    await pause(random.between(2_000, 15_000), world.loadEnd);
    const client = await connectToAny(world, random, "hog");
    if (client === undefined) continue;
    // Long enough to be taken for dead, or not nearly.
    const forMs = random.chance(0.4) ? 45_000 : random.between(1_000, 12_000);
    let text = "";
    for (let line = 0; line < hogQuestions; line++) {
      text += client.question(random.pick(world.clients), "50", "20");
    }
    const stopped = client.stopReading(forMs, world.loadEnd);
    await client.send(text);
    await stopped;
    await client.settled();
    await client.finish();
  }
};

/** Leaves before it has its answers, often within a line. */
export const vanisher: Kind = async (world, random) => {
  while (!world.loadEnd.aborted) {
    const client = await connectToAny(world, random, "vanisher");
    if (client === undefined) continue;
    let text = "";
    const lines = random.below(100);
    for (let line = 0; line < lines; line++) {
      const about = random.pick(world.clients);
      text += random.chance(0.5)
        ? client.question(about, "50", "20")
        : client.report(about, drawTime(random, Date.now()));
    }
    await client.send(text + "IAMAT half of a li".slice(0, random.below(19)));
    // What it has not read then makes the system say so with a reset.
    await pause(random.between(0, 20), world.loadEnd);
    client.leave();
    await pause(random.between(50, 1_000), world.loadEnd);
  }
};

/** Who begins a handshake and does not end it is refused in this time. */
const refusalDeadlineMs = 20_000;

/** Says at a peer port what no neighbour would say, or half of it. */
export const stranger: Kind = async (world, random) => {
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
      `HERD 4 Nobody ${server} incarnation ${nonce}\n`,
      `HERD 4 ${one} ${server} incarnation ${nonce}\n`,
      `HERD 4 ${one} ${server} incarnation ${nonce}\nPROOF nonsense\n`,
      `HERD 4 ${one} ${server} incarn`,
      "\x00\xff".repeat(random.below(2_000)),
      "AT Hill +0.000000001 kiwi +1+1 1\n",
    ]);
    const startMs = performance.now();
    let heard = "";
    try {
      using transport = await connect(servers.peerPortOf(server));
      counts.strangers += 1;
      const cancel = world.loadEnd;
      const leave = () => closeQuietly(transport);
      cancel.addEventListener("abort", leave);
      await writeAll(transport, greeting);
      const buffer = allocateBuffer(1_024);
      let count;
      while ((count = await transport.read(buffer)) !== null) {
        heard += decodeBytes(buffer, 0, count);
      }
      cancel.removeEventListener("abort", leave);
    } catch {
      // Closed on unread bytes, or the server is gone.
    }
    const isCalm = servers.calmMs(server) > performance.now() - startMs;
    if (world.loadEnd.aborted || !isCalm) continue;
    if (performance.now() - startMs > refusalDeadlineMs) {
      world.fail(`${server} was slow to send a stranger away`);
    }
    if (!/^(HERD 4 [^\n]*\n)?(NO [a-z ]+: [^\n]*\n)?$/.test(heard)) {
      world.fail(`${server} told a stranger ${JSON.stringify(heard)}`);
    }
  }
};
