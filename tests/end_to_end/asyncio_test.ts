import { assertEquals } from "../assert.ts";
import { needs } from "../needs.ts";
import { TestHerd } from "./process.ts";

const withPython = needs("python3");

withPython.test("a client with Python's asyncio streams gets correct answers", async () => {
  await using herd = new TestHerd();
  await herd.startAll();
  const script = new URL("./asyncio_client.py", import.meta.url).pathname;
  const { code, stderr, stdout } = await new Deno.Command("python3", {
    args: [script, String(herd.basePort)],
  }).output();
  const output = new TextDecoder().decode(stdout);
  assertEquals(new TextDecoder().decode(stderr), "", output);
  assertEquals(output.includes("FAILED"), false, output);
  assertEquals(output.trimEnd().split("\n").length, 19, output);
  assertEquals(code, 0);
});
