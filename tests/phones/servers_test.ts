import { Expectations } from "../../phones/expectations.ts";
import { PropagationProbe } from "../../phones/propagation_probe.ts";
import { Requester } from "../../phones/requester.ts";
import { Results } from "../../phones/results.ts";
import { type Connection, Servers } from "../../phones/servers.ts";
import { Random } from "../../runtime/random.ts";
import { assertEquals, assertMatch } from "../assert.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";
import { FakeHerd } from "./fake_herd.ts";

/** A herd, and those who ask it. */
function setUp(names: readonly string[]) {
  const herd = new FakeHerd(names);
  const clock = new ManualClock();
  const results = new Results();
  const expectations = new Expectations();
  const servers = new Servers(names, (name) => herd.connect(name), clock);
  const requester = new Requester(names, expectations, results, clock);
  return { requester, clock, herd, expectations, servers, results };
}

Deno.test({
  name: "phones go to another server, if there is one that is worth a try",
  permissions: "none",
  async fn() {
    const { clock, herd, servers } = setUp(["Hill", "Smith"]);
    const random = new Random(1);
    const picked = (except?: string) =>
      new Set(Array.from({ length: 50 }, () => servers.pick(random, except)));
    assertEquals(picked().size, 2);
    assertEquals(picked("Hill"), new Set(["Smith"]));
    herd.dead.add("Smith");
    assertEquals(await servers.connect("Smith"), undefined);
    assertEquals(servers.failures, 1);
    assertEquals(servers.lastFailure, "Smith: refused");
    // Better the same one than none.
    assertEquals(picked("Hill"), new Set(["Hill"]));
    herd.dead.add("Hill");
    await servers.connect("Hill");
    assertEquals(picked(), new Set([undefined]));
    await clock.advance(1_000);
    assertEquals(picked().size, 2);
  },
});

Deno.test({
  name: "that a phone is not known is right only where it need not be",
  permissions: "none",
  async fn() {
    const { expectations, herd, requester, results } = setUp(["Hill"]);
    const connection = await herd.connect("Hill");
    const asked = { server: "Hill", id: "kiwi", radiusKm: 2, bound: 3 };
    assertEquals(await requester.find(connection, asked), { state: "unknown" });
    await requester.query(connection, asked);
    assertEquals([results.right, results.unknown, results.wrong], [1, 1, 0]);
    const line = "AT Hill +0.000000001 kiwi +1+1 5";
    expectations.recordSent("Hill", "kiwi", "5", "+1+1");
    expectations.recordSeen("Hill", "kiwi", line);
    assertEquals(await requester.find(connection, asked), { state: "wrong" });
    assertMatch(results.faults[0], /^Hill: .* \? WHATSAT kiwi 2 3 to WHATSAT /);
    // Another line than the one that was said does not come back.
    const other: Connection = {
      report: (update) => connection.report(update),
      nearby: (question) => connection.nearby({ ...question, client: "pear" }),
      close: () => connection.close(),
      abort: () => connection.abort(),
    };
    const peach = { ...asked, id: "peach" };
    assertEquals(
      await requester.find(other, peach),
      { state: "wrong" },
    );
  },
});

Deno.test({
  name: "reports are followed to other servers, also when one was lost",
  permissions: "none",
  async fn() {
    const { clock, herd, requester, results, servers } = setUp([
      "Hill",
      "Smith",
    ]);
    const end = new AbortController();
    const random = new Random(1);
    const probe = new PropagationProbe(
      servers,
      requester,
      clock,
      random,
      end.signal,
    );
    const line = "AT Hill +0.000000001 kiwi +1+1 5";
    const follow = () => probe.follow("Hill", "kiwi", line, results);
    // It arrives after some time.
    const following = follow();
    await clock.advance(30);
    herd.report("Hill", "kiwi", line);
    await clock.advance(10);
    await following;
    assertEquals(results.propagation.count, 1);
    assertEquals(results.propagation.max, 31);
    herd.kill("Smith");
    herd.dead.delete("Smith");
    herd.report("Hill", "kiwi", line);
    await follow();
    assertEquals(results.propagation.count, 1);
    await follow();
    assertEquals(results.propagation.count, 2);
    assertEquals(results.late, 0);
    await probe.close();
    await drainMicrotasks();
    assertEquals(herd.connections.size, 0);
  },
});
