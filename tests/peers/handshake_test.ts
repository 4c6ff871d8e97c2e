import {
  checkAnswer,
  checkHello,
  formatHello,
  formatRefusal,
  isRefusal,
} from "../../peers/handshake.ts";
import { assert, assertEquals } from "../assert.ts";

const nonce = "0123456789abcdef".repeat(2);
const hello = { from: "Smith", to: "Hill", incarnation: "abc-1", nonce };
const hill = { name: "Hill", incarnation: "hill-1" };

Deno.test({
  name: "checkHello() takes the introduction of a neighbour",
  permissions: "none",
  fn() {
    const line = formatHello(hello);
    assertEquals(line, `HERD 2 Smith Hill abc-1 ${nonce}`);
    assertEquals(checkHello(line, hill, ["Jaquez", "Smith"]), hello);
  },
});

Deno.test({
  name: "checkHello() tells why an introduction is refused",
  permissions: "none",
  fn() {
    for (
      const [line, reason] of [
        ["", "not a handshake"],
        ["HERD", "not a handshake"],
        ["HERD 2 Smith Hill abc", "not a handshake"],
        [`HERD 2 Smith Hill abc ${nonce} more`, "not a handshake"],
        [`HERD 2 Smith Hill abc ${nonce}0`, "not a handshake"],
        [`HERD 2 Smith Hill abc ${nonce.toUpperCase()}`, "not a handshake"],
        [`HERD 2 Smith  Hill abc ${nonce}`, "not a handshake"],
        ["IAMAT kiwi +34-118 1", "not a handshake"],
        ["GET / HTTP/1.1", "not a handshake"],
        ["HERD 1 Smith Hill abc", "other version"],
        ["HERD 3 what ever it may say", "other version"],
        [`HERD 2 Smith Campbell abc ${nonce}`, "wrong name"],
        [`HERD 2 Campbell Hill abc ${nonce}`, "stranger"],
        [`HERD 2 smith Hill abc ${nonce}`, "stranger"],
        [`HERD 2 Hill Smith abc ${nonce}`, "own name"],
        [`HERD 2 Hill Smith hill-1 ${nonce}`, "own name"],
      ]
    ) {
      const answer = checkHello(line, hill, ["Jaquez", "Smith"]);
      assert(isRefusal(answer), line);
      assertEquals(answer.reason, reason, line);
    }
  },
});

Deno.test({
  name: "checkAnswer() hears the refusal of the other side, or its hello",
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
    // To a dialler it is no introduction.
    const dialler = checkHello(line, hill, ["Smith"]);
    assertEquals(isRefusal(dialler) && dialler.reason, "not a handshake");
  },
});
