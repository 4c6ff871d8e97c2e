import { Ending } from "../../phones/ending.ts";
import { Expectations } from "../../phones/expectations.ts";
import { PropagationProbe } from "../../phones/propagation_probe.ts";
import { Requester } from "../../phones/requester.ts";
import { Results } from "../../phones/results.ts";
import {
  type Connection,
  maxConnecting,
  Servers,
} from "../../phones/servers.ts";
import { Random } from "../../runtime/random.ts";
import { assertEquals, assertMatch } from "../assert.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";
import { FakeHerd } from "./fake_herd.ts";

/** A fake herd, and what a run uses to query it. */
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
  name: "pick() prefers another server that is not avoided",
  permissions: "none",
  async fn() {
    const { clock, herd, servers } = setUp(["Hill", "Smith"]);
    const random = new Random(1);
    const picked = (except?: string) =>
      new Set(Array.from({ length: 50 }, () => servers.pick(random, except)));
    assertEquals(picked().size, 2);
    assertEquals(picked("Hill"), new Set(["Smith"]));
    herd.stopped.add("Smith");
    assertEquals(await servers.connect("Smith"), undefined);
    assertEquals(servers.failures, 1);
    assertEquals(servers.lastFailure, "Smith: refused");
    // The same server is better than none.
    assertEquals(picked("Hill"), new Set(["Hill"]));
    herd.stopped.add("Hill");
    await servers.connect("Hill");
    assertEquals(picked(), new Set([undefined]));
    await clock.advance(1_000);
    assertEquals(picked().size, 2);
  },
});

Deno.test({
  name: "connect() opens a limited number of connections at once, in order",
  permissions: "none",
  async fn() {
    const opening: PromiseWithResolvers<Connection>[] = [];
    const open = () => {
      const attempt = Promise.withResolvers<Connection>();
      opening.push(attempt);
      return attempt.promise;
    };
    const clock = new ManualClock();
    const servers = new Servers(["Hill"], open, clock);
    const end = new AbortController();
    const ending = new Ending(end.signal);
    const herd = new FakeHerd(["Hill"]);
    const attempts = Array.from(
      { length: maxConnecting + 3 },
      () => servers.connect("Hill", ending),
    );
    await drainMicrotasks();
    assertEquals(opening.length, maxConnecting);
    opening[0].resolve(herd.connect("Hill"));
    opening[1].reject(new Error("refused"));
    await drainMicrotasks();
    assertEquals(opening.length, maxConnecting + 2);
    // Those that still wait at the end are no failures.
    end.abort();
    assertEquals(await attempts.at(-1), undefined);
    for (const attempt of opening) attempt.reject(new Error("refused"));
    const connected = await Promise.all(attempts);
    assertEquals(connected.filter((one) => one !== undefined).length, 1);
    assertEquals(servers.failures, maxConnecting + 1);
  },
});

Deno.test({
  name:
    "an unknown phone is a correct answer only if the server need not have it",
  permissions: "none",
  async fn() {
    const { expectations, herd, requester, results } = setUp(["Hill"]);
    const connection = await herd.connect("Hill");
    const request = { server: "Hill", id: "kiwi", radiusKm: 2, bound: 3 };
    assertEquals(await requester.find(connection, request), {
      state: "unknown",
    });
    await requester.query(connection, request);
    assertEquals([results.right, results.unknown, results.wrong], [1, 1, 0]);
    const line = "AT Hill +0.000000001 kiwi +1+1 5";
    expectations.recordSent("Hill", "kiwi", "5", "+1+1");
    expectations.recordSeen("Hill", "kiwi", line);
    assertEquals(await requester.find(connection, request), { state: "wrong" });
    assertMatch(results.faults[0], /^Hill: .* \? WHATSAT kiwi 2 3 to WHATSAT /);
    // An echo of a different command is a wrong answer.
    const other: Connection = {
      report: (report) => connection.report(report),
      nearby: (query) => connection.nearby({ ...query, client: "pear" }),
      close: () => connection.close(),
      abort: () => connection.abort(),
    };
    const peach = { ...request, id: "peach" };
    assertEquals(
      await requester.find(other, peach),
      { state: "wrong" },
    );
  },
});

Deno.test({
  name: "propagation is measured, also after a connection was lost",
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
    const measure = () => probe.measure("Hill", "kiwi", line, results);
    // The report arrives after 30 ms.
    const measurement = measure();
    await clock.advance(30);
    herd.report("Hill", "kiwi", line);
    await clock.advance(10);
    await measurement;
    assertEquals(results.propagation.count, 1);
    assertEquals(results.propagation.max, 31);
    herd.kill("Smith");
    herd.stopped.delete("Smith");
    herd.report("Hill", "kiwi", line);
    await measure();
    assertEquals(results.propagation.count, 1);
    await measure();
    assertEquals(results.propagation.count, 2);
    assertEquals(results.late, 0);
    await probe.close();
    await drainMicrotasks();
    assertEquals(herd.connections.size, 0);
  },
});
