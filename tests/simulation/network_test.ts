import {
  type ByteString,
  decodeBytes,
  encodeBytes,
} from "../../protocol/bytes.ts";
import { Buffer } from "node:buffer";
import {
  type Transport,
  writeAll,
  writeAllBytes,
} from "../../runtime/transport.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertThrows,
} from "../assert.ts";
import { Random } from "../../runtime/random.ts";
import { VirtualTime } from "./virtual_clock.ts";
import type { VirtualHost } from "./virtual_host.ts";
import { type NetworkOptions, VirtualNetwork } from "./virtual_network.ts";

/** How many simulations a test of random events runs. */
const worldCount = 200;

const never = new AbortController().signal;

class World {
  readonly time = new VirtualTime();
  readonly network: VirtualNetwork;
  readonly hill: VirtualHost;
  readonly smith: VirtualHost;

  constructor(seed: number, options: NetworkOptions = {}) {
    this.network = new VirtualNetwork(this.time, new Random(seed), options);
    this.hill = this.network.host("Hill");
    this.smith = this.network.host("Smith");
  }

  /** Lets time pass. */
  pass(ms: number): Promise<void> {
    return this.time.run(this.time.elapsedMs + ms);
  }

  /** Lets Hill dial Smith. Resolves to Hill's end and Smith's. */
  async link(): Promise<[Transport, Transport]> {
    let far: Transport | undefined;
    const close = this.smith.listen((transport) => far = transport);
    let near: Transport | undefined;
    this.network.connect(this.hill, "Smith", never).then((end) => near = end);
    await this.pass(100);
    close();
    return [near!, far!];
  }
}

/** The present state of a promise. */
class Outcome {
  text = "pending";

  constructor(promise: Promise<unknown>) {
    promise.then(
      (value) => this.text = String(value),
      (error) => this.text = error.name,
    );
  }
}

/** Reads to the end. */
class Reading {
  text: ByteString = "";
  readonly pieces: ByteString[] = [];
  end = "pending";

  constructor(transport: Transport, sizeBytes = 1024) {
    this.#read(transport, Buffer.alloc(sizeBytes)).then(
      () => this.end = "end",
      (error) => this.end = error.name,
    );
  }

  async #read(transport: Transport, target: Buffer): Promise<void> {
    let count;
    while ((count = await transport.read(target)) !== null) {
      const piece = decodeBytes(target, 0, count);
      this.text += piece;
      this.pieces.push(piece);
    }
  }
}

/** Text in which every line has its number. */
function numbered(lines: number): ByteString {
  return Array.from({ length: lines }, (_, index) => `line ${index}\n`)
    .join("");
}

const read = (transport: Transport) =>
  new Outcome(transport.read(new Uint8Array(1024)));

const write = (transport: Transport, text: ByteString) =>
  new Outcome(transport.write(encodeBytes(text)));

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

test("Random draws the same numbers from the same seed, and evenly", () => {
  const [one, same, other] = [new Random(7), new Random(7), new Random(8)];
  const draw = (random: Random) =>
    Array.from({ length: 5 }, random.next, random);
  const first = draw(one);
  assertEquals(first, draw(same));
  assert(first.every((number, index) => number !== draw(other)[index]));
  const counts = new Array(10).fill(0);
  for (let draws = 0; draws < 10_000; draws++) counts[one.below(10)] += 1;
  assert(counts.every((count) => count > 850 && count < 1150), String(counts));
  assertEquals(one.shuffle([1, 2, 3, 4]).sort(), [1, 2, 3, 4]);
  assertEquals([one.chance(0), one.chance(1)], [false, true]);
});

test("a forked Random is independent of its parent", () => {
  const [one, same] = [new Random(7), new Random(7)];
  const [fork, sameFork] = [one.fork(), same.fork()];
  for (let draws = 0; draws < 10; draws++) fork.next();
  assertEquals(one.next(), same.next());
  for (let draws = 0; draws < 10; draws++) sameFork.next();
  assertEquals(fork.next(), sameFork.next());
});

