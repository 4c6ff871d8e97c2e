import { TokenAuthenticator } from "../../../identity/token_authenticator.ts";
import { assert, assertEquals } from "../../assert.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import type { PipeEnd } from "../../fakes/pipe.ts";
import { key } from "../../identity/make_token.ts";
import { type GatewayChoices, openGateway } from "../open_gateway.ts";
import { iamat, newYear, pgid, rmc, sentence } from "./sentences.ts";

const seconds = newYear + 1_000;

const open = (chosen: GatewayChoices = {}) =>
  openGateway("NMEA", { seconds, ...chosen });

/** Sends a text, and waits until it is taken. */
async function send(client: PipeEnd, text: string): Promise<void> {
  client.sendText(text);
  await drainMicrotasks();
}

/** The lines of a log that were received. */
const received = ({ lines }: { lines: readonly string[] }) =>
  lines.filter((line) => line.startsWith("<"));

Deno.test({
  name: "sentences are taken alike, wherever the stream is split",
  permissions: "none",
  async fn() {
    const stream = pgid("van 12") + rmc(1) + sentence("GPGSV,1,1,00") +
      rmc(2, "V") + rmc(3).trimEnd();
    for (let at = 0; at <= stream.length; at++) {
      const { connect, events, gateways, traffic } = await open();
      const client = connect();
      await send(client, stream.slice(0, at));
      await send(client, stream.slice(at));
      await client.closeWrite();
      await drainMicrotasks();
      assertEquals(received(traffic), [
        iamat("van%2012", 1),
        iamat("van%2012", 3),
      ]);
      assertEquals(gateways.status().reports, { nmea: 2 });
      assertEquals(gateways.status().reasons, {
        "no-fix": 1,
        "other-sentence": 1,
      });
      assertEquals(client.takeAll(), "");
      assertEquals(events, [
        "nmea/1 connected 127.0.0.1:5000",
        "nmea/1 closed client closed",
      ]);
    }
  },
});

Deno.test({
  name: "long streams are taken in pieces, and each is written to neighbours",
  permissions: "none",
  async fn() {
    const { connect, replica } = await open();
    let flushes = 0;
    replica.onFlush = () => flushes++;
    const client = connect();
    await send(client, pgid("van") + rmc(1).repeat(1_000));
    assertEquals(replica.accepted.length, 1_000);
    assert(flushes >= 1_000 / 32, `${flushes} flushes`);
  },
});

Deno.test({
  name:
    "a sender on this machine names its device, one elsewhere needs an entry",
  permissions: "none",
  async fn() {
    const { connect, events, gateways, traffic } = await open();
    await send(connect("::ffff:127.0.0.1"), pgid("van") + rmc(1));
    await send(connect(), rmc(2));
    const other = connect("192.0.2.7");
    await send(other, pgid("van") + rmc(3));
    assert(other.other.isClosed);
    assertEquals(received(traffic), [iamat("van", 1)]);
    assertEquals(gateways.status().reasons, {
      "no-id": 1,
      "unlisted-address": 1,
    });
    assertEquals(gateways.status().example?.text, "192.0.2.7");
    assertEquals(
      events.at(-1),
      "nmea/3 closed not authorized its address is not in a file of --open-nmea",
    );
  },
});

Deno.test({
  name: "a listed address reports for the client that is listed, and no other",
  permissions: "none",
  async fn() {
    const { connect, gateways, traffic } = await open({
      nmeaSenders: new Map([["192.0.2.7", "bus"]]),
    });
    await send(connect("192.0.2.7"), rmc(1) + pgid("van") + rmc(2));
    await send(connect("::ffff:192.0.2.7"), pgid("bus") + rmc(3));
    const local = connect();
    await send(local, pgid("bus") + rmc(4));
    assert(local.other.isClosed);
    assertEquals(received(traffic), [iamat("bus", 1), iamat("bus", 3)]);
    assertEquals(gateways.status().reasons, {
      "not-permitted": 1,
      "unlisted-address": 1,
    });
  },
});

Deno.test({
  name: "a server with tokens takes no sentences without a list of addresses",
  permissions: "none",
  async fn() {
    const tokens = new TokenAuthenticator({ keys: [key], revoked: new Set() });
    const { connect, replica } = await open({ tokens });
    const client = connect();
    await send(client, pgid("van") + rmc(1));
    assert(client.other.isClosed);
    assertEquals(replica.accepted, []);
  },
});

Deno.test({
  name: "nothing of an HTTP request is taken, which any web page can send",
  permissions: "none",
  async fn() {
    const { connect, events, refusals, replica } = await open();
    const client = connect();
    await send(
      client,
      `POST / HTTP/1.1\r\nHost: x\r\n\r\n${pgid("van")}${rmc(1)}`,
    );
    assert(client.other.isClosed);
    assertEquals(replica.accepted, []);
    assertEquals([...refusals.counts], [["http-request", 1]]);
    assertEquals(events.at(-1), "nmea/1 closed HTTP request");
  },
});

Deno.test({
  name: "a line of over 256 bytes ends the connection, ended or not",
  permissions: "none",
  async fn() {
    for (const end of ["", "\n", `\n${rmc(2)}`]) {
      const { connect, counts, events, traffic } = await open();
      const client = connect();
      await send(
        client,
        pgid("van") + rmc(1) + `${"x".repeat(256)}\n${"x".repeat(257)}${end}`,
      );
      assert(client.other.isClosed);
      assertEquals(received(traffic), [iamat("van", 1)]);
      assertEquals(counts.hits.get("line-bytes"), 1);
      assertEquals(
        events.at(-1),
        "nmea/1 closed line too long over 256 bytes",
      );
    }
  },
});

Deno.test({
  name: "sentences wait for the log and for the replica",
  permissions: "none",
  async fn() {
    const { connect, replica, traffic } = await open();
    const flushed = Promise.withResolvers<void>();
    replica.flushed = flushed.promise;
    traffic.fill();
    const client = connect();
    await send(client, pgid("van") + rmc(1));
    assertEquals(replica.accepted.length, 0);
    traffic.drain();
    await drainMicrotasks();
    assertEquals(replica.accepted.length, 1);
    await send(client, rmc(2));
    assertEquals(replica.accepted.length, 1);
    flushed.resolve();
    await drainMicrotasks();
    assertEquals(replica.accepted.length, 2);
  },
});

Deno.test({
  name:
    "a connection ends if the replica fails, if it is idle, and at the stop",
  permissions: "none",
  async fn() {
    const { clock, connect, events, listener, replica, traffic } = await open({
      limits: { idleMs: 60_000 },
    });
    const put = replica.put.bind(replica);
    replica.put = (_report, settling) => {
      settling.begin();
      settling.fail("no room");
      return undefined;
    };
    await send(connect(), pgid("van") + rmc(1));
    assertEquals(events.at(-1), "nmea/1 closed replica failed no room");
    replica.put = put;
    const idle = connect();
    await send(idle, pgid("van") + rmc(2));
    for (let ms = 0; ms < 80_000; ms += 1_000) await clock.advance(1_000);
    assert(idle.other.isClosed);
    assertEquals(events.at(-1)?.slice(0, 18), "nmea/2 closed idle");
    // What was received before the stop is taken.
    traffic.fill();
    const last = connect();
    await send(last, pgid("van") + rmc(3));
    const stopped = listener.stop();
    traffic.drain();
    await stopped;
    assertEquals(events.at(-1), "nmea/3 closed stopping");
    assertEquals(received(traffic).at(-1), iamat("van", 3));
  },
});
