import fc from "../fast_check.ts";
import { makePhones } from "../../phones/phone.ts";
import { Run } from "../../phones/run.ts";
import type { Census } from "../../phones/results.ts";
import { maxRequesting } from "../../phones/servers.ts";
import { Random } from "../../runtime/random.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { anySeed, assertProperty } from "../property.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { FakeHerd, type Faults } from "./fake_herd.ts";

const names = ["Hill", "Jaquez", "Smith"];

const homes = [
  { city: "Lima", latitude: -12.04318, longitude: -77.02824 },
  { city: "Auckland", latitude: -36.84853, longitude: 174.76349 },
];

/** Runs a test with a new random seed for the phones. */
function testRun(name: string, test: (seed: number) => Promise<void>): void {
  const property = fc.asyncProperty(anySeed, test);
  Deno.test({
    name,
    permissions: "none",
    fn: () => assertProperty(property, { numRuns: 1 }),
  });
}

/** The number of phones by default. */
const few = 20;

/** Enough phones that a fault of one server affects some of them. */
const many = 60;

/** The settings of a run besides its seed. */
interface Settings {
  readonly count?: number;
  readonly faults?: Faults;
  readonly seconds?: number;
  /** Called after every second. */
  readonly onSecond?: (herd: FakeHerd, elapsedMs: number) => void;
}

/** Runs phones, for a minute by default. Returns the results. */
async function run(
  seed: number,
  { count = few, faults = {}, onSecond = () => {}, seconds = 60 }: Settings =
    {},
) {
  const herd = new FakeHerd(names);
  Object.assign(herd.faults, faults);
  const clock = new ManualClock();
  const random = new Random(seed);
  const phones = makePhones({ count, run: "x", homes, random });
  const connect = (server: string) => herd.connect(server);
  const run = new Run({ phones, servers: names, connect, clock, random });
  const end = new AbortController();
  const running = run.run(end.signal);
  for (let second = 0; second < seconds; second++) {
    await clock.advance(1_000);
    onSecond(herd, clock.elapsedMs());
  }
  end.abort();
  // Requests without an answer reach their deadline.
  await clock.advance(20_000);
  await running;
  let census: Census | undefined;
  const startMs = clock.elapsedMs();
  let censusMs: number | undefined;
  run.takeCensus().then((found) => {
    census = found;
    censusMs = clock.elapsedMs() - startMs;
  });
  await clock.advance(20_000);
  assertEquals(clock.timers, 0);
  assertEquals(herd.connections.size, 0);
  return {
    census: census!,
    censusMs,
    failures: run.failures,
    mostUnanswered: herd.mostUnanswered,
    results: run.results,
  };
}

testRun(
  "without faults, no answer is wrong, missing or lost",
  async (seed) => {
    const { census, censusMs, failures, results } = await run(seed);
    assertEquals(censusMs, 0);
    assert(results.reports > 300, `${results.reports} reports`);
    assert(results.queries > 110, `${results.queries} queries`);
    assertEquals(results.right, results.reports + results.queries);
    assertEquals(results.iamat.count, results.reports);
    assertEquals(results.whatsat.count, results.queries);
    assert(results.propagation.count > 0);
    assert(results.roamed > 0);
    assert(results.unknown < 30, `${results.unknown}`);
    const { late, moved, unanswered, wrong } = results;
    assertEquals({ late, moved, unanswered, wrong }, {
      late: 0,
      moved: 0,
      unanswered: 0,
      wrong: 0,
    });
    assertEquals(census, { reached: names, silent: [], phones: few, lost: 0 });
    assertEquals(failures, { count: 0, last: "" });
  },
);

testRun(
  "a server that does not answer gets a limited number of requests",
  async (seed) => {
    const { mostUnanswered, results } = await run(seed, {
      count: 1_500,
      faults: { isFrozen: (server) => server === "Hill" },
      seconds: 8,
    });
    // Measurements of propagation query besides: a few per cent of the reports.
    const most = 2 * maxRequesting;
    assert(mostUnanswered >= maxRequesting, `${mostUnanswered}`);
    assert(mostUnanswered < most, `${mostUnanswered}`);
    assert(results.unanswered > 0);
    // Phones at other servers go on.
    assert(results.right > 1_500, `${results.right}`);
  },
);