test("VirtualTime runs events by time, then in the order of scheduling", async () => {
  const time = new VirtualTime();
  const random = new Random(1);
  const expected: [number, number][] = [];
  const actual: [number, number][] = [];
  for (let order = 0; order < 500; order++) {
    const timeMs = random.below(50);
    const cancel = time.at(timeMs, () => {
      assertEquals(time.elapsedMs, timeMs);
      actual.push([timeMs, order]);
    });
    if (order % 3 === 0) cancel();
    else expected.push([timeMs, order]);
  }
  await time.run(20);
  assert(actual.every(([timeMs]) => timeMs <= 20));
  await time.run(100);
  expected.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  assertEquals(actual, expected);
  assertEquals(time.elapsedMs, 100);
});

test("VirtualTime runs all continuations of an event before the next", async () => {
  const time = new VirtualTime();
  const trace: string[] = [];
  const start = async (name: string) => {
    for (let turn = 0; turn < 5_000; turn++) await Promise.resolve();
    trace.push(name);
  };
  time.at(1, () => void start("first"));
  time.at(1, () => trace.push("second"));
  await time.run(1);
  assertEquals(trace, ["first", "second"]);
});

test("a host's clock starts in 2026, plus its skew", async () => {
  const { hill, network, time } = new World(1);
  const fast = network.host("fast", 1_500.25);
  const slow = network.host("slow", -0.5);
  await time.run(2_000);
  const seconds = Date.UTC(2026, 0, 1) / 1000;
  assertEquals(hill.clock.now(), { seconds: seconds + 2, nanoseconds: 0 });
  assertEquals(fast.clock.now(), {
    seconds: seconds + 3,
    nanoseconds: 500_250_000,
  });
  assertEquals(slow.clock.now(), {
    seconds: seconds + 1,
    nanoseconds: 999_500_000,
  });
  assertEquals(fast.clock.elapsedMs(), 2_000);
  assert(hill.clock.random() !== fast.clock.random());
});

/** The events of a simulation with many faults. */
async function traceOf(seed: number): Promise<string[]> {
  const world = new World(seed, { bufferBytes: 200 });
  const { hill, network, smith, time } = world;
  const trace: string[] = [];
  const note = (text: string) => trace.push(`${time.elapsedMs} ${text}`);
  const serve = () =>
    smith.listen(async (transport, remote) => {
      note(`from ${remote}`);
      const target = Buffer.alloc(64);
      try {
        let count;
        while ((count = await transport.read(target)) !== null) {
          note(`read ${decodeBytes(target, 0, count)}`);
        }
        transport.close();
      } catch (error) {
        note(String(error));
      }
    });
  const dial = async () => {
    try {
      const transport = await network.connect(hill, "Smith", never);
      await writeAll(transport, numbered(20));
      await transport.closeWrite();
      note(`closed: ${await transport.read(new Uint8Array(1))}`);
    } catch (error) {
      note(String(error));
    }
  };
  serve();
  for (let startMs = 0; startMs < 200; startMs += 10) {
    hill.clock.after(startMs + hill.clock.random(), dial);
  }
  time.at(20, () => network.cut());
  time.at(40, () => smith.freeze());
  time.at(60, () => smith.thaw());
  time.at(80, () => smith.crash());
  time.at(100, () => {
    smith.restart();
    serve();
    network.block("Smith", "Hill");
  });
  time.at(150, () => network.unblockAll());
  await time.run(5_000);
  return trace;
}

test("the same seed gives the same simulation, another seed another one", async () => {
  const trace = await traceOf(42);
  assert(trace.length > 80, `only ${trace.length} events`);
  assertEquals(await traceOf(42), trace);
  assert(String(await traceOf(43)) !== String(trace));
});

test("bytes arrive in order, divided anywhere", async () => {
  const world = new World(3);
  const [near, far] = await world.link();
  const reading = new Reading(far);
  const text = numbered(500);
  writeAll(near, text).then(() => near.closeWrite());
  await world.pass(1_000);
  assertEquals(reading.text, text);
  assertEquals(reading.end, "end");
  assert(reading.pieces.some((piece) => !piece.endsWith("\n")));
});

test("one write may arrive in several pieces", async () => {
  let partialArrivals = 0;
  for (let seed = 0; seed < worldCount; seed++) {
    const world = new World(seed);
    const [near] = await world.link();
    const writing = write(near, numbered(10));
    await world.pass(2.5);
    const [{ dialerEnd }] = world.network.connections;
    const restBytes = dialerEnd.inFlightBytes;
    if (restBytes > 0 && restBytes < Number(writing.text)) {
      partialArrivals += 1;
    }
  }
  assert(partialArrivals > worldCount / 20, `only ${partialArrivals} times`);
});

