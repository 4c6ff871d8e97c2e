import fc from "../fast_check.ts";
import {
  driving,
  metresBetween,
  moved,
  Movement,
  walking,
} from "../../phones/movement.ts";
import {
  formatDegrees,
  type Home,
  makePhones,
  type Phone,
} from "../../phones/phone.ts";
import { isPosition } from "../../protocol/position.ts";
import { isTime } from "../../protocol/time.ts";
import { paceOf } from "../../phones/pace.ts";
import { Random } from "../../runtime/random.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { anySeed, assertProperty } from "../property.ts";

const homes: readonly Home[] = [
  { city: "São Paulo", latitude: -23.5475, longitude: -46.63611 },
  { city: "Nowhere", latitude: 70, longitude: 179.999 },
];

/**
 * Largest difference from a mean, in standard deviations. More than six occur
 * less than once in a hundred million runs.
 */
const maxDeviations = 6;

/** Asserts that a random number is near its mean. */
function assertNear(number: number, mean: number, deviation: number): void {
  const isNear = Math.abs(number - mean) <= maxDeviations * deviation;
  assert(isNear, `${number}, where ${mean} was expected`);
}

function phonesOf(seed: number, count: number): Phone[] {
  return makePhones({ count, run: "7", homes, random: new Random(seed) });
}

Deno.test({
  name: "a walk keeps its speed, turns smoothly, and stays near home",
  permissions: "none",
  fn() {
    const gaits = fc.constantFrom(walking, driving);
    const property = fc.property(
      gaits,
      fc.constantFrom(...homes),
      anySeed,
      (gait, home, seed) => {
        const [slowest, fastest] = gait.speeds;
        const movement = new Movement(home, gait, new Random(seed));
        let position = movement.at(0);
        let farthest = 0;
        for (let second = 0.5; second < 4_000; second += 0.5) {
          const next = movement.at(second * 1000);
          const metres = metresBetween(position, next);
          assert(metres <= fastest / 2 * 1.001, `${metres} in half a second`);
          assert(metres >= slowest / 2 * 0.999, `${metres} in half a second`);
          farthest = Math.max(farthest, metresBetween(home, next));
          position = next;
        }
        assert(farthest < gait.rangeMetres * 1.3, `${farthest} from home`);
        assert(farthest > gait.rangeMetres / 20, `${farthest} from home`);
      },
    );
    assertProperty(property, { numRuns: 10 });
  },
});

Deno.test({
  name: "moves on the sphere have the right length, even across the date line",
  permissions: "none",
  fn() {
    const degree = 111_195;
    const fiji = { latitude: 0, longitude: 179.5 };
    const east = moved(fiji, Math.PI / 2, degree);
    assert(Math.abs(east.longitude + 179.5) < 1e-5, `${east.longitude}`);
    assert(Math.abs(metresBetween(fiji, east) - degree) < 1);
    const north = moved({ latitude: 89.5, longitude: 10 }, 0, degree);
    assert(Math.abs(north.latitude - 89.5) < 1e-5, `${north.latitude}`);
    assert(Math.abs(Math.abs(north.longitude) - 170) < 1e-5);
  },
});

Deno.test({
  name: "equal seeds give equal phones, different seeds different ones",
  permissions: "none",
  fn() {
    const actions = (seed: number) =>
      phonesOf(seed, 5).map((phone) => [
        phone.id,
        phone.skewMs,
        ...Array.from({ length: 50 }, () => phone.next()),
        phone.positionAt(12_345),
      ]);
    const property = fc.property(anySeed, anySeed, (seed, other) => {
      fc.pre(seed !== other);
      assertEquals(actions(seed), actions(seed));
      assert(JSON.stringify(actions(seed)) !== JSON.stringify(actions(other)));
      // A phone does not depend on the number of phones.
      assertEquals(
        phonesOf(seed, 5).map(({ skewMs }) => skewMs),
        phonesOf(seed, 9).slice(0, 5).map(({ skewMs }) => skewMs),
      );
    });
    assertProperty(property, { numRuns: 5 });
  },
});

Deno.test({
  name: "phones report every few seconds, with evenly spread first reports",
  permissions: "none",
  fn() {
    const property = fc.property(anySeed, (seed) => {
      const counts = { report: 0, query: 0, roam: 0 };
      const begun = [0, 0, 0];
      for (const phone of phonesOf(seed, 600)) {
        let lastMs = 0;
        let isFirst = true;
        for (
          let action = phone.next();
          action.atMs < 60_000;
          action = phone.next()
        ) {
          assert(action.atMs >= lastMs);
          lastMs = action.atMs;
          counts[action.kind] += 1;
          if (action.kind === "report" && isFirst) {
            begun[Math.floor(action.atMs / 1_000)] += 1;
            isFirst = false;
          }
          if (action.kind !== "query") continue;
          assert(
            action.radiusKm >= 0 && action.radiusKm <= 5,
            `${action.radiusKm}`,
          );
          assert(action.bound >= 0 && action.bound <= 5, `${action.bound}`);
          assert(action.about >= 0 && action.about < 600);
        }
      }
      for (const number of begun) assertNear(number, 200, 11.5);
      assertNear(counts.report / 600, 20.6, 0.162);
      assertNear(counts.query / 600, 10.0, 0.122);
      assertNear(counts.roam / 600, 2.4, 0.066);
    });
    assertProperty(property, { numRuns: 2 });
  },
});

