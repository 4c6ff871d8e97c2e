import type { At, NearbyAnswer } from "../../client/types.ts";
import { readAt } from "../../client/operands.ts";
import {
  faultOfAnswer,
  faultOfReport,
  type QueryRequest,
} from "../../phones/check.ts";
import { Expectations } from "../../phones/expectations.ts";
import { assert, assertEquals } from "../assert.ts";

const lineAt = (time: number, position = "+1+1") =>
  `AT Hill +0.000000001 kiwi ${position} ${time}`;

Deno.test({
  name:
    "a server is expected to have the newest report seen from it, until it is lost",
  permissions: "none",
  fn() {
    const expectations = new Expectations();
    for (const time of ["1", "2", "3"]) {
      expectations.recordSent("Hill", "kiwi", time, "+1+1");
    }
    assertEquals(expectations.newestAt("Hill", "kiwi"), undefined);
    expectations.recordAnswer("Hill", "kiwi", lineAt(2));
    assertEquals(expectations.newestAt("Hill", "kiwi"), lineAt(2));
    assertEquals(expectations.newestAt("Smith", "kiwi"), undefined);
    expectations.recordSeen("Smith", "kiwi", lineAt(3));
    expectations.recordSeen("Smith", "kiwi", lineAt(1));
    assertEquals(expectations.newestAt("Smith", "kiwi"), lineAt(3));
    assertEquals([...expectations.newest], [["kiwi", lineAt(2)]]);
    expectations.forgetServer("Smith");
    assertEquals(expectations.newestAt("Smith", "kiwi"), undefined);
    assertEquals(expectations.newestAt("Hill", "kiwi"), lineAt(2));
  },
});

Deno.test({
  name: "the last reports of a phone are remembered with their answers",
  permissions: "none",
  fn() {
    const expectations = new Expectations();
    for (let time = 1; time <= 100; time++) {
      expectations.recordSent("Hill", "kiwi", `${time}`, "+1+1");
    }
    expectations.recordAnswer("Hill", "kiwi", lineAt(100));
    assertEquals(expectations.findSent("kiwi", "100"), {
      server: "Hill",
      position: "+1+1",
      line: lineAt(100),
    });
    assertEquals(expectations.findSent("kiwi", "99")?.line, undefined);
    assertEquals(expectations.findSent("kiwi", "37")?.position, "+1+1");
    assertEquals(expectations.findSent("kiwi", "36"), undefined);
    assertEquals(expectations.findSent("pear", "99"), undefined);
    assert(expectations.mayHaveSent("kiwi", "36"));
    assert(expectations.mayHaveSent("kiwi", "36.5"));
    assert(!expectations.mayHaveSent("kiwi", "37.5"));
    assert(!expectations.mayHaveSent("kiwi", "101"));
    // An earlier run with the same seed may have sent it.
    assert(expectations.mayHaveSent("pear", "99"));
  },
});

const nearby = (line: string, rest: object = {}) =>
  ({
    at: readAt(line),
    text: "",
    status: "OK",
    results: [],
    ...rest,
  }) as unknown as NearbyAnswer;

Deno.test({
  name: "an answer is checked against all recorded reports",
  permissions: "none",
  fn() {
    const expectations = new Expectations();
    expectations.recordSent("Hill", "kiwi", "5", "+1+1");
    expectations.recordSent("Hill", "kiwi", "6", "+1+1");
    expectations.recordAnswer("Hill", "kiwi", lineAt(5));
    const request = {
      server: "Hill",
      id: "kiwi",
      radiusKm: 1,
      bound: 1,
      atLeast: lineAt(5),
    };
    const faultOf = (answer: NearbyAnswer, query: QueryRequest = request) =>
      faultOfAnswer(answer, query, expectations, ["Hill", "Smith"]);
    // The report has no answer yet, so any clock difference is accepted.
    assertEquals(faultOf(nearby(lineAt(6))), undefined);
    assertEquals(
      faultOf(nearby(lineAt(6).replace("+0.0", "-0.0"))),
      undefined,
    );
    assertEquals(
      faultOf(nearby(lineAt(6).replace("Hill", "Smith"))),
      "expected server Hill",
    );
    assertEquals(faultOf(nearby(lineAt(6, "+1+2"))), "wrong position");
    assertEquals(faultOf(nearby(lineAt(5))), undefined);
    assertEquals(
      faultOf(nearby(lineAt(5).replace("+0.0", "-0.0"))),
      `expected ${lineAt(5)}`,
    );
    assertEquals(
      faultOf(nearby(lineAt(4))),
      `older than the server's newest report: ${lineAt(5)}`,
    );
    assertEquals(
      faultOf(nearby(lineAt(7))),
      "the phone never sent this report",
    );
    assertEquals(
      faultOf(nearby(lineAt(5.5))),
      "the phone never sent this report",
    );
    // Of reports from before this run, only the syntax is checked.
    const unseen = { ...request, atLeast: undefined };
    assertEquals(faultOf(nearby(lineAt(4)), unseen), undefined);
    assertEquals(faultOf(nearby(lineAt(4, "1,1")), unseen), "no position");
    assertEquals(
      faultOf(nearby(lineAt(4).replace(/4$/, "4e0")), unseen),
      "no time",
    );
    assertEquals(faultOf(nearby(lineAt(5), { status: 1 })), "no status");
    assertEquals(
      faultOf(nearby(lineAt(5), { results: {} })),
      "no list of places",
    );
    assertEquals(faultOf(nearby(lineAt(5), { results: [{}] })), undefined);
    assertEquals(
      faultOf(nearby(lineAt(5), { results: [{}, {}] })),
      "2 places, but the bound is 1",
    );
  },
});