test("a buffer may be reused as soon as it is written", async () => {
  const world = new World(3);
  const [near, far] = await world.link();
  const reading = new Reading(far);
  const bytes = encodeBytes("kiwi");
  await writeAllBytes(near, bytes);
  bytes.fill(0);
  await world.pass(100);
  assertEquals(reading.text, "kiwi");
});

test("bytes on one connection may overtake those on another", async () => {
  let overtakings = 0;
  for (let seed = 0; seed < worldCount; seed++) {
    const world = new World(seed);
    const [first, firstFar] = await world.link();
    const [second, secondFar] = await world.link();
    const order: string[] = [];
    firstFar.read(new Uint8Array(1)).then(() => order.push("first"));
    secondFar.read(new Uint8Array(1)).then(() => order.push("second"));
    write(first, "a");
    write(second, "b");
    await world.pass(100);
    if (order[0] === "second") overtakings += 1;
  }
  assert(overtakings > worldCount / 4 && overtakings < worldCount * 3 / 4);
});

test("a closed port refuses after one round trip", async () => {
  const world = new World(1);
  world.network.setDelay("Hill", "Smith", 10, 10);
  world.network.setDelay("Smith", "Hill", 20, 20);
  const dial = new Outcome(world.network.connect(world.hill, "Smith", never));
  await world.pass(29);
  assertEquals(dial.text, "pending");
  await world.pass(2);
  assertEquals(dial.text, "ConnectionRefused");
});

test("a connection needs three packets: there, back, there", async () => {
  const world = new World(1);
  const { hill, network, smith } = world;
  network.setDelay("Hill", "Smith", 10, 10);
  network.setDelay("Smith", "Hill", 20, 20);
  const accepted: string[] = [];
  smith.listen((_, remote) => accepted.push(remote), 8100);
  const dial = new Outcome(network.connect(hill, "Smith:8100", never));
  await world.pass(29);
  assertEquals(dial.text, "pending");
  await world.pass(2);
  assertEquals(dial.text, "[object Object]");
  assertEquals(accepted, []);
  await world.pass(10);
  assertEquals(accepted, ["Hill:40000"]);
});

test("a dial with an aborted signal does not start", async () => {
  const { hill, network } = new World(1);
  await assertRejects(
    () => network.connect(hill, "Smith", AbortSignal.abort()),
    DOMException,
  );
});

test("a port that closes during the handshake resets the dialer", async () => {
  const world = new World(1, { delayMs: [10, 10] });
  const close = world.smith.listen(() => assert(false));
  const dial = world.network.connect(world.hill, "Smith", never);
  await world.pass(15);
  close();
  await world.pass(10);
  const reading = read(await dial);
  await world.pass(20);
  assertEquals(reading.text, "ConnectionReset");
});

test("a dial waits for both directions, or until it is aborted", async () => {
  for (const [from, to] of [["Hill", "Smith"], ["Smith", "Hill"]]) {
    const world = new World(1);
    const { hill, network, smith } = world;
    const accepted: Transport[] = [];
    smith.listen((transport) => accepted.push(transport));
    network.block(from, to);
    const controller = new AbortController();
    const patient = new Outcome(network.connect(hill, "Smith", never));
    const hasty = new Outcome(
      network.connect(hill, "Smith", controller.signal),
    );
    await world.pass(10_000);
    assertEquals([patient.text, hasty.text], ["pending", "pending"]);
    controller.abort();
    await world.pass(0);
    assertEquals(hasty.text, "AbortError");
    network.unblock(from, to);
    await world.pass(3_000);
    assertEquals(patient.text, "[object Object]");
    assertEquals(accepted.length, 1);
    assertEquals(network.connections.size, 1);
  }
});

test("a blocked direction holds all packets, and the other direction none", async () => {
  const world = new World(5);
  const [near, far] = await world.link();
  world.network.block("Hill", "Smith");
  const [nearReading, farReading] = [new Reading(near), new Reading(far)];
  const writing = write(near, "there");
  write(far, "back");
  await world.pass(10_000);
  assert(writing.text !== "pending");
  assertEquals(farReading.text, "");
  assertEquals(nearReading.text, "back".slice(0, nearReading.text.length));
  near.close();
  await world.pass(10_000);
  assertEquals(farReading.end, "pending");
  const endMs = world.time.elapsedMs;
  world.network.unblock("Hill", "Smith");
  await world.pass(1_100);
  assertEquals(farReading.text, "there".slice(0, Number(writing.text)));
  assertEquals(farReading.end, "end");
  assert(world.time.elapsedMs - endMs >= 1_100);
});

