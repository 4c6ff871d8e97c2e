import { answerTo } from "../../gateways/readers/answers.ts";
import { NmeaReader } from "../../gateways/readers/nmea.ts";
import type { Reading } from "../../gateways/readers/reading.ts";
import {
  isJsonFrame,
  recognizeFrame,
  recognizeRequest,
  recognizeTopic,
} from "../../gateways/readers/recognize.ts";
import { ReportLines } from "../../gateways/readers/reports.ts";
import {
  bytesOfText,
  type ByteString,
  decodeBytes,
  encodeBytes,
  textOfBytes,
} from "../../protocol/bytes.ts";
import { parseCommand } from "../../protocol/command.ts";
import { assert, assertEquals } from "../assert.ts";
import { projectFolder } from "../end_to_end/process.ts";
import { parseRequests } from "./http_sample.ts";
import {
  type ExpectedSighting,
  frameSamples,
  httpSamples,
  nmeaSamples,
  samplesArriveAt,
  topicSamples,
} from "./payloads.ts";

const folder = `${projectFolder}tests/gateways/payloads/`;
const now = { seconds: samplesArriveAt, nanoseconds: 0 };

function readSample(file: string): ByteString {
  const bytes = Deno.readFileSync(folder + file);
  return decodeBytes(bytes, 0, bytes.length);
}

/** Sightings in the form of the table, with IDs as text. */
function listed(readings: readonly Reading[]): ExpectedSighting[] {
  return readings.flatMap(({ sightings }) =>
    sightings.map(({ client, latitude, longitude, time }) =>
      [textOfBytes(client), latitude, longitude, time] as const
    )
  );
}

const reasonsOf = (readings: readonly Reading[]) =>
  readings.flatMap(({ ignored }) => ignored.map(({ reason }) => reason));

for (const sample of httpSamples) {
  const from = sample.ownId === undefined ? "" : ` from ${sample.ownId}`;
  Deno.test(`${sample.file}${from} is read as the table says`, () => {
    const context = sample.ownId === undefined
      ? { now }
      : { now, ownId: sample.ownId };
    const readings = parseRequests(readSample(sample.file))
      .map((request) => recognizeRequest(request)(context));
    const found = listed(readings);
    assertEquals(found.length, sample.count ?? sample.sightings.length);
    assertEquals(
      sample.count === undefined ? found : [found[0], found.at(-1)!],
      [...sample.sightings],
    );
    assertEquals(reasonsOf(readings), [...sample.ignored ?? []]);
    assertEquals(readings[0].refusal, sample.refusal);
    const sightings = readings.flatMap(({ sightings }) => sightings);
    assertEquals(
      sightings.map(({ note }) => note).filter((note) => note !== undefined),
      [...sample.notes ?? []],
    );
    for (const { isMock } of sightings) {
      assertEquals(isMock, sample.isMock ?? false);
    }
    const { body, status } = answerTo(readings[0]);
    assertEquals(`${status} ${body}`, sample.answer);
  });
}

for (const { file, ignored, ownId, sightings } of nmeaSamples) {
  Deno.test(`${file} is read as the table says`, () => {
    const reader = new NmeaReader(ownId);
    const readings = readSample(file).split("\n")
      .map((line) => reader.readLine(line, now));
    assertEquals(listed(readings), [...sightings]);
    assertEquals(reasonsOf(readings), [...ignored]);
  });
}

Deno.test("the MQTT messages are read as the table says", () => {
  const messages = JSON.parse(readSample("owntracks-mqtt/topics.json"));
  const found = messages.map(
    ({ payload, topic }: { payload: unknown; topic: string }) => {
      const text = payload === "" ? "" : JSON.stringify(payload);
      const reading = recognizeTopic(topic, bytesOfText(text))({ now });
      return listed([reading])[0] ?? reasonsOf([reading])[0];
    },
  );
  assertEquals(found, [...topicSamples]);
});

Deno.test("the presence messages of Home Assistant are no positions", () => {
  const messages = JSON.parse(
    readSample("home-assistant/state-and-reset.json"),
  );
  assert(messages.length === 3);
  for (const { payload, topic } of messages) {
    const reading = recognizeTopic(topic, payload)({ now });
    assertEquals(reasonsOf([reading]), ["other-topic"]);
  }
});

const frames = () =>
  readSample("websocket-json/messages.txt").trim().split("\n");

Deno.test("the WebSocket messages are read as the table says", () => {
  const found = frames().map((frame) => {
    if (isJsonFrame(frame)) return listed([recognizeFrame(frame)({ now })]);
    const command = parseCommand(frame);
    return command?.verb === "IAMAT" ? "a report" : "an invalid line";
  });
  assertEquals(found, [...frameSamples]);
});

Deno.test("a stream of JSON lines is read alike, wherever it is split", () => {
  const lines = frames().filter((frame) => frame !== "not json");
  const stream = encodeBytes(`\r\n${lines.join("\r\n")}\n\n${lines[0]}`);
  const read = (...chunks: readonly Uint8Array[]) => {
    const reader = new ReportLines(() => ({ now }));
    const readings = chunks.flatMap((chunk) => [...reader.push(chunk)]);
    return [...readings, ...reader.end()];
  };
  const whole = read(stream);
  const expected = frameSamples.filter((frame) => typeof frame !== "string");
  assertEquals(listed(whole), [...expected.flat(), expected[0][0]]);
  // The line of the client port is no JSON.
  assertEquals(whole.filter(({ refusal }) => refusal === "not-json").length, 1);
  for (let at = 0; at <= stream.length; at++) {
    assertEquals(read(stream.subarray(0, at), stream.subarray(at)), whole);
  }
  const bytes = [...stream].map((byte) => Uint8Array.of(byte));
  assertEquals(read(...bytes), whole);
});

Deno.test("the table has every sample", () => {
  const files = [
    ...httpSamples,
    ...nmeaSamples,
    { file: "owntracks-mqtt/topics.json" },
    // Played by tests/end_to_end/mqtt_gateway_test.ts:
    ...["connect-5", "publish-dup", "publish-for-another", "session-31"]
      .map((name) => ({ file: `owntracks-mqtt/${name}.txt` })),
    { file: "owntracks-mqtt/session-311.txt" },
    { file: "home-assistant/state-and-reset.json" },
    { file: "websocket-json/messages.txt" },
  ].map(({ file }) => file);
  const found = [...Deno.readDirSync(folder)].flatMap(({ name }) =>
    [...Deno.readDirSync(folder + name)].map((file) => `${name}/${file.name}`)
  );
  assertEquals(found.sort(), [...new Set(files)].sort());
});
