import {
  datagramSenderMs,
  maxDatagramSenders,
} from "../../../gateways/nmea/limits.ts";
import { encodeBytes } from "../../../protocol/bytes.ts";
import { assertEquals } from "../../assert.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import { type GatewayChoices, openGateway } from "../open_gateway.ts";
import { iamat, newYear, pgid, rmc } from "./sentences.ts";

const seconds = newYear + 1_000;

/** A gateway, and a function that sends a datagram to it. */
async function open(chosen: GatewayChoices = {}) {
  const opened = await openGateway("NMEA", { seconds, ...chosen });
  const datagrams = opened.gateways.kindOf("NMEA").datagrams!;
  const send = (text: string, port = 5000, address = "127.0.0.1") =>
    datagrams.receive(encodeBytes(text), address, port);
  const received = () =>
    opened.traffic.lines.filter((line) => line.startsWith("<"));
  return { ...opened, datagrams, received, send };
}

Deno.test({
  name: "each port of this machine is a sender, which names its device",
  permissions: "none",
  async fn() {
    const { datagrams, events, gateways, received, send } = await open();
    send(pgid("van") + rmc(1));
    send(pgid("bus").trimEnd(), 5001);
    send(rmc(2).trimEnd());
    send(rmc(3), 5001);
    send(rmc(4), 5002);
    send("");
    send(pgid("far") + rmc(5), 5000, "192.0.2.7");
    await drainMicrotasks();
    assertEquals(received(), [
      iamat("van", 1),
      iamat("van", 2),
      iamat("bus", 3),
    ]);
    assertEquals(gateways.status().reasons, {
      "no-id": 1,
      "unlisted-address": 1,
    });
    await datagrams.stop();
    send(rmc(6));
    await drainMicrotasks();
    assertEquals(received().length, 3);
    assertEquals(events, [
      "nmea/1 connected 127.0.0.1:5000 UDP",
      "nmea/2 connected 127.0.0.1:5001 UDP",
      "nmea/3 connected 127.0.0.1:5002 UDP",
      "nmea/2 closed stopping",
      "nmea/3 closed stopping",
      "nmea/1 closed stopping",
    ]);
  },
});

Deno.test({
  name: "a listed address is one sender, of the client that is listed",
  permissions: "none",
  async fn() {
    const { events, gateways, received, send } = await open({
      nmeaSenders: new Map([["192.0.2.7", "bus"], ["2001:db8::7", "tram"]]),
    });
    send(rmc(1), 5000, "192.0.2.7");
    send(rmc(2), 5001, "192.0.2.7");
    send(rmc(3), 5001, "2001:db8::7");
    send(pgid("bus") + rmc(4), 5001, "2001:db8::7");
    send(pgid("bus") + rmc(5));
    await drainMicrotasks();
    assertEquals(received(), [
      iamat("bus", 1),
      iamat("bus", 2),
      iamat("tram", 3),
    ]);
    assertEquals(gateways.status().reasons, {
      "not-permitted": 1,
      "unlisted-address": 1,
    });
    assertEquals(events.length, 2);
  },
});

Deno.test({
  name:
    "a sender ends when its address is not listed any more, or for another client",
  permissions: "none",
  async fn() {
    const nmeaSenders = new Map([["192.0.2.7", "bus"], ["192.0.2.8", "tram"]]);
    const { events, received, refusals, send } = await open({ nmeaSenders });
    for (const address of nmeaSenders.keys()) send(rmc(1), 5000, address);
    await drainMicrotasks();
    nmeaSenders.set("192.0.2.7", "van");
    nmeaSenders.delete("192.0.2.8");
    for (const address of ["192.0.2.7", "192.0.2.8"]) {
      send(rmc(2), 5000, address);
      send(rmc(3), 5000, address);
    }
    await drainMicrotasks();
    assertEquals(received(), [
      iamat("bus", 1),
      iamat("tram", 1),
      iamat("van", 2),
      iamat("van", 3),
    ]);
    assertEquals(refusals.counts.get("identity-ended"), 2);
    assertEquals(events.filter((event) => event.includes("closed")), [
      "nmea/1 closed identity ended not listed",
      "nmea/2 closed identity ended not listed",
    ]);
  },
});

