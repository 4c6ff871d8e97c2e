import { EventStream } from "../../admin/event_stream.ts";
import {
  eventsEveryMs,
  keptEvents,
  linkChangeMs,
  maxStreams,
  positionsEveryMs,
  selectedLines,
  snapshotPieceLines,
  statusEveryMs,
} from "../../admin/limits.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { fakeStatus } from "../fakes/herd_status.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";
import { FakeObservedServer } from "../fakes/observed_server.ts";

const lineOf = (client: string) =>
  `AT Hill +0.263873386 ${client} +34.068930-118.445127 1520023934.5`;

/** A page that collects the events of a stream. */
class Page {
  readonly events: { readonly name: string; readonly data: unknown }[] = [];
  isEnded = false;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
    this.#read();
  }

  async #read(): Promise<void> {
    while (true) {
      const { done, value } = await this.#reader.read();
      if (done) break;
      const text = new TextDecoder().decode(value);
      const [, name, data] = text.match(/^event: (.*)\ndata: (.*)\n\n$/)!;
      this.events.push({ name, data: JSON.parse(data) });
    }
    this.isEnded = true;
  }

  get names(): string[] {
    return this.events.map(({ name }) => name);
  }

  /** Removes the events of one name, and returns their data. */
  // deno-lint-ignore no-explicit-any
  take(name: string): any[] {
    const found = this.events.filter((event) => event.name === name);
    for (const event of found) {
      this.events.splice(this.events.indexOf(event), 1);
    }
    return found.map(({ data }) => data);
  }

  leave(): Promise<void> {
    return this.#reader.cancel();
  }
}

function open() {
  const clock = new ManualClock();
  const [self, other] = [
    new FakeObservedServer("Hill"),
    new FakeObservedServer("Smith"),
  ];
  const events = new EventStream({
    self,
    servers: [self, other],
    status: fakeStatus,
    clock,
  });
  return { clock, events, other, self };
}

Deno.test({
  name: "EventStream begins with hello, the status and the known positions",
  permissions: "none",
  async fn() {
    const { events, self } = open();
    self.known = [lineOf("kiwi"), lineOf("plum")];
    const page = new Page(events.subscribe()!);
    await drainMicrotasks();
    assertEquals(page.names, ["hello", "status", "positions"]);
    assertEquals(page.take("hello"), [{ version: 1, self: "Hill" }]);
    const [{ isSnapshot, known, positions }] = page.take("positions");
    assertEquals([isSnapshot, known, positions.length], [true, 2, 2]);
    events.close();
    await drainMicrotasks();
    assert(page.isEnded);
  },
});

Deno.test({
  name:
    "EventStream lets pages start again when a deletion has removed a report",
  permissions: "none",
  async fn() {
    const { clock, events, self } = open();
    self.known = [lineOf("kiwi"), lineOf("plum")];
    self.facts = { clients: 2, deletedReports: 5 };
    const page = new Page(events.subscribe()!);
    await clock.advance(10 * positionsEveryMs);
    assertEquals(page.isEnded, false);
    self.known.pop();
    self.facts = { clients: 1, deletedReports: 6 };
    await clock.advance(2 * positionsEveryMs);
    assertEquals(page.isEnded, true);
    const next = new Page(events.subscribe()!);
    await clock.advance(10 * positionsEveryMs);
    assertEquals(next.isEnded, false);
    const [{ isSnapshot, known, positions }] = next.take("positions");
    assertEquals([isSnapshot, known, positions.length], [true, 1, 1]);
    events.close();
  },
});

Deno.test({
  name:
    "EventStream sends the status every second, and early if a link changes",
  permissions: "none",
  async fn() {
    const { clock, events, other } = open();
    const page = new Page(events.subscribe()!);
    await drainMicrotasks();
    page.take("status");
    await clock.advance(statusEveryMs - 1);
    assertEquals(page.take("status").length, 0);
    await clock.advance(1);
    assertEquals(page.take("status").length, 1);
    other.emit({ event: "link down" });
    other.emit({ event: "link up" });
    await clock.advance(linkChangeMs);
    assertEquals(page.take("status").length, 1);
    other.emit({ event: "dial failed" });
    await clock.advance(linkChangeMs);
    assertEquals(page.take("status").length, 0);
    events.close();
    await drainMicrotasks();
  },
});