test("a blocked direction holds a reset", async () => {
  const world = new World(5);
  const [near, far] = await world.link();
  world.network.block("Hill", "Smith");
  world.network.cut();
  const [nearRead, farRead] = [read(near), read(far)];
  await world.pass(10_000);
  assertEquals(nearRead.text, "ConnectionReset");
  assertEquals(farRead.text, "pending");
  world.network.unblock("Hill", "Smith");
  await world.pass(1_100);
  assertEquals(farRead.text, "ConnectionReset");
});

test("a writer waits for the reader, and for its window update", async () => {
  const world = new World(9, { bufferBytes: 1_000 });
  const [near, far] = await world.link();
  const text = numbered(1_000);
  let isWritten = false;
  writeAll(near, text).then(() => isWritten = true);
  await world.pass(10_000);
  assertEquals(isWritten, false);
  const [connection] = world.network.connections;
  assertEquals(connection.acceptorEnd.unreadBytes, 1_000);
  assertEquals(connection.dialerEnd.inFlightBytes, 0);
  // The reader reads, but its window update does not arrive.
  world.network.block("Smith", "Hill");
  const reading = new Reading(far);
  await world.pass(10_000);
  assertEquals(reading.text, text.slice(0, 1_000));
  assertEquals(isWritten, false);
  world.network.unblockAll();
  await world.pass(10_000);
  assertEquals(isWritten, true);
  assertEquals(reading.text, text);
});

test("a write may take a part, and never more than the free room", async () => {
  const counts = new Set<string>();
  for (let seed = 0; seed < worldCount; seed++) {
    const world = new World(seed, { bufferBytes: 50 });
    const [near] = await world.link();
    const writing = write(near, "x".repeat(80));
    await world.time.drainMicrotasks();
    counts.add(writing.text);
    assert(Number(writing.text) >= 1 && Number(writing.text) <= 50);
  }
  assert(counts.has("50") && counts.size > 3);
});

test("a cut resets both ends, and loses the last bytes under way", async () => {
  let cutsInLine = 0;
  for (let seed = 0; seed < worldCount; seed++) {
    const world = new World(seed);
    const [near, far] = await world.link();
    const text = numbered(10);
    const reading = new Reading(far);
    const writing = writeAll(near, text).catch(() => {});
    await world.pass(1);
    assertEquals(world.network.cut()?.dialer, "Hill");
    assertEquals(world.network.cut(), undefined);
    const late = write(near, "too late");
    await world.pass(100);
    await writing;
    assert(late.text !== "pending");
    assertEquals(reading.text, text.slice(0, reading.text.length));
    if (reading.text !== "" && !reading.text.endsWith("\n")) cutsInLine += 1;
    assertEquals(reading.end, "ConnectionReset");
    assertEquals(read(near).text, "pending");
    near.close();
    far.close();
    assertEquals(world.network.connections.size, 0);
  }
  assert(cutsInLine > worldCount / 4, `${cutsInLine}`);
});

test("a reset takes as long as other packets", async () => {
  for (let seed = 0; seed < worldCount; seed++) {
    const world = new World(seed);
    const [near, far] = await world.link();
    world.network.setDelay("Hill", "Smith", 10, 10);
    const reading = new Reading(far);
    await writeAll(near, "kiwi");
    await world.pass(5);
    world.network.cut();
    await world.pass(9);
    assertEquals(reading.end, "pending");
    await world.pass(2);
    assertEquals(reading.end, "ConnectionReset");
  }
});

test("a reset may destroy received bytes that were not read", async () => {
  const texts = new Set<ByteString>();
  for (let seed = 0; seed < worldCount; seed++) {
    const world = new World(seed);
    const [near, far] = await world.link();
    await writeAll(near, "kiwi");
    await world.pass(100);
    world.network.cut();
    await world.pass(100);
    const reading = new Reading(far);
    await world.time.drainMicrotasks();
    assertEquals(reading.end, "ConnectionReset");
    texts.add(reading.text);
  }
  assertEquals([...texts].sort(), ["", "kiwi"]);
});

