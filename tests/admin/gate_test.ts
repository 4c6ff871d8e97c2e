import { Gate } from "../../admin/gate.ts";
import {
  attemptsSeconds,
  maxFailedAttempts,
  sessionSeconds,
  statusEveryMs,
} from "../../admin/limits.ts";
import { pageFiles } from "../../admin/page.ts";
import { answer, type PortRules, type SiteOptions } from "../../admin/site.ts";
import { EventStream } from "../../admin/event_stream.ts";
import { Access } from "../../identity/access.ts";
import { TokenAuthenticator } from "../../identity/token_authenticator.ts";
import { TrustedProxies } from "../../runtime/forwarded.ts";
import { createNonce } from "../../runtime/identity.ts";
import type { RefusalName } from "../../runtime/refusal_counts.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { fakeStatus } from "../fakes/herd_status.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import {
  historySite,
  importSite,
  MemoryHistory,
} from "../fakes/memory_history.ts";
import { FakeObservedServer } from "../fakes/observed_server.ts";
import { key, makeToken } from "../identity/make_token.ts";

/** When the clock of these tests begins, in POSIX seconds. */
const now = 1_520_024_734;

const rules = { keys: [key], revoked: new Set<string>() };
const tokenOf = (role: string | undefined, jti = "token-1") =>
  makeToken({ exp: now + 1_000_000, role, jti });
const [viewer, operator, none] = ["viewer", "operator", undefined]
  .map((role) => tokenOf(role, `${role}`));
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** The status of a server that has an example of what a device has sent. */
function statusWithExample() {
  const example = {
    reason: "not-json",
    gateway: "http",
    time: now,
    text: "sent by a device",
  };
  const gateways = { reports: { http: 1 }, example };
  return fakeStatus({ servers: { Smith: { gateways } } });
}

/** A port that requires tokens, and the server that it shows. */
function open(proxies: readonly string[] = []) {
  const clock = new ManualClock();
  const self = new FakeObservedServer("Hill");
  self.known = ["AT Hill +0.2 kiwi +34.07-118.45 1520023934.5"];
  const refusals: RefusalName[] = [];
  const tokens = new TokenAuthenticator(rules);
  const access = new Access({
    tokens,
    rates: undefined,
    proxies: new TrustedProxies(proxies),
    clock,
    countRefusal: (name) => refusals.push(name),
  });
  const site: SiteOptions = {
    files: pageFiles,
    find: (client) => self.find(client),
    forget: (client, until) => self.forget(client, until),
    findShown: () => Promise.resolve(undefined),
    escapeWhole: (id) => Promise.resolve(id),
    status: statusWithExample,
    self: () => self.status(),
    metrics: () => Promise.resolve("herd_ready 1\n"),
    events: new EventStream({
      self,
      servers: [self],
      status: statusWithExample,
      clock,
    }),
    history: historySite(
      new MemoryHistory(["AT Hill +0.000000000 kiwi +1-2 5"]),
    ),
    imports: importSite(),
  };
  const port: PortRules = {
    names: ["hill.example"],
    proxies: new TrustedProxies(proxies),
    gate: new Gate({ access, clock, port: 8200, createId: createNonce }),
    isEncrypted: true,
    onForwarded: () => refusals.push("forwarded"),
  };
  const request = (
    path: string,
    headers: Record<string, string> = {},
    { method = "GET", remote = "192.0.2.7", rules = port } = {},
  ) =>
    answer(
      new Request(`http://hill.example:8200${path}`, {
        method,
        headers: { host: "hill.example:8200", ...headers },
      }),
      rules,
      site,
      remote,
    );
  return { clock, port, refusals, request, self, tokens };
}

async function textOf(response: Promise<Response>): Promise<string> {
  const { headers, status } = await response;
  const scheme = headers.get("www-authenticate");
  const text = (await (await response).text()).trim();
  return [status, scheme, text].filter((part) => part !== null).join(" ");
}

