import {
  maxHeadBytes,
  requestMs,
  writeMs,
} from "../../runtime/http_connection.ts";
import {
  maxHttpConnections,
  serveConnections,
} from "../../runtime/http_port.ts";
import type { LimitName } from "../../runtime/limit_counts.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { FakeListener } from "../fakes/listener.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";
import type { PipeEnd } from "../fakes/pipe.ts";

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`;

/** A port whose answers are the paths. `/stream` never ends. */
function open() {
  const listener = new FakeListener();
  const clock = new ManualClock();
  const limits: LimitName[] = [];
  const streams: ReadableStreamDefaultController<Uint8Array>[] = [];
  let cancelled = 0;
  const handler = (request: Request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/fault") return Promise.reject(new Error("a fault"));
    if (pathname === "/echo") {
      return request.text().then(
        (text) => new Response(text),
        (error) => new Response(error.message, { status: 400 }),
      );
    }
    if (pathname !== "/stream") {
      const headers = { "content-length": `${pathname.length}` };
      const body = request.method === "HEAD" ? null : pathname;
      return Promise.resolve(new Response(body, { headers }));
    }
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => void streams.push(controller),
      cancel: () => void (cancelled += 1),
    });
    return Promise.resolve(new Response(stream));
  };
  const port = serveConnections(listener, {
    handler,
    clock,
    onLimit: (limit) => limits.push(limit),
  });
  return {
    clock,
    limits,
    port,
    streams,
    listener,
    connect: () => listener.connect(),
    cancelled: () => cancelled,
  };
}

/** Closes the port. Connections whose other side stays are ended. */
async function close({ clock, port }: ReturnType<typeof open>) {
  const closed = port.close();
  await clock.advance(2_000);
  await closed;
}

async function ask(client: PipeEnd, text: string): Promise<string> {
  client.sendText(text);
  await drainMicrotasks();
  return client.takeAll();
}

Deno.test({
  name: "an HTTP port answers request after request, whole or in pieces",
  permissions: "none",
  async fn() {
    const world = open();
    const client = world.connect();
    const first = await ask(client, get("/one"));
    assertStringIncludes(first, "HTTP/1.1 200 OK\r\n");
    assertStringIncludes(first, "connection: keep-alive\r\n");
    assert(first.endsWith("\r\n\r\n/one"), first);
    const pair = await ask(client, get("/two") + get("/three"));
    assertEquals(pair.match(/\/\w+$|\/two(?=HTTP)/g), ["/two", "/three"]);
    for (const byte of get("/four").slice(0, -1)) {
      assertEquals(await ask(client, byte), "");
    }
    assert((await ask(client, "\n")).endsWith("\r\n\r\n/four"));
    const head = await ask(client, get("/one").replace("GET", "HEAD"));
    assert(head.endsWith("\r\n\r\n"), head);
    assertStringIncludes(head, "content-length: 4\r\n");
    assertEquals(client.other.isClosed, false);
    await close(world);
    assert(client.other.isClosed);
  },
});

/** The head of a last request with this many bytes. */
function headOf(bytes: number): string {
  const start = "GET / HTTP/1.0\r\nHost: h\r\nCookie: ";
  return `${start.padEnd(bytes - 4, "x")}\r\n\r\n`;
}

Deno.test({
  name: "an HTTP port ends a connection after a request with a body or a fault",
  permissions: "none",
  async fn() {
    for (
      const [text, status] of [
        ["POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody", 200],
        ["IAMAT kiwi +1+2 1\r\n\r\n", 400],
        ["GET / HTTP/1.0\r\nHost: h\r\n\r\n", 200],
        ["x".repeat(maxHeadBytes + 1), 431],
        // Its end arrives together with the byte that is one too many.
        [headOf(maxHeadBytes), 200],
        [headOf(maxHeadBytes + 1), 431],
      ] as const
    ) {
      const world = open();
      const client = world.connect();
      const answer = await ask(client, text);
      assertStringIncludes(answer, `HTTP/1.1 ${status} `);
      assertStringIncludes(answer, "connection: close\r\n");
      await world.clock.advance(1_000);
      assert(client.other.isClosed, text);
      await close(world);
    }
  },
});

Deno.test({
  name: "an HTTP port gives the body of a POST to a handler that reads it",
  permissions: "none",
  async fn() {
    const world = open();
    const head = (length: number | string) =>
      `POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n`;
    // What follows the body is no part of it, and is not answered.
    const client = world.connect();
    const answer = await ask(client, `${head(5)}12345${get("/one")}`);
    assert(answer.endsWith("\r\n\r\n12345"), answer);
    assertStringIncludes(answer, "connection: close\r\n");
    const slow = world.connect();
    assertEquals(await ask(slow, head(3)), "");
    assertEquals(await ask(slow, "\xff1"), "");
    assertStringIncludes(await ask(slow, "2"), "200 OK");
    const short = world.connect();
    await ask(short, `${head(5)}123`);
    await short.closeWrite();
    await drainMicrotasks();
    assertStringIncludes(short.takeAll(), "HTTP/1.1 400 ");
    const late = world.connect();
    await ask(late, `${head(5)}123`);
    await world.clock.advance(requestMs);
    assert(late.other.isClosed);
    for (const length of ["x", "1234567890", "-1"]) {
      assert((await ask(world.connect(), head(length))).endsWith("\r\n\r\n"));
    }
    await close(world);
  },
});

Deno.test({
  name: "an HTTP port closes a connection that sends no whole request in time",
  permissions: "none",
  async fn() {
    const world = open();
    const [silent, slow] = [world.connect(), world.connect()];
    await drainMicrotasks();
    await world.clock.advance(requestMs - 1);
    await ask(slow, "GET /");
    assertEquals([silent, slow].map((end) => end.other.isClosed), [
      false,
      false,
    ]);
    await world.clock.advance(1);
    assertEquals([silent, slow].map((end) => end.other.isClosed), [true, true]);
    await close(world);
  },
});

Deno.test({
  name: "an HTTP port closes a connection that does not read",
  permissions: "none",
  async fn() {
    const world = open();
    const client = world.connect();
    await drainMicrotasks();
    client.other.freeze();
    client.sendText(get("/one"));
    await world.clock.advance(writeMs);
    assert(client.other.isClosed);
    await close(world);
  },
});

Deno.test({
  name: "an HTTP port at its limit closes the connection that waits longest",
  permissions: "none",
  async fn() {
    const world = open();
    const clients: PipeEnd[] = [];
    for (let count = 0; count < maxHttpConnections; count++) {
      clients.push(world.connect());
      await world.clock.advance(1);
    }
    // The first one has just been answered.
    await ask(clients[0], get("/one"));
    assertEquals(world.limits, []);
    const late = world.connect();
    assert((await ask(late, get("/late"))).endsWith("/late"));
    assertEquals(world.limits, ["admin-connections"]);
    assertEquals(
      clients.flatMap(({ other }, index) => other.isClosed ? [index] : []),
      [1],
    );
    await close(world);
  },
});

Deno.test({
  name: "an HTTP port refuses a connection if all others are being answered",
  permissions: "none",
  async fn() {
    const world = open();
    const clients = Array.from({ length: maxHttpConnections }, world.connect);
    for (const client of clients) await ask(client, get("/stream"));
    const late = world.connect();
    await ask(late, get("/late"));
    assert(late.other.isClosed);
    assertEquals(clients.some(({ other }) => other.isClosed), false);
    clients[0].close();
    await drainMicrotasks();
    const next = world.connect();
    assert((await ask(next, get("/next"))).endsWith("/next"));
    await close(world);
  },
});

Deno.test({
  name: "an HTTP port cancels a stream when its reader leaves",
  permissions: "none",
  async fn() {
    const world = open();
    const client = world.connect();
    const head = await ask(client, get("/stream"));
    assertStringIncludes(head, "connection: close\r\n");
    world.streams[0].enqueue(new TextEncoder().encode("data"));
    await drainMicrotasks();
    assertEquals(client.takeAll(), "data");
    client.close();
    await drainMicrotasks();
    assertEquals(world.cancelled(), 1);
    await close(world);
  },
});

Deno.test({
  name: "an HTTP port continues after an accept has failed",
  permissions: "none",
  async fn() {
    const world = open();
    world.listener.bring(new Error("Too many open files"));
    await world.clock.advance(1_000);
    assertEquals(world.limits, ["descriptors"]);
    assert((await ask(world.connect(), get("/one"))).endsWith("/one"));
    await close(world);
  },
});
