import { createGoogleAuto } from "../../places/google_auto.ts";
import { PlacesError, type RemoteProvider } from "../../places/provider.ts";
import { bytesOfText } from "../../protocol/bytes.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { page, query } from "../fakes/places.ts";

const neverAborted = new AbortController().signal;

/** A provider with a fixed answer, and the searches that it received. */
function createProvider(name: string, body: string, emptyAnswer?: string) {
  const asked: unknown[] = [];
  const provider: RemoteProvider = {
    name,
    isRemote: true,
    emptyAnswer,
    nearby(search) {
      asked.push(search);
      return Promise.resolve(bytesOfText(body));
    },
  };
  return { asked, provider };
}

/**
 * `auto` with a legacy API that gives this answer, and a new one that answers
 * "OK".
 */
function createAuto(legacyBody: string) {
  const google = createProvider("google", legacyBody);
  const googleNew = createProvider("google-new", page(1), "{}");
  const auto = createGoogleAuto(google.provider, googleNew.provider);
  const asked = () => [google.asked.length, googleNew.asked.length];
  return { asked, auto };
}

const denied = (message: string) =>
  JSON.stringify({
    error_message: message,
    results: [],
    status: "REQUEST_DENIED",
  });

const forbidden = (message: string) =>
  JSON.stringify({
    error: { code: 403, message, status: "PERMISSION_DENIED" },
  });

Deno.test({
  name: "auto keeps using the legacy API after any other answer",
  permissions: "none",
  async fn() {
    for (
      const body of [
        page(3),
        page(0, "ZERO_RESULTS"),
        page(0, "OVER_QUERY_LIMIT"),
        denied("The provided API key is invalid. "),
        denied("This IP is not authorized to use this API key."),
        denied("You must enable Billing on the Google Cloud Project."),
        JSON.stringify({
          results: ["REQUEST_DENIED, a legacy API"],
          status: "OK",
        }),
        forbidden("Requests from this IP are blocked."),
        "REQUEST_DENIED legacy API",
        '{"status":"REQUEST_DENIED","error_message":"a legacy API',
      ]
    ) {
      const { asked, auto } = createAuto(body);
      for (const turn of [1, 2]) {
        assertEquals(await auto.nearby(query, neverAborted), bytesOfText(body));
        assertEquals(asked(), [turn, 0], body);
      }
      assertEquals([auto.name, auto.emptyAnswer], ["google", undefined]);
    }
  },
});

Deno.test({
  name:
    "auto switches to the new API if the project cannot use the legacy one, and keeps using it",
  permissions: "none",
  async fn() {
    for (
      const body of [
        denied(
          "You\u2019re calling a legacy API, which is not enabled for your " +
            "project. To get newer features, switch to the Places API (New).",
        ),
        denied(
          "Learn more: https://example/legacy#LegacyApiNotActivatedMapError",
        ),
        denied(
          "This API project is not authorized to use this API. Please ...",
        ),
        denied("This API is not activated on your API project. You may need"),
        denied("This API key is not authorized to use this service or API."),
        forbidden("Places API has not been used in project 1 before or it is"),
      ]
    ) {
      const { asked, auto } = createAuto(body);
      const error = await assertRejects(
        () => auto.nearby(query, neverAborted),
        PlacesError,
        "Google says that this key cannot use the legacy API",
      );
      assert(error instanceof PlacesError && error.mayPass);
      for (const turn of [1, 2]) {
        assertEquals(await auto.nearby(query, neverAborted), page(1));
        assertEquals(asked(), [1, turn], body);
      }
      assertEquals([auto.name, auto.emptyAnswer], ["google-new", "{}"]);
    }
  },
});

Deno.test({
  name: "auto switches once for all concurrent requests",
  permissions: "none",
  async fn() {
    const { asked, auto } = createAuto(denied("You're calling a legacy API"));
    const first = [
      auto.nearby(query, neverAborted),
      auto.nearby(query, neverAborted),
    ];
    for (const answer of first) {
      const error = await assertRejects(() => answer, PlacesError);
      assert(error instanceof PlacesError && error.mayPass);
    }
    assertEquals(await auto.nearby(query, neverAborted), page(1));
    assertEquals(asked(), [2, 1]);
  },
});

Deno.test({
  name: "auto does not switch back after a refusal of the new API",
  permissions: "none",
  async fn() {
    const refusal = denied("You're calling a legacy API");
    const google = createProvider("google", refusal);
    const googleNew = createProvider("google-new", refusal);
    const auto = createGoogleAuto(google.provider, googleNew.provider);
    await assertRejects(() => auto.nearby(query, neverAborted), PlacesError);
    for (const turn of [1, 2]) {
      assertEquals(await auto.nearby(query, neverAborted), refusal);
      assertEquals([google.asked.length, googleNew.asked.length], [1, turn]);
    }
  },
});
