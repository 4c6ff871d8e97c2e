import { backoffCapMs } from "../../../peers/limits.ts";
import { formatHello } from "../../../peers/links/handshake.ts";
import { createNonce, createProver } from "../../../runtime/identity.ts";
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStringIncludes,
} from "../../assert.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import { MemoryHerd } from "../../fakes/memory_herd.ts";
import type { PipeEnd } from "../../fakes/pipe.ts";
import { reportOf } from "../reports.ts";
import { helloOf } from "./fake_peer.ts";

const pair = [["Hill", "Smith"]] as const;

Deno.test({
  name: "createProver() makes an HMAC-SHA-256 with each secret",
  permissions: "none",
  async fn() {
    // Test case 2 of RFC 4231.
    const jefe =
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    const text = "what do ya want for nothing?";
    assertEquals(await createProver(["Jefe"])(text), [jefe]);
    const [other, same] = await createProver(["another", "Jefe"])(text);
    assertNotEquals(other, jefe);
    assertEquals(same, jefe);
    assertEquals(await createProver([])(text), []);
  },
});

Deno.test({
  name: "createNonce() makes different nonces",
  permissions: "none",
  fn() {
    const nonces = Array.from({ length: 1_000 }, createNonce);
    assertEquals(new Set(nonces).size, nonces.length);
    for (const nonce of nonces) assert(/^[0-9a-f]{32}$/.test(nonce));
  },
});

Deno.test({
  name: "LinkManager links two servers only if they have a secret in common",
  permissions: "none",
  async fn() {
    const cases: [string[], string[], boolean][] = [
      [["old"], ["old"], true],
      [["old"], ["old", "new"], true],
      [["new", "old"], ["old"], true],
      [["new"], ["old", "new"], true],
      [["old"], ["new"], false],
      [["old", "older"], ["new", "newer"], false],
      [[], ["old"], false],
      [["old"], [], false],
    ];
    for (const [ours, theirs, isLinked] of cases) {
      const herd = new MemoryHerd(pair);
      const hill = herd.start("Hill", { secrets: ours });
      const smith = herd.start("Smith", { secrets: theirs });
      hill.router.accept(reportOf("kiwi", 1));
      await herd.clock.advance(5_000);
      const what = `${ours} and ${theirs}`;
      assertEquals(hill.linkManager.linked(), isLinked ? ["Smith"] : [], what);
      assertEquals(smith.linkManager.linked(), isLinked ? ["Hill"] : [], what);
      assertEquals(smith.router.clients, isLinked ? 1 : 0, what);
      if (!isLinked) {
        const hasNoSecret = ours.length === 0 || theirs.length === 0;
        assertStringIncludes(
          hill.events.join("\n"),
          `link refused ${hasNoSecret ? "no secret" : "wrong secret"}`,
        );
      }
      await herd.stop();
    }
  },
});

Deno.test({
  name: "LinkManager refuses a recorded handshake",
  permissions: "none",
  async fn() {
    const secrets = ["a secret of the herd"];
    // Record everything that Smith sends when it dials Hill.
    const recorded = new MemoryHerd(pair);
    recorded.start("Hill", { secrets });
    recorded.start("Smith", { secrets });
    await recorded.clock.advance(1_000);
    const fromSmith = recorded.connections
      .find(({ dialler }) => dialler === "Smith")!.ends[0].writes.join("");
    assertStringIncludes(fromSmith, "PROOF ");
    await recorded.stop();

    const herd = new MemoryHerd(pair);
    herd.skipNonces(100);
    const hill = herd.start("Hill", { secrets });
    const replay = herd.dial("Hill");
    replay.sendText(`${fromSmith}${reportOf("kiwi", 1).line}\n`);
    await drainMicrotasks();
    assertEquals(hill.events.at(-1), "peer/1 link refused wrong secret");
    assertEquals(replay.takeAll().includes("PROOF"), false);
    assertEquals(hill.router.clients, 0);
    await herd.stop();
  },
});

Deno.test({
  name: "LinkManager refuses its own proof",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    let dialled: PipeEnd | undefined;
    herd.onDial = (_, far) => dialled ??= far;
    const hill = herd.start("Hill", { secrets: ["a secret of the herd"] });
    await drainMicrotasks();
    // Hill dials Smith, and an attacker answers. Its hello is chosen so that the
    // dialer's proof would be valid for the acceptor, if it had no role in it.
    const [, , from, to, incarnation, nonce] = dialled!.takeAll().trim()
      .split(" ");
    assertEquals([from, to], ["Hill", "Smith"]);
    const hello = formatHello({ from: to, to: from, incarnation, nonce });
    dialled!.sendText(hello + "\n");
    await drainMicrotasks();
    const proof = dialled!.takeAll();
    assertStringIncludes(proof, "PROOF ");
    dialled!.sendText(proof);
    await drainMicrotasks();
    assertEquals(hill.linkManager.linked(), []);
    assertStringIncludes(hill.events.join("\n"), "dial failed wrong secret");
    await herd.stop();
  },
});

Deno.test({
  name: "LinkManager sends no proof to a dialer without a valid proof",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    herd.start("Hill", { secrets: ["a secret of the herd"] });
    const attacker = herd.dial("Hill");
    attacker.sendText(helloOf("Smith", "Hill") + "\n");
    await drainMicrotasks();
    assertEquals(attacker.takeAll().split(" ")[0], "HERD");
    attacker.sendText(`PROOF ${"0".repeat(64)}\n`);
    await drainMicrotasks();
    assertStringIncludes(attacker.takeAll(), "NO wrong secret: ");
    await herd.stop();
  },
});

Deno.test({
  name: "LinkManager logs that a server has dialled itself",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    // Connections to Smith's address reach Hill.
    herd.onDial = (_, far) => void hill.linkManager.accept(far, "Hill:1");
    await herd.clock.advance(2 * backoffCapMs);
    const events = hill.events.join("\n");
    assertStringIncludes(events, "link refused own name");
    assertStringIncludes(events, "dial failed refused: own name: Hill has");
    assertEquals(hill.linkManager.linked(), []);
    await herd.stop();
  },
});
