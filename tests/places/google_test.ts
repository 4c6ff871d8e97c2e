import { choosePlaces } from "../../places/choose.ts";
import { createGoogle } from "../../places/google.ts";
import { createGoogleAuto } from "../../places/google_auto.ts";
import { createGoogleNew } from "../../places/google_new.ts";
import { fieldMask } from "../../places/google_new_shape.ts";
import { answerDeadlineMs, maxAttempts } from "../../places/limits.ts";
import { Places } from "../../places/places.ts";
import type { PlacesQuery, RemoteProvider } from "../../places/provider.ts";
import { textOfBytes } from "../../protocol/bytes.ts";
import type { Clock } from "../../runtime/clock.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "../assert.ts";
import {
  bodyAt,
  FakeGoogle,
  fakeKey,
  legacyPath,
  newPath,
} from "../fakes/google.ts";
import {
  cutOff,
  drip,
  FakeHttpServer,
  gzip,
  hang,
  raw,
  type Reply,
  respond,
} from "../fakes/http_server.ts";
import {
  legacyPage,
  legacyRefusals,
  styleNames,
} from "../fakes/legacy_bodies.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";
import { newPage } from "../fakes/new_bodies.ts";
import { query, unknownError } from "../fakes/places.ts";

/** Both of Google's APIs, which have the same tests. */
const apis = {
  "google": createGoogle,
  "google-new": createGoogleNew,
};

/** A clock on which all delays except the deadline end at once. */
class ImmediateClock extends ManualClock {
  override after(delayMs: number, callback: () => void): () => void {
    if (delayMs >= answerDeadlineMs) return super.after(delayMs, callback);
    queueMicrotask(callback);
    return () => {};
  }
}

/** `Places` with this provider, and the events that it emits. */
function createPlaces(
  provider: RemoteProvider,
  clock: Clock = new ImmediateClock(),
) {
  const events: string[] = [];
  const places = new Places({
    provider,
    clock,
    ttlSeconds: 0,
    emit: (level, _, event, fields = {}) =>
      events.push(`${level} ${event} ${JSON.stringify(fields)}`),
  });
  const ask = async (changes: Partial<PlacesQuery> = {}) =>
    textOfBytes(await places.nearby({ ...query, ...changes }));
  return { ask, events, places };
}

Deno.test("google sends metres and the client's digits", async () => {
  await using google = new FakeGoogle();
  const { ask } = createPlaces(createGoogle(fakeKey, google.url + legacyPath));
  const answer = JSON.parse(await ask());
  assertEquals([answer.status, answer.results.length], ["OK", 5]);
  const [{ body, method, url }] = google.requests;
  assertEquals([method, body, url.pathname], ["GET", "", legacyPath]);
  assertEquals(
    decodeURIComponent(url.search),
    `?location=34.068930,-118.445127&radius=10000&key=${fakeKey}`,
  );
  await ask({
    position: { latitude: "-01.50", longitude: "+180.000" },
    radiusMetres: "1.5",
  });
  assertEquals(
    decodeURIComponent(google.requests[1].url.search),
    `?location=-01.50,180.000&radius=1.5&key=${fakeKey}`,
  );
});

Deno.test("google-new requests a circle and a full page, with key and mask in headers", async () => {
  await using google = new FakeGoogle();
  const { ask } = createPlaces(createGoogleNew(fakeKey, google.url + newPath));
  const answer = JSON.parse(await ask());
  assertEquals([answer.status, answer.results.length], ["OK", 5]);
  const [{ body, headers, method, url }] = google.requests;
  assertEquals([method, url.pathname, url.search], ["POST", newPath, ""]);
  assertEquals(headers.get("x-goog-api-key"), fakeKey);
  assertEquals(headers.get("x-goog-fieldmask"), fieldMask);
  assertEquals(headers.get("content-type"), "application/json");
  assertEquals(JSON.parse(body), {
    locationRestriction: {
      circle: {
        center: { latitude: 34.06893, longitude: -118.445127 },
        radius: 10_000,
      },
    },
    maxResultCount: 20,
  });
  assertStringIncludes(body, '"latitude" : 34.068930,');
});

