import { createGoogleAuto } from "../../places/google_auto.ts";
import { PlacesError, type RemoteProvider } from "../../places/provider.ts";
import { bytesOfText } from "../../protocol/bytes.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { page, query } from "../fakes/places.ts";

const forever = new AbortController().signal;

/** A provider that always says the same, and how often it was asked. */
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

/** `auto` where the legacy API says this, and the new one "OK". */
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
  name: "auto stays with the legacy API whatever else it says",
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
        assertEquals(await auto.nearby(query, forever), bytesOfText(body));
        assertEquals(asked(), [turn, 0], body);
      }
      assertEquals([auto.name, auto.emptyAnswer], ["google", undefined]);
    }
  },
});

Deno.test({
  name:
    "auto turns to the new API for good when the project may not use the legacy one",
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
        () => auto.nearby(query, forever),
        PlacesError,
        "Google says that this key cannot use the legacy API",
      );
      assert(error instanceof PlacesError && error.mayPass);
      for (const turn of [1, 2]) {
        assertEquals(await auto.nearby(query, forever), page(1));
        assertEquals(asked(), [1, turn], body);
      }
      assertEquals([auto.name, auto.emptyAnswer], ["google-new", "{}"]);
    }
  },
});

Deno.test({
  name: "auto decides once for all that were under way",
  permissions: "none",
  async fn() {
    const { asked, auto } = createAuto(denied("You're calling a legacy API"));
    const first = [
      auto.nearby(query, forever),
      auto.nearby(query, forever),
    ];
    for (const answer of first) {
      const error = await assertRejects(() => answer, PlacesError);
      assert(error instanceof PlacesError && error.mayPass);
    }
    assertEquals(await auto.nearby(query, forever), page(1));
    assertEquals(asked(), [2, 1]);
  },
});

Deno.test({
  name: "a refusal of the new API is nobody's reason to turn back",
  permissions: "none",
  async fn() {
    const refusal = denied("You're calling a legacy API");
    const google = createProvider("google", refusal);
    const googleNew = createProvider("google-new", refusal);
    const auto = createGoogleAuto(google.provider, googleNew.provider);
    await assertRejects(() => auto.nearby(query, forever), PlacesError);
    for (const turn of [1, 2]) {
      assertEquals(await auto.nearby(query, forever), refusal);
      assertEquals([google.asked.length, googleNew.asked.length], [1, turn]);
    }
  },
});