Deno.test({
  name: "with a gate everything but health and the page's code needs a token",
  permissions: "none",
  async fn() {
    const required =
      "401 Bearer a token is required, as Authorization: Bearer TOKEN";
    for (
      const path of [
        "/",
        "/metrics",
        "/status.json",
        "/client.json?id=kiwi",
        "/history.json?id=kiwi",
        "/events",
        "/map.json",
        "/nothing",
        "//page/main.js",
        "/healthz/",
      ]
    ) {
      const { refusals, request } = open();
      assertEquals(await textOf(request(path)), required, path);
      assertEquals((await request(path, bearer(none))).status, 403, path);
      assertEquals((await request(path, bearer("x"))).status, 401, path);
      assertEquals(refusals, ["no-token", "role", "token-malformed"]);
    }
    const { request, self } = open();
    assertEquals((await request("/page/main.js")).status, 200);
    assertEquals(await textOf(request("/healthz")), "200 ok");
    assertEquals(await textOf(request("/readyz")), "200 ready");
    self.facts = { notReady: "no link with Smith" };
    // Names only for those who may look.
    assertEquals(await textOf(request("/readyz")), "503 not ready");
    assertEquals(
      await textOf(request("/readyz", bearer(viewer))),
      "503 no link with Smith",
    );
    assertEquals((await request("/healthz", bearer("x"))).status, 401);
    for (const token of [viewer, operator]) {
      const response = await request("/status.json", bearer(token));
      assertEquals(response.status, 200);
    }
  },
});

Deno.test({
  name: "only an operator's token forgets, from anywhere, and no cookie does",
  permissions: "none",
  async fn() {
    const { port, request, self } = open();
    const forget = (headers: Record<string, string>, rules = port) =>
      textOf(
        request("/forget?id=kiwi", { "herd-request": "forget", ...headers }, {
          method: "POST",
          rules,
        }),
      );
    const cookie = await logIn(request, operator);
    const refused =
      "403 a token with the role operator is required, as Authorization: " +
      "Bearer TOKEN";
    assertEquals(
      await forget({}),
      "401 Bearer a token is required, as Authorization: Bearer TOKEN",
    );
    assertEquals(await forget(bearer(viewer)), refused);
    assertEquals(await forget({ cookie }), refused);
    assertEquals(
      await forget({ ...bearer(operator), origin: "https://evil.example" }),
      "403 pages of other sites are refused",
    );
    assertEquals(self.known.length, 1);
    // Without a gate only this machine may.
    assertMatch(
      await forget(bearer(operator), { names: ["hill.example"] }),
      /^403 clients are forgotten only at the request of this machine/,
    );
    assertMatch(await forget(bearer(operator)), /^200 .*"removed":true/);
    self.known = ["AT Hill +0.2 kiwi +34.07-118.45 1520023934.5"];
    const origin = "https://hill.example:8200";
    assertMatch(
      await forget({ ...bearer(operator), origin }),
      /^200 .*"removed":true/,
    );
  },
});

/** Logs in, and returns the cookie as a browser sends it. */
async function logIn(
  request: ReturnType<typeof open>["request"],
  token: string,
): Promise<string> {
  const response = await request("/login", bearer(token), { method: "POST" });
  assertEquals(response.status, 200);
  return response.headers.get("set-cookie")!.split(";")[0];
}