Deno.test("google-new writes a client's digits as valid JSON numbers", async () => {
  await using google = new FakeGoogle();
  const { ask } = createPlaces(createGoogleNew(fakeKey, google.url + newPath));
  for (
    const [latitude, longitude, radiusMetres, ...expected] of [
      ["+007.10", "-00.250", "0.5", "7.10", "-0.250", "0.5"],
      ["-0", "+000", "50000", "-0", "0", "50000"],
      ["+90.0", "-180.000", "1", "90.0", "-180.000", "1"],
    ]
  ) {
    await ask({ position: { latitude, longitude }, radiusMetres });
    const digits = google.requests.at(-1)!.body
      .match(/(?:latitude|longitude|radius)" : [^\s,}]+/g)!
      .map((member) => member.slice(member.indexOf(": ") + 2));
    assertEquals(digits, expected);
  }
});

Deno.test("google-new removes a key that is written with nested escapes", async () => {
  const escaped = Array.from(
    fakeKey,
    (character) => `\\u0025${character.charCodeAt(0).toString(16)}`,
  ).join("");
  await using google = new FakeHttpServer(() =>
    respond(
      `{"error":{"status":"PERMISSION_DENIED","message":"${escaped}!"}}`,
      403,
    )
  );
  const { ask } = createPlaces(createGoogleNew(fakeKey, google.url));
  assertEquals(JSON.parse(await ask()).error_message, "[key]!");
});

Deno.test("google-new makes no request for a bound of 0, google does", async () => {
  await using google = new FakeGoogle();
  const fresh = createPlaces(createGoogleNew(fakeKey, google.url + newPath));
  const empty = unknownError.replace("UNKNOWN_ERROR", "OK");
  assertEquals(await fresh.ask({ bound: 0 }), empty);
  assertEquals(google.requests.length, 0);
  const legacy = createPlaces(createGoogle(fakeKey, google.url + legacyPath));
  const answer = JSON.parse(await legacy.ask({ bound: 0 }));
  assertEquals([answer.status, answer.results], ["OK", []]);
  assertEquals(google.requests.length, 1);
});

for (const [name, create] of Object.entries(apis)) {
  const path = name === "google" ? legacyPath : newPath;

  Deno.test(`${name} passes on the refusal of a wrong key, after one request and without the key`, async () => {
    await using google = new FakeGoogle();
    const key = "not-the-key-it-knows";
    const { ask, events } = createPlaces(create(key, google.url + path));
    const answer = await ask();
    assertEquals(JSON.parse(answer).status, "REQUEST_DENIED");
    assertEquals(google.requests.length, 1);
    // The fake repeats the key in its message.
    assertStringIncludes(answer, "[key]");
    assert(!(answer + events.join()).includes("not-the-key"));
  });

  Deno.test(`${name} turns every faulty response into UNKNOWN_ERROR, and reveals no key`, async () => {
    await using google = new FakeGoogle();
    const whole = bodyAt(path);
    const big = `"${"x".repeat(10_000_000)}"`;
    const bomb = await gzip(big);
    const faults: readonly [Reply, number, RegExp][] = [
      [respond("failing", 500), maxAttempts, /answered 500/],
      [respond("failing", 503), maxAttempts, /answered 503/],
      [cutOff('{"results":['), maxAttempts, /reading a body/],
      [raw(""), maxAttempts, /connection closed/],
      [raw("HTTP/1.1 200 OK\r\ncontent-le"), maxAttempts, /connection closed/],
      [raw("what?\r\n\r\n"), 1, /invalid HTTP version/],
      [raw(`HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n${whole}`), 1, /JSON/],
      [respond(whole.slice(0, 50)), 1, /the body is not JSON/],
      [respond("<html>not found</html>", 404), 1, /the body is not JSON/],
      [respond("[]"), 1, /the body has no/],
      [respond(""), 1, /the body is not JSON/],
      [respond(big), 1, /more than 262144 bytes/],
      [
        raw(
          "HTTP/1.1 200 OK\r\nconnection: close\r\n" +
            `content-encoding: gzip\r\n\r\n${bomb}`,
        ),
        1,
        /more than 262144 bytes/,
      ],
      ...[301, 302, 303, 307, 308].map((status): [Reply, number, RegExp] => [
        respond("", status, {
          location: `http://${google.host}/?x=${fakeKey}`,
        }),
        1,
        /a redirect/,
      ]),
    ];
    for (const [reply, attempts, reason] of faults) {
      await using faulty = new FakeHttpServer(() => reply);
      const url = faulty.url + path;
      const { ask, events } = createPlaces(create(fakeKey, url));
      assertEquals(await ask(), unknownError);
      assertEquals(faulty.requests.length, attempts, String(reason));
      assertMatch(events.at(-1)!, /^warning places failed /);
      assertMatch(events.at(-1)!, reason);
      assertEquals(events.length, attempts);
      assert(!events.join().includes(fakeKey), events.join());
    }
    assertEquals(google.requests.length, 0);
  });

  Deno.test(`${name} retries after a reset or a failure`, async () => {
    await using google = new FakeGoogle();
    google.resets = 2;
    const { ask, events } = createPlaces(create(fakeKey, google.url + path));
    const { status } = JSON.parse(await ask());
    assertEquals([status, google.connections, events.length], ["OK", 3, 2]);
    let count = 0;
    await using failing = new FakeHttpServer(() => {
      count += 1;
      return respond(count < 4 ? "busy" : bodyAt(path), count < 4 ? 503 : 200);
    });
    const other = createPlaces(create(fakeKey, failing.url + path));
    assertEquals(JSON.parse(await other.ask()).status, "OK");
    assertEquals(failing.requests.length, 4);
  });

  Deno.test(`${name} is cancelled at the deadline if it hangs or sends slowly`, async () => {
    for (const reply of [hang, drip]) {
      await using slow = new FakeHttpServer(() => reply);
      const clock = new ManualClock();
      const { ask, events } = createPlaces(
        create(fakeKey, slow.url + path),
        clock,
      );
      const answer = ask();
      await slow.asked(1);
      await clock.advance(answerDeadlineMs);
      assertEquals(await answer, unknownError);
      assertMatch(events.join(), /^warning .*"no answer within 10000 ms"}$/);
      // Both replies end only with the connection. Disposing of the fake waits
      // for that.
      await drainMicrotasks();
      assertEquals(clock.timers, 0);
    }
  });

  Deno.test(`${name} gives UNKNOWN_ERROR at once if the port is closed`, async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const url = `http://127.0.0.1:${listener.addr.port}${path}`;
    listener.close();
    const { ask, events } = createPlaces(create(fakeKey, url));
    assertEquals(await ask(), unknownError);
    assertEquals(events.length, 1);
    assertMatch(
      events[0],
      /"asking 127\.0\.0\.1:\d+ failed: tcp connect error: .*refused/,
    );
    assert(!events[0].includes(fakeKey));
  });
}

