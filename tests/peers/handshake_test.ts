import {
  checkAnswer,
  checkHello,
  formatHello,
  formatRefusal,
  isRefusal,
} from "../../peers/handshake.ts";
import { assert, assertEquals } from "../assert.ts";

const hello = { from: "Smith", to: "Hill", incarnation: "abc-1" };

Deno.test({
  name: "checkHello() takes the introduction of a neighbour",
  permissions: "none",
  fn() {
    const line = formatHello(hello);
    assertEquals(line, "HERD 1 Smith Hill abc-1");
    assertEquals(checkHello(line, "Hill", ["Jaquez", "Smith"]), hello);
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
        ["HERD 1 Smith Hill", "not a handshake"],
        ["HERD 1 Smith Hill abc more", "not a handshake"],
        ["IAMAT kiwi +34-118 1", "not a handshake"],
        ["GET / HTTP/1.1", "not a handshake"],
        ["HERD 0 Smith Hill abc", "other version"],
        ["HERD 2 what ever it may say", "other version"],
        ["HERD 1 Smith Campbell abc", "wrong name"],
        ["HERD 1 Campbell Hill abc", "stranger"],
        ["HERD 1 Hill Hill abc", "stranger"],
        ["HERD 1 smith Hill abc", "stranger"],
      ]
    ) {
      const answer = checkHello(line, "Hill", ["Jaquez", "Smith"]);
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
    assertEquals(checkAnswer(line, "Hill", "Smith"), {
      reason: "refused",
      detail: "stranger: who are you?",
    });
    assertEquals(checkAnswer(formatHello(hello), "Hill", "Smith"), hello);
    const other = checkAnswer(formatHello(hello), "Hill", "Jaquez");
    assertEquals(isRefusal(other) && other.reason, "stranger");
    // To a dialler it is no introduction.
    const dialler = checkHello(line, "Hill", ["Smith"]);
    assertEquals(isRefusal(dialler) && dialler.reason, "not a handshake");
  },
});
