import { bytesOfText, textOfBytes } from "../../protocol/bytes.ts";
import { createGoogle } from "../../places/google.ts";
import { answerDeadlineMs, maxRequestsInFlight } from "../../places/limits.ts";
import { Places } from "../../places/places.ts";
import {
  PlacesError,
  type PlacesProvider,
  type PlacesQuestion,
} from "../../places/provider.ts";
import { SystemClock } from "../../runtime/clock.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { FakeGoogle, googleBody } from "../fakes/google.ts";
import { ManualClock, settle } from "../fakes/manual_clock.ts";

const question: PlacesQuestion = {
  position: { latitude: "+34.068930", longitude: "-118.445127" },
  radiusMetres: "10000",
  bound: 5,
};

const unknownError = `{
   "html_attributions" : [],
   "results" : [],
   "status" : "UNKNOWN_ERROR"
}`;

/** A provider that answers when the test says so. */
function createProvider(keepsBound = false) {
  const asked: PromiseWithResolvers<string>[] = [];
  const provider: PlacesProvider = {
    name: "fake",
    keepsBound,
    nearby() {
      asked.push(Promise.withResolvers<string>());
      return asked.at(-1)!.promise;
    },
  };
  const clock = new ManualClock();
  const faults: string[] = [];
  const places = new Places({
    provider,
    clock,
    onFault: (message) => faults.push(message),
  });
  return { asked, clock, faults, places };
}

Deno.test({
  name: "Places asks once for equal questions at the same time, any bound",
  permissions: "none",
  async fn() {
    const { asked, clock, places } = createProvider();
    const answers = [5, 1, 0].map((bound) =>
      places.nearby({ ...question, bound })
    );
    const other = places.nearby({ ...question, radiusMetres: "1" });
    await settle();
    assertEquals(asked.length, 2);
    for (const { resolve } of asked) resolve(bytesOfText(googleBody(3)));
    const counts = (await Promise.all([...answers, other])).map((body) =>
      JSON.parse(textOfBytes(body)).results.length
    );
    assertEquals(counts, [3, 1, 0, 3]);
    places.nearby(question);
    await settle();
    assertEquals(asked.length, 3);
    asked[2].resolve("");
    await settle();
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "Places answers at the deadline, come what may",
  permissions: "none",
  async fn() {
    const { clock, faults, places } = createProvider();
    let answer;
    places.nearby(question).then((body) => answer = body);
    await clock.advance(answerDeadlineMs - 1);
    assertEquals(answer, undefined);
    await clock.advance(1);
    assertEquals(answer, unknownError);
    assertEquals(faults, [`no answer within ${answerDeadlineMs} ms`]);
  },
});

Deno.test({
  name: "stop() gives up what is under way, and leaves no timer behind",
  permissions: "none",
  async fn() {
    const { clock, faults, places } = createProvider();
    const answer = places.nearby(question);
    await settle();
    places.stop();
    assertEquals(await answer, unknownError);
    assertEquals(await places.nearby(question), unknownError);
    assertEquals(faults, []);
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "Places keeps to so many requests at once; the rest wait in order",
  permissions: "none",
  async fn() {
    const { asked, places } = createProvider(true);
    const answers = Array.from(
      { length: maxRequestsInFlight + 2 },
      (_, index) => places.nearby({ ...question, radiusMetres: String(index) }),
    );
    await settle();
    assertEquals(asked.length, maxRequestsInFlight);
    asked[0].resolve("first");
    await settle();
    assertEquals(asked.length, maxRequestsInFlight + 1);
    asked.at(-1)!.resolve("waited");
    await settle();
    assertEquals(await answers[maxRequestsInFlight], "waited");
    for (const { resolve } of asked) resolve("");
    await Promise.all(answers);
  },
});

Deno.test({
  name: "Places answers UNKNOWN_ERROR for whatever is no answer",
  permissions: "none",
  async fn() {
    const bodies = ["", "<html>", "{}", googleBody(2).slice(0, -9)];
    for (const body of bodies) {
      const { asked, faults, places } = createProvider();
      const answer = places.nearby(question);
      await settle();
      asked[0].resolve(bytesOfText(body));
      assertEquals(await answer, unknownError);
      assertEquals(faults.length, 1);
    }
    const { asked, faults, places } = createProvider();
    const answer = places.nearby(question);
    await settle();
    asked[0].reject(new PlacesError("asking failed"));
    assertEquals(await answer, unknownError);
    assertEquals(faults, ["asking failed"]);
  },
});

/** Asks the provider `google` at a stand-in, through Places. */
async function askGoogle(
  answer: (request: Request) => Response | Promise<Response>,
) {
  await using google = new FakeGoogle(answer);
  const faults: string[] = [];
  const places = new Places({
    provider: createGoogle("s3cret", google.url),
    clock: new SystemClock(),
    onFault: (message) => faults.push(message),
  });
  const body = textOfBytes(await places.nearby(question));
  return { body, faults, requests: google.requests };
}

/** Asks a server that says just this and closes; returns the fault. */
async function askRaw(response: string): Promise<string> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    using connection = await listener.accept();
    await connection.read(new Uint8Array(4096));
    await connection.write(new TextEncoder().encode(response));
  })();
  const faults: string[] = [];
  const places = new Places({
    provider: createGoogle("s3cret", `http://127.0.0.1:${listener.addr.port}/`),
    clock: new SystemClock(),
    onFault: (message) => faults.push(message),
  });
  assertEquals(await places.nearby(question), unknownError);
  await serving;
  assertEquals(faults.length, 1);
  return faults[0];
}

Deno.test("google asks in metres and in the digits of the client", async () => {
  const { body, requests } = await askGoogle(() =>
    new Response(googleBody(20))
  );
  assertEquals(requests.length, 1);
  assertEquals(
    decodeURIComponent(requests[0].search),
    "?location=34.068930,-118.445127&radius=10000&key=s3cret",
  );
  assertEquals(body, googleBody(5).trimEnd());
});

Deno.test("google's refusals are passed on as it words them", async () => {
  for (const status of [200, 403]) {
    const refusal = `{
   "error_message" : "The provided API key is invalid. ",
   "html_attributions" : [],
   "results" : [],
   "status" : "REQUEST_DENIED"
}

`;
    const { body } = await askGoogle(() => new Response(refusal, { status }));
    assertEquals(body, refusal.trimEnd());
  }
});

Deno.test("google without an answer is UNKNOWN_ERROR, and no key is told", async () => {
  const faults = [];
  for (
    const answer of [
      () => new Response(googleBody(2), { status: 500 }),
      () => new Response("<html>not found</html>", { status: 404 }),
      () => new Response("", { status: 302, headers: { location: "/else" } }),
      () => new Response(googleBody(2).slice(0, 50)),
      () => new Response("x".repeat(5 * 1024 * 1024)),
    ]
  ) {
    const result = await askGoogle(answer);
    assertEquals(result.body, unknownError);
    assertEquals(result.requests.length, 1);
    assertEquals(result.faults.length, 1);
    faults.push(...result.faults);
  }
  faults.push(await askRaw("HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{"));
  faults.push(await askRaw("what?\r\n\r\n"));
  faults.push(await askRaw(""));
  assert(!faults.join("\n").includes("s3cret"));
  assertStringIncludes(faults.join("\n"), "google answered 500");
  const nobody = new Places({
    provider: createGoogle("s3cret", "http://127.0.0.1:1/"),
    clock: new SystemClock(),
    onFault: (message) => faults.push(message),
  });
  assertEquals(await nobody.nearby(question), unknownError);
  assert(!faults.at(-1)!.includes("s3cret"));
});
