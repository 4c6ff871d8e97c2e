import fc from "fast-check";
import { bytesOfText, textOfBytes } from "../../protocol/bytes.ts";
import { BodyError, trimBody } from "../../places/trim.ts";
import { assertEquals, assertThrows } from "../assert.ts";

const body = `{
   "html_attributions" : [],
   "next_page_token" : "abc",
   "results" : [
      {
         "name" : "One ] } \\" , [",
         "types" : [ "a", "b" ]
      },
      {
         "name" : "Two",
         "results" : [ 1, 2, 3 ]
      },
      {
         "name" : "Dr\u00e9i"
      }
   ],
   "status" : "OK"
}
`;

/** The body with the text of `results` replaced. */
const withResults = (results: string) =>
  `{
   "html_attributions" : [],
   "next_page_token" : "abc",
   "results" : ${results},
   "status" : "OK"
}`;

const one = `{
         "name" : "One ] } \\" , [",
         "types" : [ "a", "b" ]
      }`;
const two = `{
         "name" : "Two",
         "results" : [ 1, 2, 3 ]
      }`;

const trim = (text: string, bound: number) =>
  textOfBytes(trimBody(bytesOfText(text), bound));

Deno.test({
  name: "trimBody() cuts items out and leaves the rest as it stands",
  permissions: "none",
  fn() {
    assertEquals(trim(body, 20), body.trimEnd());
    assertEquals(trim(body, 3), body.trimEnd());
    assertEquals(
      trim(body, 2),
      withResults(`[\n      ${one},\n      ${two}\n   ]`),
    );
    assertEquals(trim(body, 1), withResults(`[\n      ${one}\n   ]`));
    assertEquals(trim(body, 0), withResults("[]"));
  },
});

Deno.test({
  name: "trimBody() leaves other print styles as they are",
  permissions: "none",
  fn() {
    assertEquals(
      trim('{"results":[1,2,3],"status":"OK"}', 2),
      '{"results":[1,2],"status":"OK"}',
    );
    assertEquals(
      trim('{\n"results" :\n[\n{"a":1} ,\n{"b":2}\n] , "status":"OK"}', 1),
      '{\n"results" :\n[\n{"a":1}\n] , "status":"OK"}',
    );
    assertEquals(
      trim('{"status":"ZERO_RESULTS","results":[ \n ]}', 5),
      '{"status":"ZERO_RESULTS","results":[]}',
    );
  },
});

Deno.test({
  name: "trimBody() makes every run of newlines one, and has none around",
  permissions: "none",
  fn() {
    assertEquals(
      trim('\n\n{\n\n\n"results":[],\n"status":"OK"\n\n}\n\n\n', 5),
      '{\n"results":[],\n"status":"OK"\n}',
    );
  },
});

Deno.test({
  name: "trimBody() finds results however the key is written, and only there",
  permissions: "none",
  fn() {
    assertEquals(
      trim('{"r\\u0065sults":[1,2],"status":"OK"}', 1),
      '{"r\\u0065sults":[1],"status":"OK"}',
    );
    assertEquals(
      trim(
        '{"a":{"results":[1,2]},"b":"results","results":[1,2],"status":""}',
        1,
      ),
      '{"a":{"results":[1,2]},"b":"results","results":[1],"status":""}',
    );
  },
});

Deno.test({
  name: "trimBody() refuses what is not the answer to a Nearby Search",
  permissions: "none",
  fn() {
    for (
      const text of [
        "",
        "<html>",
        "null",
        "[]",
        "{}",
        '{"results":[]}',
        '{"results":{},"status":"OK"}',
        '{"results":[],"status":1}',
        '{"error":{"code":403}}',
        body.slice(0, -20),
        body + "}",
      ]
    ) assertThrows(() => trim(text, 5), BodyError);
    assertThrows(
      () => trimBody('{"results":["\xff"],"status":"OK"}', 5),
      BodyError,
    );
  },
});

Deno.test({
  name: "trimBody() keeps the first items and all else, by JSON.parse",
  permissions: "none",
  fn() {
    const json = fc.record({
      html_attributions: fc.array(fc.string()),
      results: fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 6 }),
      status: fc.string(),
      more: fc.jsonValue({ maxDepth: 2 }),
    });
    const space = fc.constantFrom(undefined, 1, 3, "\t");
    fc.assert(
      fc.property(json, space, fc.nat(7), (json, space, bound) => {
        const text = JSON.stringify(json, null, space);
        const trimmed = JSON.parse(trim(text, bound));
        const { results, ...rest } = JSON.parse(text);
        assertEquals(trimmed, { ...rest, results: results.slice(0, bound) });
        if (bound >= results.length) assertEquals(trim(text, bound), text);
      }),
      { numRuns: 500 },
    );
  },
});
