import { gzipSync } from "node:zlib";
import { decodeBytes, encodeBytes } from "../../../protocol/bytes.ts";
import { fieldsOf } from "../../../protocol/report.ts";
import { textOfBytes } from "../../../protocol/bytes.ts";
import { assert, assertEquals } from "../../assert.ts";
import { projectFolder } from "../../end_to_end/process.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import { openGateway } from "../open_gateway.ts";
import { type HttpSample, httpSamples, samplesArriveAt } from "../payloads.ts";
import { readAnswers, summary } from "./answers.ts";

const folder = `${projectFolder}tests/gateways/payloads/`;

/** The samples as they are sent to a server without tokens. */
const sent = httpSamples.filter(({ ownId }) => ownId === undefined)
  .map((sample) => {
    const bytes = Deno.readFileSync(folder + sample.file);
    const text = decodeBytes(bytes, 0, bytes.length);
    // One of them goes to another program.
    return { sample, text: text.replace(/^Host: .*\r$/m, "Host: 127.0.0.1\r") };
  });

/** Sends parts of a stream, ends it, and returns answers and reports. */
async function exchange(parts: readonly string[]) {
  const gateway = await openGateway("HTTP", { seconds: samplesArriveAt });
  const client = gateway.connect();
  for (const part of parts) {
    client.sendText(part);
    await drainMicrotasks();
  }
  await client.closeWrite();
  await drainMicrotasks();
  // Decompression is done outside of the event loop.
  while (!client.other.isClosed) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const reports = gateway.replica.accepted.map(({ line }) => {
    const [, , client, position, time] = fieldsOf(line);
    return [textOfBytes(client), position, time];
  });
  return { answers: readAnswers(client.takeAll()).map(summary), reports };
}

/** The reports that a sample says. */
function expected({ sightings }: HttpSample) {
  return sightings.map(([id, latitude, longitude, time]) => [
    id,
    latitude + longitude,
    time === "arrival" ? `${samplesArriveAt}.000000000` : time,
  ]);
}

for (const { sample, text } of sent) {
  Deno.test(`${sample.file} is taken and answered as the table says`, async () => {
    const { answers, reports } = await exchange([text]);
    assertEquals(answers[0], sample.answer);
    const listed = sample.count === undefined
      ? reports
      : [reports[0], reports.at(-1)];
    assertEquals(listed, expected(sample));
    assertEquals(reports.length, sample.count ?? sample.sightings.length);
  });
}

Deno.test("a sample is answered alike when it is split, and byte by byte", async () => {
  for (const { sample: { file }, text } of sent) {
    const whole = await exchange([text]);
    // tests/end_to_end/http_gateway_test.ts has every place.
    const step = Math.ceil(text.length / 16);
    for (let cut = 1; cut < text.length; cut += step) {
      const parts = [text.slice(0, cut), text.slice(cut)];
      assertEquals(await exchange(parts), whole, `${file} at ${cut}`);
    }
    assertEquals(await exchange([...text]), whole, file);
  }
});

/** The same request with a chunked body. */
function inChunks(text: string, size: number): string {
  const [head, body] = text.split("\r\n\r\n");
  const chunks = body.match(RegExp(`[^]{1,${size}}`, "g")) ?? [];
  const coded = chunks.map((chunk) =>
    `${chunk.length.toString(16)}\r\n${chunk}\r\n`
  ).join("");
  const fields = head.replace(
    /^Content-Length: .*$/im,
    "Transfer-Encoding: chunked",
  );
  return `${fields}\r\n\r\n${coded}0\r\n\r\n`;
}

Deno.test("a chunked or compressed body says what a plain one says", async () => {
  const { sample, text } = sent.find(({ sample }) =>
    sample.file === "overland/batch-of-three.http"
  )!;
  for (const size of [1, 7, 4096]) {
    const { answers, reports } = await exchange([inChunks(text, size)]);
    assertEquals(answers, [sample.answer]);
    assertEquals(reports, expected(sample));
  }
  const [head, body] = text.split("\r\n\r\n");
  const gzip = gzipSync(encodeBytes(body));
  const fields = head.replace(
    /^Content-Length: .*$/im,
    `Content-Length: ${gzip.length}\r\nContent-Encoding: gzip`,
  );
  const bytes = decodeBytes(gzip, 0, gzip.length);
  const { reports } = await exchange([`${fields}\r\n\r\n${bytes}`]);
  assertEquals(reports, expected(sample));
  assert(reports.length === 3);
});
