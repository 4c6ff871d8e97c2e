import { answerForget } from "../../admin/forget.ts";
import { answer } from "../../admin/site.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { FakeObservedServer } from "../fakes/observed_server.ts";
import type { SiteOptions } from "../../admin/site.ts";

const origin = "http://127.0.0.1:8200";

/** A server that knows some clients. */
function open() {
  const server = new FakeObservedServer("Hill");
  server.known = ["kiwi", "a&b+c", "caf\xe9", "%41"].map((client) =>
    `AT Smith +0.200000000 ${client} +34.07-118.45 1520023934.5`
  );
  return server;
}

/** Sends a request as `herd forget` does, with some changes. */
async function forget(
  server: FakeObservedServer,
  query: string,
  init: RequestInit = {},
  remote: string | undefined = "127.0.0.1",
): Promise<string> {
  const request = new Request(`${origin}/forget${query}`, {
    method: "POST",
    ...init,
    headers: {
      host: "127.0.0.1:8200",
      "herd-request": "forget",
      ...init.headers,
    },
  });
  const response = await answerForget(request, remote, {
    forget: (client, until) => server.forget(client, until),
    self: () => server.status(),
  });
  return `${response.status} ${(await response.text()).trim()}`;
}

Deno.test({
  name: "POST /forget deletes a client and says what was removed",
  permissions: "none",
  async fn() {
    const server = open();
    server.facts = { links: [] };
    assertEquals(
      await forget(server, "?id=kiwi"),
      `200 ${
        JSON.stringify({
          server: "Hill",
          client: "kiwi",
          until: "1520024734.000000005",
          removed: true,
          linked: [],
        })
      }`,
    );
    assertEquals(server.find("kiwi"), undefined);
    const again = await forget(server, "?until=1520024735.25&id=kiwi");
    assertStringIncludes(again, '"until":"1520024735.250000000"');
    assertStringIncludes(again, '"removed":false');
    // IDs with any characters and bytes.
    for (const id of ["a%26b%2Bc", "caf\\xe9", "%2541"]) {
      assertStringIncludes(await forget(server, `?id=${id}`), '"removed":true');
    }
    assertEquals(server.known, []);
    server.known = ["AT Smith +0.200000000 a&b+c +34.07-118.45 1520023934.5"];
    assertStringIncludes(await forget(server, "?id=a&b+c"), '"removed":true');
  },
});

Deno.test({
  name: "POST /forget refuses IDs and times that cannot be meant",
  permissions: "none",
  async fn() {
    const server = open();
    const usage = "400 expected POST /forget?id=ID or /forget?until=TIME&id=ID";
    for (const query of ["", "?", "?client=kiwi", "?at=5&id=kiwi"]) {
      assertEquals(await forget(server, query), usage);
    }
    // %e9 is not UTF-8, and would be another client's ID when replaced.
    for (const id of ["", "caf%e9", "ki%20wi", "%", "\\q"]) {
      const answer = await forget(server, `?id=${id}`);
      assertStringIncludes(answer, "400 expected id=ID");
    }
    for (const until of ["", "now", "-5", "1e9", "5.", "%e9"]) {
      assertEquals(
        await forget(server, `?until=${until}&id=kiwi`),
        "400 expected until=TIME in POSIX seconds",
      );
    }
    assertEquals(server.known.length, 4);
  },
});

Deno.test({
  name: "POST /forget says why a replica does not forget",
  permissions: "none",
  async fn() {
    const server = open();
    const expected = {
      ahead: "409 until is more than a minute ahead of this server's clock",
      expired: "409 until is more than --forget-days ago",
      full: "503 the table has no room for further deletions",
    } as const;
    for (const refusal of ["ahead", "expired", "full"] as const) {
      server.forgetRefusal = refusal;
      assertEquals(await forget(server, "?id=kiwi"), expected[refusal]);
    }
    server.forget = () => Promise.reject(new Error("no connection"));
    assertEquals(
      await forget(server, "?id=kiwi"),
      "503 the server cannot forget clients now",
    );
  },
});

Deno.test({
  name: "POST /forget is taken from this machine only",
  permissions: "none",
  async fn() {
    for (
      const remote of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]
    ) {
      assertStringIncludes(await forget(open(), "?id=kiwi", {}, remote), "200");
    }
    const others = ["10.0.0.9", "::ffff:10.0.0.9", "fe80::1", "2001:db8::1"];
    for (const remote of others) {
      const server = open();
      assertStringIncludes(
        await forget(server, "?id=kiwi", {}, remote),
        "403 clients are forgotten only at the request of this machine (loopback)",
      );
      assertEquals(server.known.length, 4);
    }
    for (
      const header of ["Forwarded", "X-Forwarded-For", "Via", "X-Real-IP"]
    ) {
      const server = open();
      assertEquals(
        await forget(server, "?id=kiwi", { headers: { [header]: "10.0.0.9" } }),
        `403 a request with ${header.toLowerCase()} was passed on by a proxy`,
      );
      assertEquals(server.known.length, 4);
    }
  },
});

Deno.test({
  name: "POST /forget is not taken from web pages",
  permissions: "none",
  async fn() {
    const attempts: Record<string, string>[] = [
      { origin: "https://example.com" },
      { origin: "http://127.0.0.1:9000" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
      // All that a form can send.
      { "herd-request": "" },
    ];
    for (const headers of attempts) {
      const server = open();
      const answer = await forget(server, "?id=kiwi", { headers });
      assertStringIncludes(answer, "403 ");
      assertEquals(server.known.length, 4);
    }
    const own = { origin, "sec-fetch-site": "same-origin" };
    assertStringIncludes(
      await forget(open(), "?id=kiwi", { headers: own }),
      "200 ",
    );
  },
});

Deno.test({
  name: "only POST forgets, and only at /forget",
  permissions: "none",
  async fn() {
    const server = open();
    for (const method of ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]) {
      const answer = await forget(server, "?id=kiwi", { method });
      assertStringIncludes(answer, "405 expected POST");
    }
    const site = {
      files: new Map(),
      forget: (client, until) => server.forget(client, until),
      self: () => server.status(),
    } as Partial<SiteOptions> as SiteOptions;
    const send = async (path: string, remote?: string, host?: string) => {
      const request = new Request(`${origin}${path}`, {
        method: "POST",
        headers: {
          host: host ?? "127.0.0.1:8200",
          "herd-request": "forget",
        },
      });
      return (await answer(request, { names: [] }, site, remote)).status;
    };
    assertEquals(await send("/forget/?id=kiwi", "127.0.0.1"), 405);
    assertEquals(await send("/?id=kiwi", "127.0.0.1"), 405);
    assertEquals(await send("/forget?id=kiwi"), 403);
    assertEquals(await send("/forget?id=kiwi", "127.0.0.1", "evil.test"), 403);
    assertEquals(server.known.length, 4);
    assertEquals(await send("/forget?id=kiwi", "127.0.0.1"), 200);
    assertEquals(server.known.length, 3);
  },
});