test("a reset ends a write that waits for room", async () => {
  const world = new World(1, { bufferBytes: 10 });
  const [near] = await world.link();
  await writeAll(near, "x".repeat(10));
  const writing = write(near, "y");
  await world.pass(100);
  assertEquals(writing.text, "pending");
  world.network.cut();
  await world.pass(100);
  assertEquals(writing.text, "ConnectionReset");
});

test("a reset is thrown once: then reads end and writes are broken", async () => {
  const world = new World(1);
  const [near, far] = await world.link();
  world.network.cut();
  await world.pass(100);
  const reads = [read(near)];
  await world.pass(0);
  reads.push(read(near));
  const writes = [write(far, "a")];
  await world.pass(0);
  writes.push(write(far, "b"), write(near, "c"));
  reads.push(read(far));
  const ending = new Outcome(far.closeWrite());
  await world.pass(0);
  assertEquals(reads.map(({ text }) => text), [
    "ConnectionReset",
    "null",
    "null",
  ]);
  assertEquals(writes.map(({ text }) => text), [
    "ConnectionReset",
    "BrokenPipe",
    "BrokenPipe",
  ]);
  assertEquals(ending.text, "undefined");
});

test("a frozen process does nothing, while its kernel continues", async () => {
  const world = new World(2, { bufferBytes: 100 });
  const { hill, network, smith } = world;
  const [near, far] = await world.link();
  const accepted: string[] = [];
  smith.listen((_, remote) => accepted.push(remote));
  const reading = read(far);
  const fired: string[] = [];
  smith.freeze();
  smith.clock.after(10, () => fired.push("timer"));
  const dial = new Outcome(network.connect(hill, "Smith", never));
  const writing = new Outcome(writeAll(near, "x".repeat(150)));
  await world.pass(1_000);
  assertEquals(dial.text, "[object Object]");
  assertEquals(writing.text, "pending");
  const [connection] = network.connections;
  assertEquals(connection.acceptorEnd.unreadBytes, 100);
  assertEquals([fired, accepted, reading.text], [[], [], "pending"]);
  smith.thaw();
  await world.pass(0);
  assertEquals([fired, accepted], [["timer"], ["Hill:40001"]]);
  assert(Number(reading.text) > 0);
});

test("a dial of a frozen process resolves after the thaw", async () => {
  const world = new World(2);
  const { hill, network, smith } = world;
  smith.listen(() => {});
  const dial = new Outcome(network.connect(hill, "Smith", never));
  hill.freeze();
  await world.pass(1_000);
  assertEquals(dial.text, "pending");
  hill.thaw();
  await world.pass(0);
  assertEquals(dial.text, "[object Object]");
});

test("a thawed process runs the actions that became due, in order", async () => {
  const world = new World(2);
  const { smith, time } = world;
  const order: string[] = [];
  for (const dueMs of [30, 10, 20]) {
    smith.clock.after(dueMs, async () => {
      order.push(`due ${dueMs}`);
      for (let turn = 0; turn < 100; turn++) await Promise.resolve();
      order.push(`done ${dueMs}`);
    });
  }
  const cancel = smith.clock.after(15, () => order.push("cancelled"));
  smith.freeze();
  // A thaw that is too short for any action.
  time.at(100, () => smith.thaw());
  time.at(100, () => smith.freeze());
  time.at(150, () => cancel());
  await time.run(190);
  assertEquals(order, []);
  time.at(200, () => smith.thaw());
  smith.clock.after(10, () => order.push("at the thaw"));
  smith.clock.after(20, () => order.push("later"));
  await time.run(300);
  assertEquals(order, [
    "due 10",
    "done 10",
    "due 20",
    "done 20",
    "due 30",
    "done 30",
    "at the thaw",
    "later",
  ]);
});

