import {
  answerDeadlineMs,
  keptAnswerOverheadBytes,
  maxAttempts,
  maxRequestsInFlight,
} from "../../places/limits.ts";
import { formatAnswer } from "../../places/answer.ts";
import { AnswerCache } from "../../places/answer_cache.ts";
import { Places } from "../../places/places.ts";
import { PlacesError } from "../../places/provider.ts";
import { Body } from "../../places/trim.ts";
import { assertEquals } from "../assert.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";
import {
  createFakePlaces,
  page,
  query,
  unknownError,
} from "../fakes/places.ts";

const countOf = (body: string) => JSON.parse(body).results.length;

Deno.test({
  name: "Places makes one request for equal concurrent queries with any bounds",
  permissions: "none",
  async fn() {
    const { asked, clock, places } = createFakePlaces();
    const answers = [5, 1, 0, 20].map((bound) =>
      places.nearby({ ...query, bound })
    );
    const others = [
      { ...query, radiusMetres: "1" },
      { ...query, position: { ...query.position, latitude: "+34" } },
      { ...query, position: { ...query.position, longitude: "+34" } },
    ].map((other) => places.nearby(other));
    await drainMicrotasks();
    assertEquals(asked.length, 4);
    for (const { resolve } of asked) resolve(page(3));
    const counts = (await Promise.all([...answers, ...others])).map(countOf);
    assertEquals(counts, [3, 1, 0, 3, 3, 3, 3]);
    // A completed request is not shared any more.
    places.nearby(query);
    await drainMicrotasks();
    assertEquals(asked.length, 5);
    asked[4].resolve("");
    await drainMicrotasks();
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name:
    "Places makes no request for a bound of 0 if the provider has an empty answer",
  permissions: "none",
  async fn() {
    const empty = '{"results":[],"status":"OK"}';
    const { asked, places } = createFakePlaces({ emptyAnswer: empty });
    assertEquals(await places.nearby({ ...query, bound: 0 }), empty);
    assertEquals(asked, []);
    places.nearby(query);
    await drainMicrotasks();
    assertEquals(asked.length, 1);
    assertEquals(await places.nearby({ ...query, bound: 0 }), empty);
    places.stop();
  },
});

Deno.test({
  name:
    "Places calls a local provider each time, and passes on its text unchanged",
  permissions: "none",
  async fn() {
    const clock = new ManualClock();
    const places = new Places({
      provider: {
        name: "local",
        isRemote: false,
        nearby: ({ bound }) => `anything ${bound}`,
      },
      clock,
      ttlSeconds: 60,
      emit: () => {},
    });
    assertEquals(await places.nearby(query), "anything 5");
    assertEquals(await places.nearby({ ...query, bound: 1 }), "anything 1");
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "Places answers at the deadline if the provider does not",
  permissions: "none",
  async fn() {
    const { asked, clock, events, places } = createFakePlaces();
    let answer;
    places.nearby(query).then((body) => answer = body);
    await clock.advance(answerDeadlineMs - 1);
    assertEquals(answer, undefined);
    assertEquals(asked[0].signal.aborted, false);
    await clock.advance(1);
    assertEquals(answer, unknownError);
    assertEquals(asked[0].signal.aborted, true);
    assertEquals(answerDeadlineMs, 10_000);
    assertEquals(events, [
      "warning server places failed provider=fake " +
      "message=no answer within 10000 ms",
    ]);
    // A provider that rejects later has no effect.
    asked[0].reject(new PlacesError("aborted"));
    await drainMicrotasks();
    assertEquals(events.length, 1);
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "stop() cancels pending requests, and leaves no timer",
  permissions: "none",
  async fn() {
    const { clock, events, places } = createFakePlaces();
    const answer = places.nearby(query);
    await drainMicrotasks();
    places.stop();
    assertEquals(await answer, unknownError);
    assertEquals(await places.nearby(query), unknownError);
    assertEquals(events, []);
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "Places limits concurrent requests; the rest wait in order",
  permissions: "none",
  async fn() {
    assertEquals(maxRequestsInFlight, 32);
    const { asked, clock, places } = createFakePlaces();
    const answers = Array.from(
      { length: maxRequestsInFlight + 3 },
      (_, index) => places.nearby({ ...query, radiusMetres: String(index) }),
    );
    await drainMicrotasks();
    assertEquals(asked.length, maxRequestsInFlight);
    for (const index of [5, 0, 1]) {
      asked[index].resolve(page(index));
      await drainMicrotasks();
    }
    const radii = asked.map(({ search }) => Number(search.radiusMetres));
    assertEquals(radii, radii.map((_, index) => index));
    assertEquals(asked.length, maxRequestsInFlight + 3);
    // The deadline includes the time spent waiting.
    await clock.advance(answerDeadlineMs);
    const failed = (await Promise.all(answers))
      .filter((body) => body === unknownError).length;
    assertEquals(failed, maxRequestsInFlight);
  },
});

Deno.test({
  name: "a query that waits for a permit makes no request after stop()",
  permissions: "none",
  async fn() {
    const { asked, clock, places } = createFakePlaces();
    for (let index = 0; index < maxRequestsInFlight; index++) {
      places.nearby({ ...query, radiusMetres: String(index) });
    }
    const answer = places.nearby(query);
    await drainMicrotasks();
    places.stop();
    assertEquals(await answer, unknownError);
    await drainMicrotasks();
    assertEquals(asked.length, maxRequestsInFlight);
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "Places retries temporary errors a few times, with increasing delays",
  permissions: "none",
  async fn() {
    const { asked, clock, events, places } = createFakePlaces();
    let answer;
    places.nearby(query).then((body) => answer = body);
    await drainMicrotasks();
    // ManualClock.random() returns 0.5: three quarters of the longest delay.
    for (const [attempt, delayMs] of [187.5, 375, 750].entries()) {
      asked[attempt].reject(new PlacesError("reset", true));
      await clock.advance(delayMs - 1);
      assertEquals(asked.length, attempt + 1);
      await clock.advance(1);
      assertEquals(asked.length, attempt + 2);
    }
    assertEquals(answer, undefined);
    assertEquals(maxAttempts, 4);
    asked[3].reject(new PlacesError("reset at last", true));
    await drainMicrotasks();
    assertEquals(answer, unknownError);
    assertEquals(events, [
      ...[188, 375, 750].map((delayMs) =>
        "info server places retrying provider=fake message=reset " +
        `delayMs=${delayMs}`
      ),
      "warning server places failed provider=fake message=reset at last",
    ]);
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "queries that share a request all get the answer of a successful retry",
  permissions: "none",
  async fn() {
    const { asked, clock, events, places } = createFakePlaces();
    const first = places.nearby(query);
    await drainMicrotasks();
    asked[0].resolve(page(0, "UNKNOWN_ERROR"));
    await drainMicrotasks();
    const second = places.nearby({ ...query, bound: 1 });
    await clock.advance(188);
    asked[1].resolve(page(9));
    assertEquals([countOf(await first), countOf(await second)], [5, 1]);
    assertEquals(asked.length, 2);
    assertEquals(events, [
      "info server places retrying provider=fake message=UNKNOWN_ERROR " +
      "delayMs=188",
    ]);
  },
});

Deno.test({
  name: "a persistent UNKNOWN_ERROR is passed on as the service sent it",
  permissions: "none",
  async fn() {
    const { asked, clock, places } = createFakePlaces();
    const answer = places.nearby(query);
    const text = '{"results" : [], "status" : "UNKNOWN_ERROR", "more" : 1}';
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      await drainMicrotasks();
      asked[attempt].resolve(text);
      await clock.advance(1000);
    }
    assertEquals(await answer, text);
    assertEquals(asked.length, maxAttempts);
  },
});

Deno.test({
  name:
    "Places does not retry after an answer, a refusal, a malformed body or a permanent error",
  permissions: "none",
  async fn() {
    for (
      const status of [
        "OK",
        "ZERO_RESULTS",
        "INVALID_REQUEST",
        "OVER_QUERY_LIMIT",
        "REQUEST_DENIED",
      ]
    ) {
      const { asked, events, places } = createFakePlaces();
      const answer = places.nearby(query);
      await drainMicrotasks();
      asked[0].resolve(page(0, status));
      assertEquals(await answer, page(0, status));
      assertEquals([asked.length, events.length], [1, 0]);
    }
    for (const body of ["", "<html>", "{}", page(2).slice(0, -9)]) {
      const { asked, events, places } = createFakePlaces();
      const answer = places.nearby(query);
      await drainMicrotasks();
      asked[0].resolve(body);
      assertEquals(await answer, unknownError);
      assertEquals([asked.length, events.length], [1, 1]);
    }
    for (const error of [new PlacesError("no"), new TypeError("no")]) {
      const { asked, events, places } = createFakePlaces();
      const answer = places.nearby(query);
      await drainMicrotasks();
      asked[0].reject(error);
      assertEquals(await answer, unknownError);
      assertEquals(asked.length, 1);
      assertEquals(events, [
        "warning server places failed provider=fake message=no",
      ]);
    }
  },
});

Deno.test({
  name: "a retry that would be after the deadline is not made",
  permissions: "none",
  async fn() {
    const { asked, clock, places } = createFakePlaces();
    let answer;
    places.nearby(query).then((body) => answer = body);
    await clock.advance(answerDeadlineMs - 100);
    asked[0].reject(new PlacesError("reset", true));
    await clock.advance(100);
    assertEquals(answer, unknownError);
    await clock.advance(10_000);
    assertEquals(asked.length, 1);
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "Places caches answers for the configured time, and no refusals",
  permissions: "none",
  async fn() {
    const { asked, clock, places } = createFakePlaces({ ttlSeconds: 60 });
    const ask = async (body: string, bound = 5) => {
      const before = asked.length;
      const answer = places.nearby({ ...query, bound });
      await drainMicrotasks();
      for (const { resolve } of asked.slice(before)) resolve(body);
      return [asked.length - before, countOf(await answer)];
    };
    for (const status of ["REQUEST_DENIED", "OVER_QUERY_LIMIT"]) {
      assertEquals(await ask(page(0, status)), [1, 0]);
    }
    assertEquals(await ask(page(9)), [1, 5]);
    await clock.advance(59_999);
    assertEquals(await ask(page(2)), [0, 5]);
    assertEquals(await ask(page(2), 20), [0, 9]);
    await clock.advance(1);
    assertEquals(await ask(page(0, "ZERO_RESULTS")), [1, 0]);
    assertEquals(await ask(page(2)), [0, 0]);
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "the answer to an overlong search is neither shared nor cached",
  permissions: "none",
  async fn() {
    const { asked, places } = createFakePlaces({ ttlSeconds: 60 });
    const long = { ...query, radiusMetres: `1.${"0".repeat(200)}` };
    const answers = [places.nearby(long), places.nearby(long)];
    await drainMicrotasks();
    assertEquals(asked.length, 2);
    for (const { resolve } of asked) resolve(page(9));
    assertEquals((await Promise.all(answers)).map(countOf), [5, 5]);
    places.nearby(long);
    await drainMicrotasks();
    assertEquals(asked.length, 3);
    places.stop();
  },
});

Deno.test({
  name: "a provider that ignores its signal holds no permit",
  permissions: "none",
  async fn() {
    const { asked, clock, places } = createFakePlaces();
    for (let index = 0; index < maxRequestsInFlight; index++) {
      places.nearby({ ...query, radiusMetres: String(index) });
    }
    await clock.advance(answerDeadlineMs);
    assertEquals(asked.length, maxRequestsInFlight);
    const answer = places.nearby(query);
    await drainMicrotasks();
    assertEquals(asked.length, maxRequestsInFlight + 1);
    asked.at(-1)!.resolve(page(1));
    assertEquals(countOf(await answer), 1);
  },
});

Deno.test({
  name: "AnswerCache keeps the newest answers up to its size limit",
  permissions: "none",
  async fn() {
    const clock = new ManualClock();
    const one = new Body(page(1));
    const sizeBytes = one.text.length + keptAnswerOverheadBytes;
    const cache = new AnswerCache(clock, 60, 3 * sizeBytes);
    const cached = () => ["a", "b", "c", "d"].filter((key) => cache.get(key));
    for (const key of ["a", "b", "c"]) cache.set(key, one);
    assertEquals(cached(), ["a", "b", "c"]);
    cache.set("d", one);
    assertEquals(cached(), ["b", "c", "d"]);
    // A replacement takes no additional space, and becomes the newest.
    cache.set("b", one);
    cache.set("a", one);
    assertEquals(cached(), ["a", "b", "d"]);
    cache.set("c", new Body(page(1000)));
    assertEquals(cached(), []);
    await clock.advance(1);
    cache.set("a", one);
    await clock.advance(59_999);
    assertEquals(cached(), ["a"]);
    await clock.advance(1);
    assertEquals(cached(), []);
    for (const key of ["a", "b", "c"]) cache.set(key, one);
    assertEquals(cached(), ["a", "b", "c"]);
  },
});

Deno.test({
  name:
    "when the budget is spent, the answer is OVER_QUERY_LIMIT, without a request",
  permissions: "none",
  async fn() {
    const { asked, clock, counts, events, places } = createFakePlaces({
      requestsPerDay: 2,
    });
    const ask = async () => {
      const answer = places.nearby(query);
      await drainMicrotasks();
      asked.at(-1)?.resolve(page(1));
      return JSON.parse(await answer);
    };
    assertEquals([(await ask()).status, (await ask()).status], ["OK", "OK"]);
    const limited = {
      error_message: "This server's budget of 2 requests a day is spent; " +
        "it opens again at 2018-03-03T00:00:00Z.",
      html_attributions: [],
      results: [],
      status: "OVER_QUERY_LIMIT",
    };
    assertEquals([await ask(), await ask()], [limited, limited]);
    assertEquals([asked.length, counts.length], [2, 2]);
    const spent = (opensAt: string) =>
      "warning server places budget spent requestsPerDay=2 " +
      `opensAt=${opensAt}`;
    assertEquals(events, [spent("2018-03-03T00:00:00Z")]);
    await clock.advance(24 * 3600 * 1000);
    for (const status of ["OK", "OK", "OVER_QUERY_LIMIT"]) {
      assertEquals((await ask()).status, status);
    }
    assertEquals(events.slice(1), [spent("2018-03-04T00:00:00Z")]);
  },
});

Deno.test({
  name:
    "each attempt counts towards the budget; shared and cached answers do not",
  permissions: "none",
  async fn() {
    const { asked, clock, counts, places } = createFakePlaces({
      requestsPerDay: 3,
      ttlSeconds: 60,
    });
    const answers = [places.nearby(query), places.nearby(query)];
    await drainMicrotasks();
    asked[0].reject(new PlacesError("reset", true));
    await clock.advance(1000);
    asked[1].resolve(page(1));
    await Promise.all(answers);
    await places.nearby(query);
    assertEquals(counts.map(({ requests }) => requests), [1, 2]);
    const other = places.nearby({ ...query, radiusMetres: "1" });
    await drainMicrotasks();
    asked[2].reject(new PlacesError("reset", true));
    await clock.advance(1000);
    assertEquals(JSON.parse(await other).status, "OVER_QUERY_LIMIT");
    assertEquals(asked.length, 3);
  },
});

Deno.test({
  name: "a request is not made, but answered, if counting it takes too long",
  permissions: "none",
  async fn() {
    const { asked, clock, counts, places } = createFakePlaces({
      requestsPerDay: 3,
    });
    counts.push = () => new Promise<void>(() => {}) as never;
    const answer = places.nearby(query);
    await clock.advance(answerDeadlineMs);
    assertEquals(await answer, unknownError);
    assertEquals(asked.length, 0);
  },
});

Deno.test({
  name: "a request that cannot be counted is not made",
  permissions: "none",
  async fn() {
    const { asked, counts, events, places } = createFakePlaces({
      requestsPerDay: 3,
    });
    counts.push = () => {
      throw new Error("no space left on device");
    };
    assertEquals(await places.nearby(query), unknownError);
    assertEquals(asked.length, 0);
    assertEquals(events, [
      "warning server places failed provider=fake " +
      "message=no space left on device",
    ]);
  },
});

Deno.test({
  name: "Places emits one event when its provider switches to another service",
  permissions: "none",
  async fn() {
    const { asked, events, places, provider } = createFakePlaces();
    for (const name of ["fake", "other", "other"]) {
      const answer = places.nearby(query);
      await drainMicrotasks();
      provider.name = name;
      asked.at(-1)!.resolve(page(1));
      await answer;
    }
    assertEquals(events, ["info server places changed from=fake to=other"]);
  },
});

Deno.test({
  name: "Places counts requests by their outcome",
  permissions: "none",
  async fn() {
    const { asked, clock, places } = createFakePlaces({ requestsPerDay: 5 });
    const answer = async (text: string) => {
      const answered = places.nearby(query);
      await drainMicrotasks();
      asked.at(-1)!.resolve(text);
      await answered;
    };
    assertEquals(places.requests, {});
    await answer(page(3));
    await answer(page(3));
    await answer(page(0, "ZERO_RESULTS"));
    await answer(page(0, "SOMETHING_NEW"));
    await answer("<html>");
    await places.nearby(query);
    assertEquals(places.requests, {
      OK: 2,
      ZERO_RESULTS: 1,
      OTHER: 1,
      NO_ANSWER: 1,
      BUDGET_SPENT: 1,
    });
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "Places counts every attempt",
  permissions: "none",
  async fn() {
    const { asked, clock, places } = createFakePlaces();
    const answered = places.nearby(query);
    await drainMicrotasks();
    asked[0].reject(new PlacesError("no network", true));
    await drainMicrotasks();
    await clock.advance(5_000);
    asked[1].resolve(page(1));
    await answered;
    assertEquals(places.requests, { NO_ANSWER: 1, OK: 1 });
  },
});

Deno.test({
  name: "Places counts a local provider's answers by the status at their end",
  permissions: "none",
  async fn() {
    const answers = [
      formatAnswer("OK", [{ name: '"status" : "ZERO_RESULTS"' }], []),
      formatAnswer("ZERO_RESULTS", [], []),
      "{}",
    ];
    const places = new Places({
      provider: {
        name: "own",
        isRemote: false,
        nearby: () => answers.shift()!,
      },
      clock: new ManualClock(),
      ttlSeconds: 0,
      emit: () => {},
    });
    for (let count = 0; count < 3; count++) await places.nearby(query);
    assertEquals(places.requests, { OK: 1, ZERO_RESULTS: 1, OTHER: 1 });
    assertEquals(places.providerName, "own");
  },
});