Deno.test({
  name:
    "a phone's clock is wrong by up to a second or by minutes, and never goes back",
  permissions: "none",
  fn() {
    const property = fc.property(anySeed, (seed) => {
      const skews = phonesOf(seed, 500).map(({ skewMs }) => skewMs);
      const within = skews.filter((ms) => Math.abs(ms) <= 1_000);
      assertNear(within.length, 450, 6.9);
      assert(skews.some((ms) => ms > 60_000));
      assert(skews.some((ms) => ms < -60_000));
      const [phone] = phonesOf(seed, 1);
      const times = [
        { seconds: 1_764_000_000, nanoseconds: 123_456_789 },
        { seconds: 1_764_000_000, nanoseconds: 123_456_789 },
        // The system's clock was set back.
        { seconds: 1_763_999_000, nanoseconds: 0 },
      ].map((time) => phone.timeAt(time));
      for (const time of times) assert(isTime(time), time);
      assertEquals(times, times.toSorted());
      assertEquals(new Set(times).size, 3);
      const skew = Number(times[0]) - 1_764_000_000.123456789;
      assert(Math.abs(skew * 1000 - phone.skewMs) < 0.01);
    });
    assertProperty(property, { numRuns: 20 });
  },
});

Deno.test({
  name: "a phone has valid positions, and an ID with its city",
  permissions: "none",
  fn() {
    const property = fc.property(anySeed, (seed) => {
      const phones = phonesOf(seed, 20);
      for (const phone of phones) {
        assertMatch(phone.id, /^(sao-paulo|nowhere)-7-\d+$/);
        const position = phone.positionAt(100_000);
        assert(isPosition(position), position);
        assertMatch(position, /^[+-]\d+\.\d{6}[+-]\d+\.\d{6}$/);
      }
      assertEquals(new Set(phones.map(({ id }) => id)).size, 20);
    });
    assertProperty(property, { numRuns: 10 });
  },
});

Deno.test({
  name: "formatDegrees() gives zero a plus, also after rounding",
  permissions: "none",
  fn() {
    assertEquals(formatDegrees(-0.0000001), "+0.000000");
    assertEquals(formatDegrees(-0), "+0.000000");
    assertEquals(formatDegrees(-0.000001), "-0.000001");
  },
});

Deno.test({
  name: "many phones start at a limited rate, and share a rate of reports",
  permissions: "none",
  fn() {
    const property = fc.property(anySeed, (seed) => {
      const count = 20_000;
      const { rampMs } = paceOf(count);
      assertEquals(rampMs, 20_000);
      const begunIn = Array(20).fill(0);
      let reports = 0;
      const fromMs = rampMs;
      const toMs = rampMs + 10_000;
      for (const phone of phonesOf(seed, count)) {
        let action = phone.next();
        assertEquals(action.kind, "report");
        begunIn[Math.floor(action.atMs / 1_000)] += 1;
        for (; action.atMs < toMs; action = phone.next()) {
          if (action.kind === "report" && action.atMs >= fromMs) reports += 1;
        }
      }
      for (const begun of begunIn) assertNear(begun, 1_000, 31);
      assertNear(reports, 20_000, 200);
    });
    assertProperty(property, { numRuns: 1 });
  },
});

Deno.test({
  name: "a few phones keep their pace",
  permissions: "none",
  fn() {
    assertEquals(paceOf(3_000), { rampMs: 3_000, slowdown: 1 });
    assertEquals(paceOf(6_000), { rampMs: 6_000, slowdown: 1 });
    assertEquals(paceOf(12_000), { rampMs: 12_000, slowdown: 2 });
  },
});

Deno.test({
  name: "the error of all phones' clocks can be given",
  permissions: "none",
  fn() {
    const property = fc.property(anySeed, (seed) => {
      const settings = { count: 50, run: "7", homes };
      const [exact, others] = [-5_000, undefined].map((skewMs) =>
        makePhones({ ...settings, random: new Random(seed), skewMs })
      );
      assert(exact.every(({ skewMs }) => skewMs === -5_000));
      assert(others.some(({ skewMs }) => skewMs !== -5_000));
      // Nothing else differs.
      assertEquals(
        exact.map((phone) => [phone.id, phone.next()]),
        others.map((phone) => [phone.id, phone.next()]),
      );
    });
    assertProperty(property, { numRuns: 3 });
  },
});
