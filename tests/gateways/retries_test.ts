/**
 * No phone retries for ever. An app may leave out any value of a message, or send
 * a placeholder in place of it: the answer is the one that the app expects.
 *
 * @module
 */
import { answerTo } from "../../gateways/readers/answers.ts";
import { recognizeRequest } from "../../gateways/readers/recognize.ts";
import { decodeBytes, encodeBytes } from "../../protocol/bytes.ts";
import { assert, assertEquals } from "../assert.ts";
import { projectFolder } from "../end_to_end/process.ts";
import { parseRequests } from "./http_sample.ts";
import { httpSamples, samplesArriveAt } from "./payloads.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What apps send in place of a value that they do not have; undefined: no key. */
const nothings = [undefined, null, "", 0, -1, 1e9];

/** A message with one member changed or left out, and which. */
type Change = readonly [what: string, changed: Json];

/** All messages with one change. */
function* changesOf(value: Json, path = ""): Generator<Change> {
  if (Array.isArray(value)) {
    yield [`${path} is empty`, []];
    for (const [index, item] of value.slice(0, 2).entries()) {
      for (const [what, changed] of changesOf(item, `${path}[${index}]`)) {
        yield [what, value.with(index, changed)];
      }
    }
  } else if (value !== null && typeof value === "object") {
    for (const [key, member] of Object.entries(value)) {
      const isLeaf = member === null || typeof member !== "object";
      for (const nothing of isLeaf ? nothings : [undefined, null]) {
        const { [key]: _, ...others } = value;
        const what = `${path}.${key}: ${nothing}`;
        yield [
          what,
          nothing === undefined ? others : { ...value, [key]: nothing },
        ];
      }
      for (const [what, changed] of changesOf(member, `${path}.${key}`)) {
        yield [what, { ...value, [key]: changed }];
      }
    }
  }
}

/** The same for a query or a form. */
function* pairsWithout(text: string): Generator<readonly [string, string]> {
  const pairs = text.split("&");
  for (const [index, pair] of pairs.entries()) {
    const key = pair.split("=", 1)[0];
    yield [`${key} missing`, pairs.toSpliced(index, 1).join("&")];
    for (const nothing of ["", "0", "-1", "1e9"]) {
      const changed = `${key}=${nothing}`;
      yield [changed, pairs.with(index, changed).join("&")];
    }
  }
}

Deno.test("a message without a value, or with a placeholder for it, is answered as if it were taken", () => {
  let messages = 0;
  for (const { answer, file, ownId } of httpSamples) {
    // Messages that no app sends, and a large one.
    if (/^[45]/.test(answer) || file.includes("gzip")) continue;
    const bytes = Deno.readFileSync(
      `${projectFolder}tests/gateways/payloads/${file}`,
    );
    const [request] = parseRequests(decodeBytes(bytes, 0, bytes.length));
    const body = decodeBytes(request.body, 0, request.body.length);
    const changes = body.startsWith("{")
      ? [...changesOf(JSON.parse(body))].map(([what, changed]) => ({
        what,
        body: encodeBytes(JSON.stringify(changed)),
      }))
      : body === ""
      ? [...pairsWithout(request.query)].map(([what, query]) => ({
        what,
        query,
      }))
      : [...pairsWithout(body)].map(([what, text]) => ({
        what,
        body: encodeBytes(text),
      }));
    for (const { what, ...changed } of changes) {
      const reading = recognizeRequest({ ...request, ...changed })({
        now: { seconds: samplesArriveAt, nanoseconds: 0 },
        ownId,
      });
      messages += 1;
      const { refusal } = reading;
      // Without an ID the report has no client. Home Assistant's form also needs a
      // position.
      const isNobodys = refusal === "no-id" ||
        reading.answer === "home-assistant" && refusal === "no-position";
      // Programs send GeoJSON, and a collection without features is none.
      const isNoCollection = what.startsWith(".features:");
      if (isNobodys || isNoCollection) continue;
      const { status } = answerTo(reading);
      assertEquals([status, refusal], [200, undefined], `${file} ${what}`);
    }
  }
  assert(messages > 1_000, `${messages}`);
});