Deno.test("an address without a path gets each API's path, another address is used unchanged", async () => {
  for (
    const [path, ...asked] of [
      ["", legacyPath, newPath],
      ["/", legacyPath, newPath],
      ["/proxy/places", "/proxy/places", "/proxy/places"],
    ]
  ) {
    await using google = new FakeHttpServer(({ method }) =>
      respond(method === "GET" ? legacyRefusals.legacyApiOff : newPage(1))
    );
    const choice = choosePlaces("auto", {
      key: fakeKey,
      url: google.url + path,
    });
    const provider = await choice.load();
    assert(provider.isRemote);
    const { ask } = createPlaces(provider);
    assertEquals(JSON.parse(await ask()).status, "OK");
    assertEquals(google.requests.map(({ url }) => url.pathname), asked);
  }
});

Deno.test("google's text is passed on unchanged in every format", async () => {
  for (const style of styleNames) {
    const body = legacyPage(20, style);
    await using google = new FakeHttpServer(() => respond(body));
    const { ask } = createPlaces(createGoogle(fakeKey, google.url));
    assertEquals(await ask({ bound: 20 }), body.trimEnd());
    const { results, ...rest } = JSON.parse(body);
    assertEquals(JSON.parse(await ask({ bound: 5 })), {
      ...rest,
      results: results.slice(0, 5),
    });
  }
});

Deno.test("auto switches to google-new if Google refuses the legacy API, with one event", async () => {
  await using google = new FakeGoogle({ hasLegacyApi: false });
  const auto = createGoogleAuto(
    createGoogle(fakeKey, google.url + legacyPath),
    createGoogleNew(fakeKey, google.url + newPath),
  );
  const { ask, events } = createPlaces(auto);
  const answers = await Promise.all(
    ["1", "2", "3"].map((radiusMetres) => ask({ radiusMetres })),
  );
  for (const answer of [...answers, await ask()]) {
    const { results, status } = JSON.parse(answer);
    assertEquals([status, results.length], ["OK", 5]);
  }
  const methods = google.requests.map(({ method }) => method).join(" ");
  assertEquals(methods, "GET GET GET POST POST POST POST");
  const changes = events.filter((event) => event.includes("places changed"));
  assertEquals(changes, [
    'info places changed {"from":"google","to":"google-new"}',
  ]);
});

/** The lines of a text in Google's format, without their values. */
function membersOf(answer: string): Set<string> {
  return new Set(answer.match(/^ +"\w+" : [[{]?/gm));
}

Deno.test("google-new answers in the shape and format of google", async () => {
  await using google = new FakeGoogle();
  const legacy = createPlaces(createGoogle(fakeKey, google.url + legacyPath));
  const fresh = createPlaces(createGoogleNew(fakeKey, google.url + newPath));
  const [legacyMembers, newMembers] = (await Promise.all(
    [legacy.ask(), fresh.ask()],
  )).map(membersOf);
  assertEquals([...newMembers.difference(legacyMembers)], []);
  assert(newMembers.size > 25);
});
