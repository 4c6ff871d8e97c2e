import { helpText, readOptions } from "../../bench/options.ts";
import { UsageError } from "../../cli/arguments.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "../assert.ts";

const choices = {
  measures: ["updates", "herd of five", "memory"],
  subjects: ["herd", "echo", "redis"],
};

const now = new Date("2026-11-22T23:36:01Z");

const read = (...args: readonly string[]) => readOptions(args, choices, now);

Deno.test({
  name: "without flags the bench measures everything in five rounds",
  permissions: "none",
  fn() {
    assertEquals(read(), {
      rounds: 5,
      secondsAPoint: 2,
      measures: choices.measures,
      subjects: choices.subjects,
      output: "bench/results/2026-11-22-2336.json",
    });
  },
});

Deno.test({
  name: "flags choose what is measured, but not the order",
  permissions: "none",
  fn() {
    const options = read(
      "--only=memory, updates",
      "--subjects",
      "echo,herd",
      "--rounds=1",
      "--seconds=0.2",
      "--output=here.json",
    );
    assertEquals(options, {
      rounds: 1,
      secondsAPoint: 0.2,
      measures: ["updates", "memory"],
      subjects: ["herd", "echo"],
      output: "here.json",
    });
  },
});

Deno.test({
  name: "an error names the wrong flag",
  permissions: "none",
  fn() {
    const wrong = {
      "--rounds=0": "--rounds",
      "--seconds=0": "--seconds: expected a number from 0.1 to 15, found 0",
      "--seconds=1e1": "--seconds",
      "--seconds=.5": "--seconds",
      "--only=updates,speed": "memory; found speed",
      "--subjects=": "--subjects",
      "--fast": "--fast",
      "updates": "the bench takes only flags, found updates",
    };
    for (const [argument, message] of Object.entries(wrong)) {
      assertThrows(() => read(argument), UsageError, message);
    }
  },
});

Deno.test({
  name: "the help names the measures and the subjects",
  permissions: "none",
  fn() {
    assertEquals(read("--help"), undefined);
    const help = helpText("bench", choices);
    assertStringIncludes(help, "updates, herd of five, memory");
    assertStringIncludes(help, "herd, echo, redis");
  },
});