Deno.test({
  name:
    "EventStream sends new reports, and observes them only while a page is open",
  permissions: "none",
  async fn() {
    const { clock, events, self } = open();
    assertEquals(self.reportObservers, 0);
    assertEquals(clock.timers, 0);
    const pages = [
      new Page(events.subscribe()!),
      new Page(events.subscribe()!),
    ];
    await drainMicrotasks();
    assertEquals(self.reportObservers, 1);
    self.notifyReport(lineOf("kiwi"));
    await clock.advance(positionsEveryMs);
    for (const page of pages) {
      const [piece] = page.take("positions");
      assertEquals(piece.isSnapshot, false);
      assertEquals(piece.positions[0][0], "kiwi");
    }
    await pages[0].leave();
    assertEquals(self.reportObservers, 1);
    await pages[1].leave();
    assertEquals(self.reportObservers, 0);
    assertEquals(clock.timers, 0);
    events.close();
  },
});

Deno.test({
  name:
    "EventStream sends the last events of all servers, and new ones at once",
  permissions: "none",
  async fn() {
    const { events, other, self } = open();
    for (let index = 0; index <= keptEvents; index++) {
      self.emit({ event: `event ${index}` });
    }
    self.emit({ level: "debug", event: "connected" });
    const page = new Page(events.subscribe()!);
    await drainMicrotasks();
    const before = page.take("log");
    assertEquals(before.length, keptEvents);
    assertEquals([before[0].server, before[0].event], ["Hill", "event 1"]);
    other.emit({ event: "stopping", level: "warning" });
    await drainMicrotasks();
    assertEquals(page.take("log"), [{
      server: "Smith",
      time: 1520024734,
      uptimeSeconds: 0,
      level: "warning",
      connection: "server",
      event: "stopping",
      fields: {},
    }]);
    events.close();
    assertEquals(self.eventObservers, 0);
    await drainMicrotasks();
  },
});

Deno.test({
  name: "EventStream disconnects a page that does not read, and no other",
  permissions: "none",
  async fn() {
    const { clock, events, self } = open();
    const idle = events.subscribe()!;
    const page = new Page(events.subscribe()!);
    const pieces = 400;
    for (let piece = 0; piece < pieces; piece++) {
      self.known.length = 0;
      for (let client = 0; client < 40; client++) {
        self.notifyReport(lineOf(`${"x".repeat(100)}${client}`));
      }
      await clock.advance(positionsEveryMs);
    }
    assertEquals(page.isEnded, false);
    assertEquals(page.take("positions").length, pieces);
    // The idle page's waiting bytes are discarded, and its stream has failed.
    await assertRejects(
      () => idle.getReader().read(),
      Deno.errors.Interrupted,
    );
    assertEquals(events.subscribe() === undefined, false);
    events.close();
    await drainMicrotasks();
  },
});

Deno.test({
  name: "EventStream sends the whole snapshot to a page that reads slowly",
  permissions: "none",
  async fn() {
    const { clock, events, self } = open();
    const count = 20_000;
    self.known = Array.from(
      { length: count },
      (_, index) => lineOf(`c${index}`),
    );
    const stream = events.subscribe()!;
    await drainMicrotasks();
    const page = new Page(stream);
    let shown = 0;
    while (shown < count) {
      await clock.advance(1);
      for (const { positions } of page.take("positions")) {
        shown += positions.length;
      }
    }
    assertEquals(shown, count);
    assertEquals(page.isEnded, false);
    events.close();
    await drainMicrotasks();
  },
});

Deno.test({
  name: "EventStream limits the number of streams",
  permissions: "none",
  async fn() {
    const { events } = open();
    const streams = Array.from(
      { length: maxStreams },
      () => events.subscribe()!,
    );
    assertEquals(events.subscribe(), undefined);
    await streams[0].cancel();
    assert(events.subscribe() !== undefined);
    events.close();
  },
});

Deno.test({
  name: "EventStream ends and removes a stream whose snapshot fails",
  permissions: "none",
  async fn() {
    const { events, self } = open();
    self.known = [lineOf("kiwi")];
    self.select = () => Promise.reject(new Error("no connection"));
    const reader = events.subscribe()!.getReader();
    await drainMicrotasks();
    await assertRejects(() => reader.read(), Error, "no connection");
    assertEquals(self.reportObservers, 0);
    events.close();
  },
});