Deno.test({
  name: "a flood of one sender is dropped, and not what others send",
  permissions: "none",
  async fn() {
    const { counts, datagrams, received, send, traffic } = await open();
    // 64 KiB of datagrams of 1,024 bytes with their overhead wait.
    const datagram = (pgid("flood") + rmc(1)).padEnd(1_024 - 64, "\n");
    for (const round of [1, 2]) {
      traffic.fill();
      for (let sent = 0; sent < 1_000; sent++) send(datagram);
      send(pgid("calm") + rmc(2), 5001);
      traffic.drain();
      await drainMicrotasks();
      const count = (id: string, second: number) =>
        received().filter((line) => line === iamat(id, second)).length;
      assertEquals([count("flood", 1), count("calm", 2)], [round * 64, round]);
      assertEquals(counts.hits.get("datagrams-waiting"), round * 936);
    }
    await datagrams.stop();
  },
});

Deno.test({
  name: "all senders together have at most 2 MiB of waiting datagrams",
  permissions: "none",
  async fn() {
    const { counts, datagrams, replica, send, traffic } = await open();
    const datagram = (pgid("flood") + rmc(1)).padEnd(2_048 - 64, "\n");
    traffic.fill();
    for (let port = 1; port <= 40; port++) {
      for (let sent = 0; sent < 32; sent++) send(datagram, port);
    }
    traffic.drain();
    await datagrams.stop();
    assertEquals(replica.accepted.length, 1_024);
    assertEquals(counts.hits.get("datagrams-waiting"), 256);
  },
});

Deno.test({
  name: "a datagram of over 2,048 bytes, and a line of over 256, are dropped",
  permissions: "none",
  async fn() {
    const { counts, gateways, received, send } = await open();
    const short = pgid("van") + rmc(1);
    send(`${short}${"x".repeat(257)}\n${rmc(2)}`);
    send(short.padEnd(2_048, "\n"));
    send(short.padEnd(2_049, "\n"));
    await drainMicrotasks();
    assertEquals(received(), [
      iamat("van", 1),
      iamat("van", 2),
      iamat("van", 1),
    ]);
    assertEquals(gateways.status().reasons, {
      "line-too-long": 1,
      "datagram-too-long": 1,
    });
    assertEquals(counts.hits.get("datagram-bytes"), 1);
    assertEquals(counts.hits.get("line-bytes"), 1);
  },
});

Deno.test({
  name: "the sender that has been silent longest is forgotten for a new one",
  permissions: "none",
  async fn() {
    const { clock, counts, events, received, send } = await open();
    for (let port = 1; port <= maxDatagramSenders; port++) {
      send(pgid(`p${port}`), port);
    }
    send(rmc(1), 1);
    send(rmc(2), 60_000);
    await drainMicrotasks();
    assertEquals(counts.hits.get("datagram-senders"), 1);
    assertEquals(events.at(-2), "nmea/2 closed idle longest");
    await clock.advance(datagramSenderMs / 2);
    send(rmc(3), 1);
    // It has to give its ID again.
    send(rmc(4), 2);
    await drainMicrotasks();
    assertEquals(received(), [iamat("p1", 1), iamat("p1", 3)]);
    events.length = 0;
    await clock.advance(datagramSenderMs / 2);
    await clock.advance(1);
    assertEquals(events.length, maxDatagramSenders - 2);
    assertEquals(events.includes("nmea/1 closed idle"), false);
    await clock.advance(datagramSenderMs);
    assertEquals(events.includes("nmea/1 closed idle"), true);
  },
});

Deno.test({
  name: "a sender ends when the replica fails",
  permissions: "none",
  async fn() {
    const { events, replica, send } = await open();
    replica.put = (_report, settling) => {
      settling.begin();
      settling.fail("no room");
      return undefined;
    };
    send(pgid("van") + rmc(1));
    await drainMicrotasks();
    assertEquals(events.at(-1), "nmea/1 closed replica failed no room");
  },
});