test("a killed process runs no code, and its connections end at any byte", async () => {
  const lengths: Record<string, Set<number>> = {};
  for (let seed = 0; seed < worldCount; seed++) {
    const world = new World(seed);
    const { smith } = world;
    const [near, far] = await world.link();
    const text = numbered(10);
    const reading = new Reading(near);
    const called: string[] = [];
    const note = (what: string) => () => called.push(what);
    smith.clock.after(50, note("timer"));
    far.read(new Uint8Array(1)).then(note("read"), note("read"));
    far.write(encodeBytes(text)).catch(note("write"));
    await world.pass(1);
    smith.crash();
    smith.clock.after(50, note("late timer"));
    read(far);
    far.closeWrite().then(note("late end"), note("late end"));
    far.close();
    const dial = new Outcome(world.network.connect(world.hill, "Smith", never));
    await world.pass(1_000);
    assertEquals(called, []);
    assertEquals(dial.text, "ConnectionRefused");
    assertEquals(reading.text, text.slice(0, reading.text.length));
    (lengths[reading.end] ??= new Set()).add(reading.text.length);
    near.close();
    assertEquals(world.network.connections.size, 0);
  }
  assertEquals(Object.keys(lengths).sort(), ["ConnectionReset", "end"]);
  assert(lengths.end.size > 20);
  assert(lengths.ConnectionReset.size > 20);
});

test("a kill ends connections that were closing", async () => {
  for (let seed = 0; seed < worldCount; seed++) {
    const world = new World(seed);
    const [near, far] = await world.link();
    const [ending, cut] = [new Reading(near), seed % 2 === 0];
    await writeAll(far, "kiwi");
    await far.closeWrite();
    if (cut) world.network.cut();
    world.smith.crash();
    await world.pass(100);
    assert(ending.end !== "pending");
  }
});

test("a restarted host has no timers or ports of its earlier process", async () => {
  const world = new World(4);
  const { hill, network, smith } = world;
  const fired: string[] = [];
  smith.listen(() => fired.push("old port"));
  const oldClock = smith.clock;
  oldClock.after(50, () => fired.push("old timer"));
  smith.freeze();
  const early = new Outcome(network.connect(hill, "Smith", never));
  await world.pass(20);
  assertThrows(() => smith.restart());
  smith.crash();
  const whileDown = new Outcome(network.connect(hill, "Smith", never));
  await world.pass(20);
  assertEquals(whileDown.text, "ConnectionRefused");
  smith.restart();
  assert(smith.clock !== oldClock);
  oldClock.after(50, () => fired.push("old timer"));
  smith.clock.after(50, () => fired.push("new timer"));
  const refused = new Outcome(network.connect(hill, "Smith", never));
  await world.pass(20);
  assertEquals([early.text, refused.text], [
    "[object Object]",
    "ConnectionRefused",
  ]);
  smith.listen(() => fired.push("new port"));
  network.connect(hill, "Smith", never);
  await world.pass(100);
  assertEquals(fired, ["new port", "new timer"]);
});

test("a process that dials and is killed leaves no connection", async () => {
  for (let seed = 0; seed < worldCount; seed++) {
    const world = new World(seed);
    const { hill, network, smith } = world;
    const readings: Reading[] = [];
    smith.listen((transport) => readings.push(new Reading(transport)));
    const dial = new Outcome(network.connect(hill, "Smith", never));
    await world.pass(seed / worldCount * 10);
    const wasMade = dial.text !== "pending";
    hill.crash();
    hill.restart();
    await world.pass(100);
    assertEquals(dial.text !== "pending", wasMade);
    assert(readings.every(({ end }) => end !== "pending"));
    assertEquals(hill.process.holds.size, 0);
  }
});

test("a power loss is noticed only by sending after the restart", async () => {
  const actions = [
    (transport: Transport) => writeAll(transport, "hello?"),
    (transport: Transport) => transport.closeWrite(),
  ];
  for (const act of actions) {
    const world = new World(6);
    const { hill, network, smith } = world;
    const [near] = await world.link();
    const reading = read(near);
    smith.crash({ powerLoss: true });
    await act(near);
    const dial = new Outcome(network.connect(hill, "Smith", never));
    await world.pass(60_000);
    assertEquals([reading.text, dial.text], ["pending", "pending"]);
    smith.restart();
    await world.pass(3_000);
    assertEquals(reading.text, "ConnectionReset");
    assertEquals(dial.text, "ConnectionRefused");
  }
});

test("a power loss loses bytes that have not left the machine", async () => {
  const world = new World(6);
  const { network, smith } = world;
  const [near, far] = await world.link();
  network.block("Smith", "Hill");
  await writeAll(far, "kiwi");
  await world.pass(100);
  smith.crash({ powerLoss: true });
  network.unblockAll();
  const reading = new Reading(near);
  await world.pass(10_000);
  assertEquals([reading.text, reading.end], ["", "pending"]);
});

