/**
 * The requests of devices, for the ports of gateways. Each has the fields that
 * its app sends, and is newer than the one before.
 *
 * @module
 */
import { clientName, countUp, positionOf, type Requests } from "./layout.ts";

/**
 * What to send: a position of OwnTracks in each request (`owntracks`), a plain
 * report in each request (`report`), batches of 200 positions of Overland
 * (`overland`), or messages of MQTT with QoS 1 (`mqtt`).
 */
export type GatewayLanguage = "owntracks" | "report" | "overland" | "mqtt";

/** Positions in a batch of Overland, as many as the app sends by default. */
export const batchPoints = 200;

/** Clients' clocks are behind, so that counting up never passes the present. */
const firstSeconds = Math.floor(Date.now() / 1000) - 30 * 24 * 60 * 60;

/** The digits to be counted up, with what is around them. */
const tst = `"tst":${firstSeconds}`;
const time = `"time":${firstSeconds}`;

const encode = (text: string) => new TextEncoder().encode(text);

function post(path: string, fields: string, body: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:8400\r\n${fields}` +
    `Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** The body of OwnTracks. */
function location(connection: number, client: number): string {
  const [north, west] = positionOf(connection, client);
  return `{"_type":"location","_id":"1f0c77aa","acc":14,"alt":71,"batt":63,` +
    `"bs":1,"cog":187,"conn":"m","lat":${north},"lon":-${west},"m":1,` +
    `"t":"u","tid":"mx",${tst},"vac":3,"vel":12}`;
}

function ownTracks(connection: number): string {
  return post(
    "/pub",
    "User-Agent: Owntracks-Android/gms/420509000\r\n" +
      `X-Limit-U: ${clientName(connection, 0)}\r\nX-Limit-D: pixel\r\n` +
      "Content-Type: application/json; charset=utf-8\r\n",
    location(connection, 0),
  );
}

function report(connection: number, client: number): string {
  const [north, west] = positionOf(connection, client);
  return post(
    "/report",
    "User-Agent: bench\r\nContent-Type: application/json\r\n",
    `{"id":"${clientName(connection, client)}","lat":${north},` +
      `"lon":-${west},${time}}`,
  );
}

/** The time of a point, to be written for each batch anew. */
const stamp = "2026-11-30T12:00:00Z";

function feature(connection: number, point: number): string {
  const [north, west] = positionOf(connection, point);
  return `{"type":"Feature","geometry":{"type":"Point","coordinates":` +
    `[-${west},${north}]},"properties":{"timestamp":"${stamp}",` +
    `"altitude":12,"speed":1,"horizontal_accuracy":8,"vertical_accuracy":4,` +
    `"motion":["walking"],"battery_state":"unplugged","battery_level":0.61,` +
    `"device_id":"${clientName(connection, 0)}","wifi":""}}`;
}

function overland(connection: number): string {
  const points = Array.from(
    { length: batchPoints },
    (_, point) => feature(connection, point),
  );
  return post(
    "/overland",
    "User-Agent: Overland/1.4 (iPhone; iOS 26.1; Scale/3.00)\r\n" +
      "Content-Type: application/json\r\n",
    `{"locations":[${points.join()}]}`,
  );
}

/** A packet of MQTT with its length in two bytes. */
function packet(header: number, content: string): string {
  const { length } = content;
  return String.fromCharCode(header, length & 0x7f | 0x80, length >> 7) +
    content;
}

const mqttText = (text: string) =>
  String.fromCharCode(text.length >> 8, text.length & 0xff) + text;

/** A message with QoS 1 that a broker is to keep. */
function publish(connection: number, client: number): string {
  const topic = `owntracks/${clientName(connection, client)}/pixel`;
  const id = String.fromCharCode(client + 1 >> 8, client + 1 & 0xff);
  return packet(0x33, mqttText(topic) + id + location(connection, client));
}

/** The CONNECT of a client of MQTT 3.1.1 with a keep-alive time of 0. */
function connect(connection: number): string {
  const flags = String.fromCharCode(4, 0x02, 0, 0);
  const id = `bench-${connection}-${Deno.pid}`;
  // Padded, as the length has two bytes here.
  return packet(0x10, mqttText("MQTT") + flags + mqttText(id.padEnd(128, "x")));
}

/** Characters up to U+00FF as bytes. */
const bytesOf = (text: string) =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));

/** The requests of one connection, which has clients of its own. */
export function layOutGateway(
  language: GatewayLanguage,
  connection: number,
  clients: number,
): Requests {
  switch (language) {
    case "owntracks":
      // A phone has a connection of its own.
      return counted([ownTracks(connection)], tst, "H");
    case "report":
      return counted(
        Array.from({ length: clients }, (_, at) => report(connection, at)),
        time,
        "H",
      );
    case "overland":
      return batches(overland(connection));
    case "mqtt":
      return {
        ...counted(
          Array.from({ length: clients }, (_, at) => publish(connection, at)),
          tst,
          "@",
        ),
        // A CONNACK is as long as a PUBACK.
        opening: {
          bytes: bytesOf(connect(connection)),
          replyStart: " \x02\x00\x00",
        },
      };
  }
}

const ok = "HTTP/1.1 200 ";

/** Requests of equal length whose time, once in each, is counted up. */
function counted(
  texts: readonly string[],
  counter: string,
  replyStart: string,
): Requests {
  const [first] = texts;
  const bytes = bytesOf(texts.join(""));
  const counterEnd = first.indexOf(counter) + counter.length;
  return {
    bytes,
    clients: texts.length,
    lengthBytes: first.length,
    renew: (start) => countUp(bytes, start + counterEnd),
    replyStart,
    replyEnds: "length",
    opening: { bytes: bytes.slice(0, first.length), replyStart: ok },
  };
}

/** One batch whose points are all made newer. */
function batches(text: string): Requests {
  const bytes = encode(text);
  const places: number[] = [];
  for (let at = -1; (at = text.indexOf(stamp, at + 1)) >= 0;) places.push(at);
  let seconds = firstSeconds;
  const renew = () => {
    for (const place of places) {
      const date = new Date(seconds++ * 1000).toISOString();
      for (let at = 0; at < stamp.length - 1; at++) {
        bytes[place + at] = date.charCodeAt(at);
      }
    }
  };
  renew();
  return {
    bytes,
    clients: 1,
    lengthBytes: bytes.length,
    renew,
    replyStart: "H",
    replyEnds: "length",
    opening: { bytes: bytes.slice(), replyStart: ok },
  };
}