testRun(
  "every kind of wrong answer is counted and described",
  async (seed) => {
    const field = (index: number, text: string) => (line: string) =>
      line.split(" ").with(index, text).join(" ");
    const wrong: readonly (readonly [Faults, RegExp])[] = [
      [{ report: field(1, "Smyth") }, /^expected AT .*, found AT Smyth /],
      [{ report: field(2, "+0.1") }, /^no clock difference, found AT /],
      [{ report: field(3, "kiwi") }, /^expected AT .* kiwi /],
      [{ report: field(4, "+1+1") }, /^expected AT .* \+1\+1 /],
      [{ report: field(5, "1") }, /^expected AT .* 1$/],
      [{ report: (line) => `${line} ` }, /^expected AT .* $/],
      [{ query: field(1, "Smyth") }, /^an unknown server, found AT Smyth /],
      [{ query: field(2, "0.000000001") }, /^no clock difference/],
      [
        { query: field(2, "+0.000000002") },
        /^expected AT \w+ \+0.000000001/,
      ],
      [{ query: field(3, "kiwi") }, /^no AT line of that client/],
      [{ query: field(4, "+1+1") }, /^expected AT .*\+1\+1/],
      [
        { query: field(5, "1") },
        /^older than the server's newest report: AT .* 1$/,
      ],
      [
        { query: field(5, "9999999999") },
        /^the phone never sent this report, found AT /,
      ],
      [{ places: 6 }, /^6 places, but the bound is \d/],
    ];
    for (const [faults, description] of wrong) {
      const { results } = await run(seed, { faults });
      assert(results.wrong > 10, `${description}: ${results.wrong}`);
      // The census does not repeat queries with wrong answers.
      assert(results.wrong < 1_000, `${description}: ${results.wrong}`);
      assertEquals(results.faults.length, 5);
      assertMatch(results.faults[0], description);
    }
  },
);

testRun(
  "a report that does not reach a server is late, and lost at the end",
  async (seed) => {
    const { census, censusMs, results } = await run(seed, {
      count: many,
      faults: { isIsolated: (server) => server === "Smith" },
    });
    assertEquals(censusMs, 10_000);
    // Smith has a phone's newest report only if the phone sent it to Smith.
    assert(census.lost > 0 && census.lost <= many, `${census.lost} lost`);
    assert(results.late > 0);
    assertEquals(results.wrong, 0);
  },
);

testRun(
  "phones move when their server is killed, and return when it is back",
  async (seed) => {
    const { census, failures, results } = await run(seed, {
      count: many,
      onSecond: (herd, elapsedMs) => {
        if (elapsedMs === 20_000) herd.kill("Hill");
        if (elapsedMs === 40_000) herd.stopped.delete("Hill");
      },
    });
    assert(
      results.moved > 0 && results.moved <= many,
      `${results.moved} moved`,
    );
    assertEquals(results.unanswered, results.moved);
    assertEquals(results.wrong, 0);
    assert(failures.count > 0);
    assertEquals(failures.last, "Hill: refused");
    assertEquals(census.silent, []);
  },
);

testRun(
  "phones move after ten seconds without an answer, and a frozen server is silent",
  async (seed) => {
    const { census, results } = await run(seed, {
      count: many,
      faults: { isFrozen: (server) => server === "Jaquez" },
    });
    assert(results.moved > 0);
    // Several requests are pending on each connection.
    assert(results.unanswered > results.moved);
    assertEquals(results.wrong, 0);
    assertEquals(census.silent, ["Jaquez"]);
    assertEquals(census.lost, 0);
  },
);

testRun(
  "phones without pending requests do not wait for a frozen server",
  async (seed) => {
    let isFrozen = false;
    const { results } = await run(seed, {
      faults: { isFrozen: (server) => isFrozen && server === "Jaquez" },
      onSecond: (_, elapsedMs) => {
        if (elapsedMs === 60_000) isFrozen = true;
      },
    });
    assertEquals(results.unanswered, 0);
  },
);

testRun(
  "a server that was restarted is not expected to have older reports",
  async (seed) => {
    let isIsolated = false;
    const { results } = await run(seed, {
      count: many,
      faults: { isIsolated: (server) => isIsolated && server === "Hill" },
      onSecond: (herd, elapsedMs) => {
        if (elapsedMs !== 30_000) return;
        // It is restarted at once, and receives reports only from phones.
        herd.kill("Hill");
        herd.stopped.delete("Hill");
        isIsolated = true;
      },
    });
    assert(results.moved > 0);
    assertEquals(results.wrong, 0);
  },
);