test("closing with unread bytes may lose the bytes written last", async () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < worldCount; seed++) {
    const world = new World(seed);
    const [near, far] = await world.link();
    await Promise.all([
      writeAll(near, "unread"),
      world.pass(100),
    ]);
    await Promise.all([writeAll(far, "last words"), world.pass(1)]);
    far.close();
    await world.pass(100);
    const reading = new Reading(near);
    await world.pass(100);
    assertEquals(reading.text, "last words".slice(0, reading.text.length));
    const isWhole = reading.text === "last words";
    outcomes.add(`${isWhole ? "whole" : "part"}, ${reading.end}`);
  }
  assertEquals([...outcomes].sort(), [
    "part, ConnectionReset",
    "whole, ConnectionReset",
    "whole, end",
  ]);
});

test("closing without unread bytes loses nothing", async () => {
  const world = new World(7);
  const [near, far] = await world.link();
  const reading = new Reading(near);
  let isWritten = false;
  writeAll(far, numbered(1_000)).then(() => isWritten = true);
  await world.time.drainMicrotasks();
  assertEquals(isWritten, true);
  far.close();
  await world.pass(1_000);
  assertEquals([reading.text, reading.end], [numbered(1_000), "end"]);
});

test("bytes to a closed end are answered by a reset", async () => {
  const world = new World(8);
  const [near, far] = await world.link();
  far.close();
  await world.pass(100);
  const first = write(near, "a");
  await world.pass(100);
  const second = write(near, "b");
  await world.pass(100);
  assertEquals([first.text, second.text], ["1", "BrokenPipe"]);
  assertEquals(read(near).text, "pending");
});

test("closing interrupts pending operations", async () => {
  const world = new World(8, { bufferBytes: 10 });
  const [near] = await world.link();
  await writeAll(near, "x".repeat(10));
  const outcomes = [read(near), write(near, "y")];
  outcomes.push(new Outcome(near.closeWrite()));
  await world.pass(100);
  assertEquals(outcomes.map(({ text }) => text), Array(3).fill("pending"));
  near.close();
  await world.pass(0);
  assertEquals(outcomes.map(({ text }) => text), Array(3).fill("Interrupted"));
  const target = new Uint8Array(1);
  await assertRejects(() => near.read(target), Deno.errors.BadResource);
  await assertRejects(() => near.write(target), Deno.errors.BadResource);
  await assertRejects(() => near.closeWrite(), Deno.errors.BadResource);
  assertThrows(() => near.close(), Deno.errors.BadResource);
});

test("closeWrite() waits for the pending write, and leaves the other side open", async () => {
  const world = new World(8, { bufferBytes: 10 });
  const [near, far] = await world.link();
  await writeAll(near, "x".repeat(10));
  const writing = write(near, "y");
  const ending = new Outcome(near.closeWrite());
  await world.pass(100);
  assertEquals(ending.text, "pending");
  const reading = new Reading(far);
  await world.pass(100);
  assertEquals([writing.text, ending.text], ["1", "undefined"]);
  assertEquals([reading.text, reading.end], ["x".repeat(10) + "y", "end"]);
  const late = write(near, "z");
  await writeAll(far, "still here");
  const back = new Reading(near);
  far.close();
  await world.pass(100);
  assertEquals(late.text, "BrokenPipe");
  assertEquals([back.text, back.end], ["still here", "end"]);
});

test("two reads or two writes at once are an error", async () => {
  const world = new World(8, { bufferBytes: 1 });
  const [near] = await world.link();
  const pending = [read(near), write(near, "a"), write(near, "b")];
  const outcomes = [read(near), write(near, "c")];
  await world.pass(0);
  assertEquals(outcomes.map(({ text }) => text), ["Error", "Error"]);
  assertEquals(pending.map(({ text }) => text), ["pending", "1", "pending"]);
});

test("a port can be opened once, and again after it is closed", async () => {
  const world = new World(11);
  const { hill, smith } = world;
  const close = smith.listen(() => {}, 8100);
  assertThrows(() => smith.listen(() => {}, 8100), Deno.errors.AddrInUse);
  close();
  const refused = assertRejects(
    () => hill.connect("Smith", 8100, never),
    Deno.errors.ConnectionRefused,
  );
  await world.pass(100);
  await refused;
  smith.listen(() => {}, 8100);
});