Deno.test({
  name: "two answers with the same report must have the same AT line",
  permissions: "none",
  fn() {
    const expectations = new Expectations();
    expectations.recordSent("Hill", "kiwi", "5", "+1+1");
    expectations.recordSeen("Smith", "kiwi", lineAt(5));
    const other = lineAt(5).replace("+0.0", "-0.0");
    const request = {
      server: "Jaquez",
      id: "kiwi",
      radiusKm: 1,
      bound: 1,
      atLeast: undefined,
    };
    const names = ["Hill", "Smith", "Jaquez"];
    assertEquals(
      faultOfAnswer(nearby(other), request, expectations, names),
      `expected ${lineAt(5)}`,
    );
    const report = {
      server: "Hill",
      id: "kiwi",
      position: "+1+1",
      time: "5",
      line: expectations.findSent("kiwi", "5")?.line,
    };
    assertEquals(faultOfReport(readAt(lineAt(5)), report), undefined);
    assertEquals(
      faultOfReport(readAt(other), report),
      `expected ${lineAt(5)}`,
    );
  },
});

Deno.test({
  name: "a line that cannot be verified is ignored",
  permissions: "none",
  fn() {
    const expectations = new Expectations();
    expectations.recordSent("Hill", "kiwi", "5", "+1+1");
    expectations.recordSeen("Hill", "kiwi", lineAt(4));
    assertEquals(expectations.newestAt("Hill", "kiwi"), undefined);
  },
});

Deno.test({
  name: "places of the gazetteer must match their ID, and be within the radius",
  permissions: "none",
  fn() {
    const expectations = new Expectations();
    expectations.recordSent("Hill", "kiwi", "5", "+34.1-118");
    const request = {
      server: "Hill",
      id: "kiwi",
      radiusKm: 10,
      bound: 2,
      atLeast: undefined,
    };
    const place = (lat: number, changes: object = {}) => ({
      geometry: { location: { lat, lng: -118 } },
      name: "São Paulo: West",
      place_id: `geonames:US:${lat},-118:S%C3%A3o%20Paulo%3A%20West`,
      ...changes,
    });
    const faultOf = (...results: object[]) =>
      faultOfAnswer(
        nearby(lineAt(5, "+34.1-118"), { results }),
        request,
        expectations,
        ["Hill"],
      );
    assertEquals(faultOf(), undefined);
    assertEquals(faultOf(place(34.1), place(34.15)), undefined);
    assertEquals(
      faultOf(place(34.1), place(34.2)),
      "São Paulo: West is 11.119 km away, not 10",
    );
    const id = place(34.1).place_id;
    assertEquals(
      faultOf(place(34.1, { name: "Rome" })),
      `Rome at 34.1, -118 is not ${id}`,
    );
    assertEquals(
      faultOf(place(34.15, { place_id: id })),
      `São Paulo: West at 34.15, -118 is not ${id}`,
    );
    // Google may list places beyond the radius.
    assertEquals(faultOf(place(40, { place_id: "ChIJ" })), undefined);
  },
});

Deno.test({
  name:
    "the answer to a report must be its AT line with a valid clock difference",
  permissions: "none",
  fn() {
    const request = { server: "Hill", id: "kiwi", position: "+1+1", time: "5" };
    const faultOf = (at: At) => faultOfReport(at, request);
    assertEquals(faultOf(readAt(lineAt(5))), undefined);
    assertEquals(
      faultOf(readAt(lineAt(5).replace("+0.000000001", "-12.345678901"))),
      undefined,
    );
    for (const difference of ["0.000000001", "+0.00000001", "+.000000001"]) {
      const at = readAt(lineAt(5).replace("+0.000000001", difference));
      assertEquals(faultOf(at), "no clock difference");
    }
    assert(faultOf(readAt(lineAt(6))) !== undefined);
  },
});