Deno.test({
  name: "a browser gets the page for logging in, and a cookie for its token",
  permissions: "none",
  async fn() {
    const { clock, port, refusals, request, tokens } = open();
    const page = await request("/", { accept: "text/html,*/*" });
    assertEquals(page.status, 401);
    assertEquals(page.headers.get("content-type"), "text/html; charset=utf-8");
    assert((await page.text()).includes('src="page/login.js"'));
    const logInWith = (headers: Record<string, string>, rules = port) =>
      request("/login", headers, { method: "POST", rules });
    const answered = await logInWith(bearer(viewer));
    const [pair, ...attributes] = answered.headers.get("set-cookie")!
      .split("; ");
    assertMatch(pair, /^__Host-herd-8200=[0-9a-f]{32}$/);
    assertEquals(attributes, [
      "Path=/",
      "Max-Age=43200",
      "HttpOnly",
      "SameSite=Strict",
      "Secure",
    ]);
    const plain = await logInWith(bearer(viewer), {
      ...port,
      isEncrypted: false,
    });
    assertMatch(
      plain.headers.get("set-cookie")!,
      /^herd-8200=\w+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    const look = async (cookie: string) =>
      (await request("/status.json", { cookie })).status;
    assertEquals(await look(`a=b; ${pair}; c=d`), 200);
    for (const cookie of ["", "a=b", "__Host-herd-8200=", `${pair}0`]) {
      assertEquals(await look(cookie), 401, cookie);
    }
    // A stale cookie is none: health needs no login.
    const stale = "__Host-herd-8200=gone";
    assertEquals((await request("/healthz", { cookie: stale })).status, 200);
    assertEquals((await logInWith(bearer(none))).status, 403);
    assertEquals((await logInWith({})).status, 401);
    assertEquals((await request("/login", bearer(viewer))).status, 405);
    for (
      const [name, value] of [
        ["origin", "https://evil.example"],
        ["sec-fetch-site", "same-site"],
      ]
    ) {
      const response = await logInWith({ ...bearer(viewer), [name]: value });
      assertEquals(response.status, 403);
      assertEquals(response.headers.has("set-cookie"), false);
    }
    assert(refusals.includes("role"));
    // It ends with the token, and after twelve hours.
    tokens.replaceRules({ ...rules, revoked: new Set(["viewer"]) });
    assertEquals(await look(pair), 401);
    tokens.replaceRules(rules);
    const cookie = await logIn(request, viewer);
    await clock.advance(sessionSeconds * 1000 - 1);
    assertEquals(await look(cookie), 200);
    await clock.advance(1);
    assertEquals(await look(cookie), 401);
  },
});

Deno.test({
  name: "an event stream ends when the token does that opened it",
  permissions: "none",
  async fn() {
    const { clock, request, tokens } = open();
    const streams = await Promise.all(
      [bearer(viewer), bearer(operator), {
        cookie: await logIn(request, viewer),
      }].map((headers) => request("/events", headers)),
    );
    const readers = streams.map(({ body }) => body!.getReader());
    const ended = readers.map(() => false);
    const reading = readers.map(async (reader, index) => {
      while (!(await reader.read()).done);
      ended[index] = true;
    });
    await clock.advance(2_000);
    assertEquals(ended, [false, false, false]);
    tokens.replaceRules({ ...rules, revoked: new Set(["viewer"]) });
    await clock.advance(1_000);
    assertEquals(ended, [true, false, true]);
    await readers[1].cancel();
    await Promise.all(reading);
  },
});

Deno.test({
  name: "an address with many failed attempts has to wait, and others have not",
  permissions: "none",
  async fn() {
    const { clock, refusals, request } = open(["10.0.0.0/8"]);
    const status = async (token: string, remote: string, client?: string) => {
      const headers: Record<string, string> = client === undefined
        ? bearer(token)
        : { ...bearer(token), "x-forwarded-for": client };
      return (await request("/status.json", headers, { remote })).status;
    };
    for (let count = 0; count < maxFailedAttempts; count++) {
      assertEquals(await status(viewer, "192.0.2.7"), 200);
      assertEquals(await status("x", "192.0.2.7"), 401);
    }
    assertEquals(await status("x", "192.0.2.7"), 429);
    // A token that is valid waits too: nothing is learned meanwhile.
    assertEquals(await status(viewer, "192.0.2.7"), 429);
    assertEquals(await status(viewer, "192.0.2.8"), 200);
    // The address is the client's, not its proxy's.
    assertEquals(await status(viewer, "10.0.0.1", "192.0.2.7"), 429);
    assertEquals(await status(viewer, "10.0.0.1", "192.0.2.9"), 200);
    await clock.advance(attemptsSeconds * 1000 - 1_500);
    const waiting = await request("/", bearer("x"));
    assertEquals(waiting.headers.get("retry-after"), "2");
    await clock.advance(1_500);
    assertEquals(await status("x", "192.0.2.7"), 401);
    assertEquals(await status(viewer, "192.0.2.7"), 200);
    assertEquals(refusals.filter((name) => name === "attempts").length, 4);
  },
});

Deno.test({
  name: "a request that was passed on needs a trusted proxy, and its token",
  permissions: "none",
  async fn() {
    const untrusting = open();
    const forwarded = { ...bearer(viewer), "x-forwarded-for": "192.0.2.7" };
    assertEquals(
      await textOf(untrusting.request("/", forwarded, { remote: "127.0.0.1" })),
      "403 a request with x-forwarded-for was passed on by a proxy; to accept " +
        "it, add --trusted-proxies 127.0.0.1",
    );
    assertEquals(untrusting.refusals, ["forwarded"]);
    const { port, request } = open(["127.0.0.1"]);
    const remote = "127.0.0.1";
    const status = async (headers: Record<string, string>, rules = port) =>
      (await request("/status.json", headers, { remote, rules })).status;
    assertEquals(await status(forwarded), 200);
    assertEquals(await status({ "x-forwarded-for": "192.0.2.7" }), 401);
    // The proxy speaks TLS for the port.
    const login = await request("/login", {
      ...forwarded,
      "x-forwarded-proto": "https",
    }, { method: "POST", remote, rules: { ...port, isEncrypted: false } });
    assertMatch(login.headers.get("set-cookie")!, /^__Host-.*Secure$/);
  },
});

Deno.test({
  name: "only operators read what a device has sent, with a cookie too",
  permissions: "none",
  async fn() {
    const { clock, port, request } = open();
    const login = async (token: string) => {
      const headers = { ...bearer(token), "sec-fetch-site": "same-origin" };
      const response = await request("/login", headers, { method: "POST" });
      const [cookie] = response.headers.get("set-cookie")!.split(";");
      return { cookie };
    };
    /** The status, and the first and the second one of the event stream. */
    const shown = async (headers: Record<string, string>, rules = port) => {
      const whole = await request("/status.json", headers, { rules });
      const events = await request("/events", headers, { rules });
      const reader = events.body!.pipeThrough(new TextDecoderStream())
        .getReader();
      let text = "";
      while (text.split("event: status").length < 3) {
        const next = reader.read();
        await clock.advance(statusEveryMs);
        text += (await next).value ?? "";
      }
      await reader.cancel();
      return [await whole.text(), text];
    };
    const { gate: _, ...withoutGate } = port;
    for (
      const [sees, headers, rules] of [
        [true, bearer(operator)],
        [true, await login(operator)],
        [false, bearer(viewer)],
        [false, await login(viewer)],
        // Without a gate everybody on this machine may read everything.
        [true, {}, withoutGate],
      ] as const
    ) {
      for (const text of await shown(headers, rules)) {
        assertEquals(text.includes("sent by a device"), sees, text);
        assertEquals(/"text": ?null/.test(text), !sees);
        assert(/"reason": ?"not-json"/.test(text));
      }
    }
  },
});

Deno.test({
  name: "a viewer sees histories, unless the token is for newest positions",
  permissions: "none",
  async fn() {
    const { request } = open();
    const last = makeToken({
      exp: now + 1_000_000,
      role: "viewer",
      last: true,
    });
    const path = "/history.json?id=kiwi";
    const { records } = await (await request(path, bearer(viewer))).json();
    assertEquals(records.length, 1);
    assertEquals(
      await textOf(request(path, bearer(last))),
      "403 the token permits newest positions only",
    );
    assertMatch(await textOf(request(path, bearer(none))), /^403 /);
  },
});
