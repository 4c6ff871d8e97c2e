import fc from "fast-check";
import { makePhones } from "../../phones/phone.ts";
import { Run } from "../../phones/run.ts";
import type { Census } from "../../phones/results.ts";
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

/** Tests something with phones that a new seed draws. */
function testRun(name: string, test: (seed: number) => Promise<void>): void {
  const property = fc.asyncProperty(anySeed, test);
  Deno.test({
    name,
    permissions: "none",
    fn: () => assertProperty(property, { numRuns: 1 }),
  });
}

/** How many phones a run has where nothing else is needed. */
const few = 20;

/** So many that some of them are concerned by a fault of one server. */
const many = 60;

/** What a run has besides its seed. */
interface Settings {
  readonly count?: number;
  readonly faults?: Faults;
  /** Called every second. */
  readonly then?: (herd: FakeHerd, elapsedMs: number) => void;
}

/** Phones for a minute, and what becomes of them. */
async function run(
  seed: number,
  { count = few, faults = {}, then = () => {} }: Settings = {},
) {
  const herd = new FakeHerd(names);
  Object.assign(herd.faults, faults);
  const clock = new ManualClock();
  const random = new Random(seed);
  const phones = makePhones({ count, run: "x", homes, random });
  const connect = (server: string) => herd.connect(server);
  const run = new Run({ phones, servers: names, connect, clock, random });
  const end = new AbortController();
  const living = run.run(end.signal);
  for (let second = 0; second < 60; second++) {
    await clock.advance(1_000);
    then(herd, clock.elapsedMs());
  }
  end.abort();
  // Those who still wait for an answer give up.
  await clock.advance(20_000);
  await living;
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
    results: run.results,
  };
}

testRun(
  "where all is well nothing is wrong, unanswered or lost",
  async (seed) => {
    const { census, censusMs, failures, results } = await run(seed);
    assertEquals(censusMs, 0);
    assert(results.reports > 300, `${results.reports} reports`);
    assert(results.queries > 110, `${results.queries} questions`);
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
  "a wrong answer is counted and told, whatever is wrong with it",
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
      [{ question: field(1, "Smyth") }, /^an unknown server, found AT Smyth /],
      [{ question: field(2, "0.000000001") }, /^no clock difference/],
      [
        { question: field(2, "+0.000000002") },
        /^expected AT \w+ \+0.000000001/,
      ],
      [{ question: field(3, "kiwi") }, /^no AT line of that client/],
      [{ question: field(4, "+1+1") }, /^expected AT .*\+1\+1/],
      [{ question: field(5, "1") }, /^older than what it had: AT .* 1$/],
      [{ question: field(5, "9999999999") }, /^it never sent that, found AT /],
      [{ places: 6 }, /^6 places where \d were wanted/],
    ];
    for (const [faults, words] of wrong) {
      const { results } = await run(seed, { faults });
      assert(results.wrong > 10, `${words}: ${results.wrong}`);
      // In the end it is not asked for again and again.
      assert(results.wrong < 1_000, `${words}: ${results.wrong}`);
      assertEquals(results.faults.length, 5);
      assertMatch(results.faults[0], words);
    }
  },
);

testRun(
  "what a server was not told of is late, and lost in the end",
  async (seed) => {
    const { census, censusMs, results } = await run(seed, {
      count: many,
      faults: { isDeaf: (server) => server === "Smith" },
    });
    assertEquals(censusMs, 10_000);
    // A phone's newest report is at Smith only if Smith was told it.
    assert(census.lost > 0 && census.lost <= many, `${census.lost} lost`);
    assert(results.late > 0);
    assertEquals(results.wrong, 0);
  },
);

testRun(
  "phones move when their server dies, and come back when it does",
  async (seed) => {
    const { census, failures, results } = await run(seed, {
      count: many,
      then: (herd, elapsedMs) => {
        if (elapsedMs === 20_000) herd.kill("Hill");
        if (elapsedMs === 40_000) herd.dead.delete("Hill");
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
  "who is not answered in ten seconds moves, and what is dead is silent",
  async (seed) => {
    const { census, results } = await run(seed, {
      count: many,
      faults: { isFrozen: (server) => server === "Jaquez" },
    });
    assert(results.moved > 0);
    // Several requests wait on each connection.
    assert(results.unanswered > results.moved);
    assertEquals(results.wrong, 0);
    assertEquals(census.silent, ["Jaquez"]);
    assertEquals(census.lost, 0);
  },
);

testRun(
  "phones that have no answer to wait for do not wait for a frozen server",
  async (seed) => {
    let isFrozen = false;
    const { results } = await run(seed, {
      faults: { isFrozen: (server) => isFrozen && server === "Jaquez" },
      then: (_, elapsedMs) => {
        if (elapsedMs === 60_000) isFrozen = true;
      },
    });
    assertEquals(results.unanswered, 0);
  },
);

testRun(
  "nothing is expected of what a server knew that was lost meanwhile",
  async (seed) => {
    let isDeaf = false;
    const { results } = await run(seed, {
      count: many,
      faults: { isDeaf: (server) => isDeaf && server === "Hill" },
      then: (herd, elapsedMs) => {
        if (elapsedMs !== 30_000) return;
        // It comes back at once, and is told by phones only.
        herd.kill("Hill");
        herd.dead.delete("Hill");
        isDeaf = true;
      },
    });
    assert(results.moved > 0);
    assertEquals(results.wrong, 0);
  },
);
