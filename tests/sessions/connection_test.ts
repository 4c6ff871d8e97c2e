import { maxLineBytes } from "../../protocol/limits.ts";
import { ClientConnection } from "../../sessions/connection.ts";
import { refusalLingerMs, stopLingerMs } from "../../sessions/limits.ts";
import { assertEquals } from "../assert.ts";
import { ManualClock, settle } from "../fakes/manual_clock.ts";
import { PipeEnd } from "../fakes/pipe.ts";
import { RecordingTraffic } from "../fakes/recording_traffic.ts";
import { FakeDesk } from "./fake_desk.ts";

const iamat =
  "IAMAT kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997\n";
const at =
  "AT Hill +0.263873386 kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997\n";
const whatsat = "WHATSAT kiwi.cs.ucla.edu 10 5\n";

/** A connection on a pipe; `steps` tells flushes and writes in their order. */
function connect() {
  const [server, client] = PipeEnd.pair();
  const desk = new FakeDesk();
  const clock = new ManualClock();
  const traffic = new RecordingTraffic();
  const links: { handed?: Promise<void> } = {};
  let flushes = 0;
  const connection = new ClientConnection(server, {
    desk,
    clock,
    traffic,
    flush: () => flushes += 1,
    handed: () => links.handed,
  });
  const ended = connection.run();
  return {
    client,
    clock,
    connection,
    desk,
    ended,
    links,
    server,
    traffic,
    flushCount: () => flushes,
  };
}

Deno.test({
  name: "ClientConnection answers, and closes when the client has ended",
  permissions: "none",
  async fn() {
    const { client, clock, ended, server, traffic } = connect();
    client.say(iamat);
    await settle();
    assertEquals(client.takeAll(), at);
    await client.closeWrite();
    assertEquals(await ended, "client closed");
    assertEquals(server.isClosed, true);
    assertEquals(clock.timers, 0);
    assertEquals(traffic.lines, [
      `< ${iamat.trimEnd()}`,
      `> ${at.trimEnd()}`,
    ]);
  },
});

Deno.test({
  name: "ClientConnection answers a chunk of many lines with one write",
  permissions: "none",
  async fn() {
    const { client, ended, server } = connect();
    client.say("x\n".repeat(500));
    await client.closeWrite();
    await ended;
    assertEquals(server.writes, ["? x\n".repeat(500)]);
  },
});

Deno.test({
  name: "ClientConnection writes AT and JSON in one write",
  permissions: "none",
  async fn() {
    const { client, desk, ended, server } = connect();
    client.say(iamat + whatsat);
    await settle();
    desk.questions[0].answer("{}");
    await settle();
    assertEquals(server.writes, [at, `${at}{}\n\n`]);
    await client.closeWrite();
    await ended;
  },
});

Deno.test({
  name: "ClientConnection holds the reply back until the neighbours have it",
  permissions: "none",
  async fn() {
    const { client, desk, ended, flushCount, links, server } = connect();
    const { promise, resolve } = Promise.withResolvers<void>();
    links.handed = promise;
    client.say(iamat);
    await settle();
    assertEquals(desk.accepted.length, 1);
    assertEquals(flushCount() > 0, true);
    assertEquals(server.writes, []);
    links.handed = undefined;
    resolve();
    await settle();
    assertEquals(server.writes, [at]);
    await client.closeWrite();
    await ended;
  },
});

Deno.test({
  name: "ClientConnection answers what was asked before a half-close",
  permissions: "none",
  async fn() {
    const { client, desk, ended, server } = connect();
    client.say(iamat + whatsat + "no newline");
    await client.closeWrite();
    await settle();
    assertEquals(client.takeAll(), at);
    assertEquals(server.isClosed, false);
    desk.questions[0].answer("{}");
    assertEquals(await ended, "client closed");
    assertEquals(client.takeAll(), `${at}{}\n\n? no newline\n`);
  },
});

Deno.test({
  name: "ClientConnection writes on where a write took only a part",
  permissions: "none",
  async fn() {
    const { client, ended, server } = connect();
    server.maxWriteBytes = 7;
    client.say(iamat);
    await client.closeWrite();
    await ended;
    assertEquals(client.takeAll(), at);
    assertEquals(server.writes.length, Math.ceil(at.length / 7));
  },
});

Deno.test({
  name: "ClientConnection reads no further while the client does not read",
  permissions: "none",
  async fn() {
    const { client, ended, server } = connect();
    server.freeze();
    client.say(iamat);
    await settle();
    client.say("more\n");
    await settle();
    assertEquals(server.unread, "more\n");
    server.thaw();
    await client.closeWrite();
    await ended;
    assertEquals(client.takeAll(), `${at}? more\n`);
  },
});

Deno.test({
  name: "ClientConnection reads no further while the log has no room",
  permissions: "none",
  async fn() {
    const { client, desk, ended, traffic } = connect();
    traffic.fill();
    client.say(iamat);
    await settle();
    assertEquals(desk.accepted.length, 0);
    traffic.drain();
    await settle();
    assertEquals(client.takeAll(), at);
    await client.closeWrite();
    await ended;
  },
});

Deno.test({
  name: "ClientConnection refuses a line that is too long, then closes",
  permissions: "none",
  async fn() {
    const { client, clock, ended, server } = connect();
    client.say(iamat + "z".repeat(maxLineBytes + 1));
    await settle();
    assertEquals(client.takeAll(), `${at}? ${"z".repeat(1024)}\n`);
    // It reads on for a while, so that the refusal is not lost in a reset.
    client.say("more");
    await settle();
    assertEquals(server.unread, "");
    assertEquals(server.isClosed, false);
    await clock.advance(refusalLingerMs);
    assertEquals(await ended, "line too long");
    assertEquals(server.isClosed, true);
  },
});

Deno.test({
  name: "ClientConnection ends as lost when the client is gone",
  permissions: "none",
  async fn() {
    const { client, ended } = connect();
    client.say(iamat);
    client.close();
    assertEquals(await ended, "connection lost");
  },
});

Deno.test({
  name: "stop() answers what was asked, then ends the connection",
  permissions: "none",
  async fn() {
    const { client, clock, connection, desk, ended } = connect();
    client.say(iamat + whatsat);
    await settle();
    const stopped = connection.stop();
    client.say("too late\n");
    await settle();
    desk.questions[0].answer("{}");
    await stopped;
    assertEquals(client.takeAll(), `${at}${at}{}\n\n`);
    await client.closeWrite();
    assertEquals(await ended, "stopping");
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "stop() does not wait for ever for a client that stays",
  permissions: "none",
  async fn() {
    const { clock, connection, ended } = connect();
    const stopped = connection.stop();
    await clock.advance(stopLingerMs);
    await stopped;
    assertEquals(await ended, "stopping");
  },
});