Deno.test({
  name: "EventStream sends 1,000 clients with long IDs in small pieces",
  permissions: "none",
  async fn() {
    const { clock, events, self } = open();
    const id = "\x01".repeat(65_000);
    self.known = Array.from(
      { length: 1_000 },
      (_, index) => lineOf(`${id}${index}`),
    );
    const reader = events.subscribe()!.getReader();
    const ids = new Set<string>();
    while (ids.size < 1_000) {
      const reading = reader.read();
      await clock.advance(1);
      const { value } = await reading;
      assert(value!.length < 128 * 1024, `${value!.length} bytes`);
      const text = new TextDecoder().decode(value);
      const [, data] = text.match(/^event: positions\ndata: (.*)\n\n$/) ?? [];
      if (data === undefined) continue;
      for (const [client] of JSON.parse(data).positions) ids.add(client);
    }
    events.close();
  },
});

Deno.test({
  name: "EventStream makes the snapshots of many pages one piece a turn",
  permissions: "none",
  async fn() {
    const { clock, events, self } = open();
    self.known = Array.from(
      { length: 5_000 },
      (_, index) => lineOf(`c${index}`),
    );
    let selections = 0;
    const { select } = self;
    self.select = (...args) => {
      selections += 1;
      return select.apply(self, args);
    };
    const pages = Array.from(
      { length: maxStreams },
      () => new Page(events.subscribe()!),
    );
    await drainMicrotasks();
    // The first page's first piece. The other pages wait for a later turn.
    assert(selections <= snapshotPieceLines / selectedLines, `${selections}`);
    assertEquals(
      pages.filter(({ names }) => names.includes("positions")).length,
      1,
    );
    await clock.advance(positionsEveryMs);
    for (const page of pages) {
      const shown = page.take("positions").flatMap((piece) => piece.positions);
      assertEquals(shown.length, 5_000);
    }
    events.close();
    await drainMicrotasks();
  },
});

Deno.test({
  name: "EventStream sends a burst of events together, the last ones of many",
  permissions: "none",
  async fn() {
    const { clock, events, self } = open();
    const page = new Page(events.subscribe()!);
    for (let index = 0; index < 10_000; index++) {
      self.emit({ event: `event ${index}`, level: "warning" });
    }
    await drainMicrotasks();
    assertEquals(page.take("log").map(({ event }) => event), ["event 0"]);
    await clock.advance(eventsEveryMs);
    const shown = page.take("log").map(({ event }) => event);
    assertEquals(shown.length, keptEvents);
    assertEquals(shown.at(-1), "event 9999");
    await clock.advance(eventsEveryMs);
    self.emit({ event: "a later one" });
    await drainMicrotasks();
    assertEquals(page.take("log").length, 1);
    events.close();
    await drainMicrotasks();
  },
});

Deno.test({
  name: "EventStream cuts what is long in an event",
  permissions: "none",
  async fn() {
    const { events, self } = open();
    const long = "x".repeat(60_000);
    self.emit({
      event: long,
      connection: long,
      fields: {
        detail: long,
        [long]: 1,
        list: Array<string>(9_000).fill("a"),
        ...Object.fromEntries([...long.slice(0, 999)].entries()),
      },
    });
    const reader = events.subscribe()!.getReader();
    let text = "";
    while (!text.startsWith("event: log")) {
      text = new TextDecoder().decode((await reader.read()).value);
    }
    assert(text.length < 4_000, `${text.length}`);
    events.close();
  },
});

Deno.test({
  name: "EventStream counts the limits that it has reached",
  permissions: "none",
  async fn() {
    const self = new FakeObservedServer("Hill");
    const clock = new ManualClock();
    const events = new EventStream({
      self,
      servers: [self],
      status: fakeStatus,
      clock,
      onLimit: (limit) => self.countLimit(limit),
    });
    const streams = Array.from({ length: maxStreams }, () => {
      return events.subscribe()!;
    });
    assertEquals(events.subscribe(), undefined);
    assertEquals(self.limits, ["admin-streams"]);
    for (const stream of streams.slice(1)) await stream.cancel();
    while (self.limits.length === 1) await clock.advance(statusEveryMs);
    assertEquals(self.limits, ["admin-streams", "admin-stream-bytes"]);
    events.close();
  },
});
