import {
  checkAnswer,
  checkHello,
  checkProofs,
  formatHello,
  formatProofs,
  formatRefusal,
  isRefusal,
  proofText,
} from "../../../peers/links/handshake.ts";
import { assert, assertEquals } from "../../assert.ts";

const nonce = "0123456789abcdef".repeat(2);
const hello = {
  from: "Smith",
  to: "Hill",
  incarnation: "abc-1",
  nonce,
  fields: new Map([["order", "heard"]]),
};
const hill = { name: "Hill", incarnation: "hill-1" };

Deno.test({
  name: "checkHello() accepts the hello of a neighbour",
  permissions: "none",
  fn() {
    const line = formatHello(hello);
    assertEquals(line, `HERD 5 Smith Hill abc-1 ${nonce} order=heard`);
    assertEquals(checkHello(line, hill, ["Jaquez", "Smith"]), hello);
  },
});

Deno.test({
  name: "checkHello() keeps fields that it does not know, in their order",
  permissions: "none",
  fn() {
    const fields = "time=2=3 a-1=~ status=!";
    const line = `${formatHello(hello)} ${fields}`;
    const read = checkHello(line, hill, ["Smith"]);
    assert(!isRefusal(read));
    assertEquals([...read.fields!], [
      ["order", "heard"],
      ["time", "2=3"],
      ["a-1", "~"],
      ["status", "!"],
    ]);
    // The proofs are about the line as it was sent.
    assertEquals(formatHello(read), line);
    const text = proofText("dialler", read, hello, "");
    assert(text.startsWith(`dialler\n${line}\nHERD 5 `), text);
  },
});

Deno.test({
  name: "checkHello() returns the reason for a refusal",
  permissions: "none",
  fn() {
    for (
      const [line, reason] of [
        ["", "not a handshake"],
        ["HERD", "not a handshake"],
        ["HERD 5 Smith Hill abc", "not a handshake"],
        [`HERD 5 Smith Hill abc ${nonce} more`, "not a handshake"],
        [`HERD 5 Smith Hill abc ${nonce} `, "not a handshake"],
        [`HERD 5 Smith Hill abc ${nonce} key=`, "not a handshake"],
        [`HERD 5 Smith Hill abc ${nonce} =value`, "not a handshake"],
        [`HERD 5 Smith Hill abc ${nonce} Key=value`, "not a handshake"],
        [`HERD 5 Smith Hill abc ${nonce} key=\x80`, "not a handshake"],
        [`HERD 5 Smith Hill abc ${nonce} key=a  b=c`, "not a handshake"],
        [`HERD 5 Smith Hill abc ${nonce} key=a key=b`, "not a handshake"],
        [
          `HERD 5 Smith Hill abc ${nonce} ${"k".repeat(33)}=a`,
          "not a handshake",
        ],
        [`HERD 5 Smith Hill a\tb ${nonce}`, "not a handshake"],
        [`HERD 5 Smith Hill a\x80b ${nonce}`, "not a handshake"],
        [`HERD 5 Smith Hill  ${nonce}`, "not a handshake"],
        [`HERD 5 Smith Hill abc ${nonce}0`, "not a handshake"],
        [`HERD 5 Smith Hill abc ${nonce.toUpperCase()}`, "not a handshake"],
        [`HERD 5 Smith  Hill abc ${nonce}`, "not a handshake"],
        ["IAMAT kiwi +34-118 1", "not a handshake"],
        ["GET / HTTP/1.1", "not a handshake"],
        ["HERD 1 Smith Hill abc", "other version"],
        [`HERD 4 Smith Hill abc ${nonce}`, "other version"],
        ["HERD 6 what ever it may say", "other version"],
        [`HERD 5 Smith Campbell abc ${nonce}`, "wrong name"],
        [`HERD 5 Campbell Hill abc ${nonce}`, "stranger"],
        [`HERD 5 smith Hill abc ${nonce}`, "stranger"],
        [`HERD 5 Hill Smith abc ${nonce}`, "own name"],
        [`HERD 5 Hill Smith hill-1 ${nonce}`, "own name"],
      ]
    ) {
      const answer = checkHello(line, hill, ["Jaquez", "Smith"]);
      assert(isRefusal(answer), line);
      assertEquals(answer.reason, reason, line);
    }
  },
});

Deno.test({
  name: "checkHello() refuses a server with another order of reports",
  permissions: "none",
  fn() {
    const detailOf = (fields: string) => {
      const line = `HERD 5 Smith Hill abc ${nonce}${fields}`;
      const answer = checkHello(line, hill, ["Smith"]);
      assert(isRefusal(answer), line);
      assertEquals(answer.reason, "other order");
      return answer.detail;
    };
    assertEquals(
      detailOf(""),
      "Smith orders reports by the clients' times alone, Hill by " +
        "order=heard: upgrade Smith",
    );
    assertEquals(
      detailOf(" place=order=heard order=vote"),
      "Smith orders reports by order=vote, Hill by order=heard: upgrade " +
        "Smith or Hill",
    );
    // The refusal is a line of a handshake too.
    const detail = detailOf(` order=${"x".repeat(400)}`);
    assert(formatRefusal({ reason: "other order", detail }).length < 200);
  },
});

Deno.test({
  name: "checkAnswer() parses the other side's hello or refusal",
  permissions: "none",
  fn() {
    const line = formatRefusal({ reason: "stranger", detail: "who are you?" });
    assertEquals(checkAnswer(line, hill, "Smith"), {
      reason: "refused",
      detail: "stranger: who are you?",
    });
    assertEquals(checkAnswer(formatHello(hello), hill, "Smith"), hello);
    const other = checkAnswer(formatHello(hello), hill, "Jaquez");
    assertEquals(isRefusal(other) && other.reason, "stranger");
    // A dialer cannot start with a refusal.
    const first = checkHello(line, hill, ["Smith"]);
    assertEquals(isRefusal(first) && first.reason, "not a handshake");
  },
});

Deno.test({
  name: "checkProofs() accepts one matching proof, and no similar line",
  permissions: "none",
  fn() {
    const [one, other, third] = ["1", "2", "3"].map((digit) =>
      digit.repeat(64)
    );
    for (
      const [proofs, expected, reason] of [
        [[one], [one], undefined],
        [[one, other], [other], undefined],
        [[other], [one, other], undefined],
        [[], [], undefined],
        [[one], [other], "wrong secret"],
        [[one, other], [third], "wrong secret"],
        [[one + "1"], [one], "wrong secret"],
        [[one.slice(1)], [one], "wrong secret"],
        [["x"], [one], "wrong secret"],
        [[], [one], "no secret"],
        [[one], [], "no secret"],
      ] as const
    ) {
      const line = formatProofs(proofs);
      assertEquals(checkProofs(line, expected)?.reason, reason, line);
    }
    for (const line of ["", "PROOF", `PROOF ${one} ${one} ${one}`, "proof x"]) {
      assertEquals(checkProofs(line, [one])?.reason, "not a handshake", line);
    }
    for (
      const line of [
        "PROOF - -",
        `PROOF - ${one}`,
        `PROOF ${one} -`,
        `PROOF ${one} `,
        `PROOF  ${one}`,
      ]
    ) {
      for (const expected of [[], [one]]) {
        const reason = checkProofs(line, expected)?.reason;
        assertEquals(reason, "not a handshake", line);
      }
    }
    assertEquals(checkProofs("NO stranger: who?", [one])?.reason, "refused");
  },
});
