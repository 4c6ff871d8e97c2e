import fc from "../fast_check.ts";
import {
  JsonFault,
  memberOf,
  readJsonObject,
} from "../../identity/strict_json.ts";
import { assert, assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";

const encoder = new TextEncoder();
const read = (text: string) => readJsonObject(encoder.encode(text));

function faultOf(text: string): string | undefined {
  const result = read(text);
  return result instanceof JsonFault ? result.fault : undefined;
}

Deno.test({
  name:
    "a member that is given twice is a fault, at any depth and in any spelling",
  permissions: "none",
  fn() {
    const fault = "a member is given twice";
    for (
      const text of [
        '{"a":1,"a":1}',
        '{"a":1,"b":2,"\\u0061":3}',
        '{"x":{"a":1,"a":2}}',
        '{"x":[{},{"a":{"a":1},"a":2}]}',
        '{"__proto__":1,"__proto__":2}',
        '{"":1,"":2}',
        '{"a\\"b" : 1 , "a\\u0022b" : 2}',
      ]
    ) assertEquals(faultOf(text), fault, text);
    for (
      const text of [
        "{}",
        '{"a":"a","b":["a","a"],"c":{"a":1}}',
        '{"a":{"a":{"a":1}}}',
        '{"x":[{"a":1},{"a":2}]}',
        '{"a":"\\":{\\"a","b":"}]"}',
      ]
    ) assertEquals(faultOf(text), undefined, text);
  },
});

Deno.test({
  name: "only objects in UTF-8 without a byte order mark are read",
  permissions: "none",
  fn() {
    for (const text of ["", "{", "{}x", '{"a":1,}', "\ufeff{}", "{'a':1}"]) {
      assertEquals(faultOf(text), "it is not JSON in UTF-8", text);
    }
    for (const text of ["null", "1", '"a"', "[]", "true"]) {
      assertEquals(faultOf(text), "it is not an object", text);
    }
    const latin1 = new Uint8Array(
      [...'{"\xe9":1}'].map((c) => c.charCodeAt(0)),
    );
    assert(readJsonObject(latin1) instanceof JsonFault);
  },
});

Deno.test({
  name: "objects without duplicates are read as JSON.parse does",
  permissions: "none",
  fn() {
    const property = fc.property(fc.json(), (text) => {
      const value = JSON.parse(text);
      const isObject = typeof value === "object" && value !== null &&
        !Array.isArray(value);
      const result = read(text);
      if (isObject) assertEquals(result, value);
      else assert(result instanceof JsonFault);
    });
    assertProperty(property, { numRuns: 500 });
  },
});

Deno.test({
  name: "members of the prototype are no members",
  permissions: "none",
  fn() {
    assertEquals(memberOf({}, "constructor"), undefined);
    assertEquals(memberOf({ exp: 1 }, "exp"), 1);
  },
});
