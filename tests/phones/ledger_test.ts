import type { At, Nearby } from "../../client/types.ts";
import { readAt } from "../../client/operands.ts";
import {
  faultOfAnswer,
  faultOfReport,
  type QuestionAsked,
} from "../../phones/check.ts";
import { Ledger } from "../../phones/ledger.ts";
import { assert, assertEquals } from "../assert.ts";

const lineAt = (time: number, position = "+1+1") =>
  `AT Hill +0.000000001 kiwi ${position} ${time}`;

Deno.test({
  name:
    "a server must know the newest that it was seen to have, until it is lost",
  permissions: "none",
  fn() {
    const ledger = new Ledger();
    assertEquals(ledger.knownAt("Hill", "kiwi"), undefined);
    ledger.answer("Hill", "kiwi", lineAt(2));
    assertEquals(ledger.knownAt("Hill", "kiwi"), lineAt(2));
    assertEquals(ledger.knownAt("Smith", "kiwi"), undefined);
    ledger.see("Smith", "kiwi", lineAt(3));
    ledger.see("Smith", "kiwi", lineAt(1));
    assertEquals(ledger.knownAt("Smith", "kiwi"), lineAt(3));
    assertEquals([...ledger.newest], [["kiwi", lineAt(2)]]);
    ledger.forget("Smith");
    assertEquals(ledger.knownAt("Smith", "kiwi"), undefined);
    assertEquals(ledger.knownAt("Hill", "kiwi"), lineAt(2));
  },
});

Deno.test({
  name: "the last reports of a phone are remembered, with their answers",
  permissions: "none",
  fn() {
    const ledger = new Ledger();
    for (let time = 1; time <= 100; time++) {
      ledger.send("kiwi", `${time}`, "+1+1");
    }
    ledger.answer("Hill", "kiwi", lineAt(100));
    assertEquals(ledger.sent("kiwi", "100"), {
      position: "+1+1",
      line: lineAt(100),
    });
    assertEquals(ledger.sent("kiwi", "99")?.line, undefined);
    assertEquals(ledger.sent("kiwi", "37")?.position, "+1+1");
    assertEquals(ledger.sent("kiwi", "36"), undefined);
    assertEquals(ledger.sent("pear", "99"), undefined);
  },
});

const nearby = (line: string, rest: object = {}) =>
  ({
    at: readAt(line),
    text: "",
    status: "OK",
    results: [],
    ...rest,
  }) as unknown as Nearby;

Deno.test({
  name: "an answer is held against all that is known",
  permissions: "none",
  fn() {
    const ledger = new Ledger();
    ledger.send("kiwi", "5", "+1+1");
    ledger.send("kiwi", "6", "+1+1");
    ledger.answer("Hill", "kiwi", lineAt(5));
    const asked = { server: "Hill", id: "kiwi", bound: 1, atLeast: lineAt(5) };
    const faultOf = (answer: Nearby, question: QuestionAsked = asked) =>
      faultOfAnswer(answer, question, ledger, ["Hill", "Smith"]);
    // Its answer is on the way, so the server may be any, the position not.
    assertEquals(faultOf(nearby(lineAt(6))), undefined);
    assertEquals(
      faultOf(nearby(lineAt(6).replace("Hill", "Smith"))),
      undefined,
    );
    assertEquals(faultOf(nearby(lineAt(6, "+1+2"))), "another position");
    assertEquals(faultOf(nearby(lineAt(5))), undefined);
    assertEquals(
      faultOf(nearby(lineAt(5).replace("+0.0", "-0.0"))),
      `expected ${lineAt(5)}`,
    );
    assertEquals(
      faultOf(nearby(lineAt(4))),
      `older than what it had: ${lineAt(5)}`,
    );
    // What was sent before this run is known in its form only.
    assertEquals(
      faultOf(nearby(lineAt(4)), { ...asked, atLeast: undefined }),
      undefined,
    );
    assertEquals(faultOf(nearby(lineAt(5), { status: 1 })), "no status");
    assertEquals(
      faultOf(nearby(lineAt(5), { results: {} })),
      "no list of places",
    );
    assertEquals(faultOf(nearby(lineAt(5), { results: [{}] })), undefined);
    assertEquals(
      faultOf(nearby(lineAt(5), { results: [{}, {}] })),
      "2 places where 1 were wanted",
    );
  },
});

Deno.test({
  name: "the answer to a report is its AT line with a clock difference",
  permissions: "none",
  fn() {
    const asked = { server: "Hill", id: "kiwi", position: "+1+1", time: "5" };
    const faultOf = (at: At) => faultOfReport(at, asked);
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
