import {
  type AppName,
  appNames,
  type AppServer,
  type AppSetup,
  setUpApp,
} from "../../commands/app_setup.ts";
import {
  recognizeRequest,
  recognizeTopic,
} from "../../gateways/readers/recognize.ts";
import type { Reading } from "../../gateways/readers/reading.ts";
import type { Claims } from "../../identity/claims.ts";
import { ClientPatterns } from "../../identity/patterns.ts";
import { bytesOfText } from "../../protocol/bytes.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { makeToken } from "../identity/make_token.ts";
import { publishedBy, requestOf, tokenOfRequest } from "./app_requests.ts";

const server: AppServer = {
  origin: "https://herd.example:8400",
  host: "herd.example",
  mqttPort: 8500,
  isEncrypted: true,
};

const token = makeToken();

const claimsOf = (subject: string, reports = [subject]): Claims => ({
  subject: bytesOfText(subject),
  reports: reports.map(bytesOfText),
  sees: [],
  lastOnly: false,
  role: undefined,
  tokenId: "1",
  issuedAt: 0,
  notBefore: undefined,
  expiresAt: 1,
});

/** The setup of an app, or undefined if it cannot report. */
function setupOf(name: AppName, claims: Claims): AppSetup | undefined {
  const setup = setUpApp(name, server, token, claims);
  if (!("problem" in setup)) return setup;
  assertMatch(setup.problem, /^[A-Z].*\.$/);
  return undefined;
}

/** What the gateways read, if the app sends what was typed. */
function readingOf(
  name: AppName,
  { fields }: AppSetup,
  { subject }: Claims,
): Reading {
  const typed = Object.fromEntries(fields);
  const context = { now: { seconds: 1, nanoseconds: 0 }, ownId: subject };
  const request = requestOf(name, typed);
  if (request === undefined) {
    assertEquals([typed.Host, typed.Port], ["herd.example", "8500"]);
    assertEquals([typed.TLS, typed.Password], ["on", token]);
    const { payload, topic } = publishedBy(typed);
    return recognizeTopic(bytesOfText(topic), payload)(context);
  }
  assertEquals(tokenOfRequest(request), token, name);
  const { origin, pathname, search } = new URL(request.url);
  assertEquals(origin, server.origin);
  return recognizeRequest({
    method: "POST",
    path: pathname,
    query: search.slice(1),
    headers: new Map(
      Object.entries(request.headers)
        .map(([key, text]) => [key, bytesOfText(text)]),
    ),
    body: new TextEncoder().encode(request.body),
  })(context);
}

/** The apps that report for this token, and for which ID. */
function reportersOf(claims: Claims): Partial<Record<AppName, string>> {
  const reporters: Partial<Record<AppName, string>> = {};
  for (const name of appNames) {
    const setup = setupOf(name, claims);
    if (setup === undefined) continue;
    const { ignored, refusal, sightings } = readingOf(name, setup, claims);
    assertEquals([ignored, refusal], [[], undefined], name);
    reporters[name] = sightings[0].client;
  }
  return reporters;
}

Deno.test({
  name:
    "with the fields that are typed into it, each app reports for an ID of the token",
  permissions: "none",
  fn() {
    const allFor = (id: string) =>
      Object.fromEntries(appNames.map((name) => [name, id]));
    const { traccar: _, ...ofPixel } = allFor("mira/pixel");
    assertEquals(reportersOf(claimsOf("mira/pixel")), ofPixel);
    const cab = allFor("cab-7");
    delete cab.owntracks;
    delete cab["owntracks-mqtt"];
    assertEquals(reportersOf(claimsOf("cab-7")), cab);
    // A subject that the token may not report for is not typed.
    const family = reportersOf(claimsOf("fam-admin", ["fam/*", "cab-7"]));
    assertEquals(family.owntracks, "fam/phone");
    assertEquals(family.overland, "cab-7");
    const ids = new ClientPatterns(["fam/*", "cab-7"]);
    assertEquals(Object.keys(family).length, appNames.length);
    assert(Object.values(family).every((id) => ids.includes(id)));
  },
});

Deno.test({
  name:
    "names with spaces, quotes and other scripts are typed as the app needs them",
  permissions: "none",
  fn() {
    for (
      const subject of [
        "oskar/old%20phone",
        "Élodie/téléphone",
        "o'hara/x&y=1",
        'a"b/100%25',
        "+1/#2",
      ]
    ) {
      const id = bytesOfText(subject);
      const reporters = reportersOf(claimsOf(subject));
      for (const name of ["owntracks", "overland", "gpslogger", "curl"]) {
        assertEquals(reporters[name as AppName], id, `${name} ${subject}`);
      }
      // A topic has no place for these two characters.
      const isTopic = !/[+#]/.test(subject);
      for (const name of ["mqtt", "owntracks-mqtt"]) {
        assertEquals(reporters[name as AppName], isTopic ? id : undefined);
      }
    }
    // Gateways make this ID of no name, so nothing can be typed.
    const reporters = reportersOf(claimsOf("a%2fb/c%zz"));
    assertEquals(reporters.curl, undefined);
    assertEquals(reporters.owntracks, undefined);
  },
});

Deno.test({
  name: "links fill in the same fields, in ASCII",
  permissions: "none",
  fn() {
    const claims = claimsOf("Élodie/téléphone");
    const linkOf = (name: AppName, of = claims) => {
      const { link } = setupOf(name, of)!;
      assertMatch(link!.text, /^[!-~]+$/);
      return new URL(link!.text);
    };
    const configurationOf = (name: AppName) => {
      const link = linkOf(name);
      assertEquals([link.protocol, link.pathname], ["owntracks:", "/config"]);
      const inline = link.searchParams.get("inline")!;
      const bytes = Uint8Array.fromBase64(inline);
      return JSON.parse(new TextDecoder().decode(bytes));
    };
    const common = {
      _type: "configuration",
      auth: true,
      username: "Élodie",
      password: token,
      deviceId: "téléphone",
    };
    assertEquals(configurationOf("owntracks"), {
      ...common,
      mode: 3,
      url: "https://herd.example:8400/pub",
    });
    assertEquals(configurationOf("owntracks-mqtt"), {
      ...common,
      mode: 0,
      host: "herd.example",
      port: 8500,
      tls: true,
    });
    const overland = linkOf("overland");
    assertEquals(`${overland.protocol}${overland.host}`, "overland:setup");
    assertEquals([...overland.searchParams], [
      ["url", "https://herd.example:8400/overland"],
      ["token", token],
      ["device_id", ""],
    ]);
    // The app takes origin and path as its Server URL.
    const traccar = linkOf("traccar", claimsOf("cab%207"));
    const fields = Object.fromEntries(
      setupOf("traccar", claimsOf("cab%207"))!.fields,
    );
    assertEquals(traccar.origin + traccar.pathname, fields["Server URL"]);
    assertEquals([...traccar.searchParams], [["id", "cab 7"]]);
    assertEquals(fields["Device identifier"], "cab 7");
    for (const name of ["gpslogger", "home-assistant", "mqtt", "curl"]) {
      assertEquals(setupOf(name as AppName, claims)!.link, undefined);
    }
  },
});
