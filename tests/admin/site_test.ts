import { EventStream } from "../../admin/event_stream.ts";
import { maxStreams } from "../../admin/limits.ts";
import { answer, type SiteOptions } from "../../admin/site.ts";
import { showId } from "../../admin/shown_id.ts";
import { escapeBytes } from "../../log/escape.ts";
import { textOfBytes } from "../../protocol/bytes.ts";
import { escapeWhole, findShown } from "../../admin/whole_id.ts";
import { WorkQueue } from "../../admin/work_queue.ts";
import { SystemClock } from "../../runtime/clock.ts";
import type { ServerFacts } from "../../server/status/status.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "../assert.ts";
import { fakeStatus } from "../fakes/herd_status.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import {
  historySite,
  importSite,
  MemoryHistory,
} from "../fakes/memory_history.ts";
import {
  FakeObservedServer,
  type Given,
  serverFacts,
} from "../fakes/observed_server.ts";

/** IDs that mean something in the query of a URL. */
const oddIds = ["+1", "a&b", "id=c", "a=b&id=d", "50%", "%4", "a/?b", "%\xfc"];

/** A site, and the server that it shows. */
function open(facts: Given<ServerFacts> = {}) {
  const self = new FakeObservedServer("Hill");
  self.known = ["kiwi", "\x00<b>\xff", "__proto__", ...oddIds].map((client) =>
    `AT Smith +0.2 ${client} +34.07-118.45 1520023934.5`
  );
  const work = new WorkQueue(new SystemClock());
  const events = new EventStream({
    self,
    servers: [self],
    status: fakeStatus,
    clock: new ManualClock(),
  });
  const site: { -readonly [Name in keyof SiteOptions]: SiteOptions[Name] } = {
    files: new Map([
      ["/", { contentType: "text/html", text: "<p>" }],
      ["/map.json", { contentType: "application/json", text: '{"land":""}' }],
    ]),
    find: (client) => self.find(client),
    forget: (client, until) => self.forget(client, until),
    findShown: (shown) => findShown(self, shown, work),
    escapeWhole: (id) => escapeWhole(id, work),
    status: fakeStatus,
    self: () => serverFacts("Hill", facts),
    metrics: () => Promise.resolve("herd_ready 1\n"),
    events,
    history: historySite(
      new MemoryHistory(["AT Hill +0.000000000 kiwi +1-2 5"]),
    ),
    imports: importSite(),
  };
  return site;
}

function request(
  path: string,
  site: SiteOptions | undefined,
  init: RequestInit = {},
  names: readonly string[] = [],
): Promise<Response> {
  const headers = { host: "127.0.0.1:8200", ...init.headers };
  const url = `http://127.0.0.1:8200${path}`;
  return answer(new Request(url, { ...init, headers }), { names }, site);
}

Deno.test({
  name: "answer() sends the page, the map, the metrics and the status",
  permissions: "none",
  async fn() {
    const shown = await Promise.all(
      ["/", "/?x=1", "/map.json", "/metrics", "/status.json"].map((path) =>
        request(path, open())
      ),
    );
    assertEquals(shown.map(({ status }) => status), [200, 200, 200, 200, 200]);
    assertEquals(
      shown.map(({ headers }) => headers.get("content-type")),
      [
        "text/html",
        "text/html",
        "application/json",
        "text/plain; version=0.0.4; charset=utf-8",
        "application/json; charset=utf-8",
      ],
    );
    const texts = await Promise.all(shown.map((response) => response.text()));
    assertEquals(texts.slice(0, 4), [
      "<p>",
      "<p>",
      '{"land":""}',
      "herd_ready 1\n",
    ]);
    assertEquals(JSON.parse(texts[4]).self, "Hill");
  },
});

Deno.test({
  name: "answer() finds a client's position by its escaped ID",
  permissions: "none",
  async fn() {
    for (const id of ["kiwi", "\\x00<b>\\xff", "__proto__"]) {
      const query = new URLSearchParams({ id });
      const response = await request(`/client.json?${query}`, open());
      assertEquals(response.status, 200, id);
      assertEquals(
        response.headers.get("content-type"),
        "application/json; charset=utf-8",
      );
      assertEquals(await response.json(), {
        position: [id, 34.07, -118.45, "Smith", 1520023934.5],
        shown: id,
      });
    }
    // As a person types them, and as a program encodes them.
    for (const id of oddIds) {
      const shown = textOfBytes(escapeBytes(id));
      for (const query of [shown, encodeURIComponent(shown)]) {
        const response = await request(`/client.json?id=${query}`, open());
        assertEquals(response.status, 200, query);
        assertEquals((await response.json()).position[0], shown, query);
      }
    }
    const second = await request("/client.json?x=1&id=kiwi", open());
    assertEquals(second.status, 200);
    for (const id of ["kiw", "constructor", "%5cx01", "a+b"]) {
      const response = await request(`/client.json?id=${id}`, open());
      assertEquals(
        `${response.status} ${await response.text()}`,
        "404 no client with this ID is known\n",
      );
    }
    for (
      const query of [
        "",
        "?id=",
        "?id=a%20b",
        "?id=%5cq",
        "?name=kiwi",
        "?xid=kiwi",
      ]
    ) {
      const response = await request(`/client.json${query}`, open());
      assertEquals(response.status, 400, query);
      assertStringIncludes(await response.text(), "expected");
    }
  },
});

Deno.test({
  name: "answer() sends the whole ID for one that was cut",
  permissions: "none",
  async fn() {
    const id = "\x01é".repeat(500);
    const site = open();
    const line = `AT Hill +0.2 ${id} +1+2 5`;
    site.find = (client) => client === id ? line : undefined;
    site.findShown = (shown) => {
      assertEquals(shown, showId(id));
      return Promise.resolve(line);
    };
    const escaped = textOfBytes(escapeBytes(id));
    for (const [key, value] of [["id", escaped], ["shown", showId(id)]]) {
      const query = new URLSearchParams([[key, value]]);
      const response = await request(`/client.json?${query}`, site);
      assertEquals(await response.json(), {
        position: [escaped, 1, 2, "Hill", 5],
        shown: showId(id),
      });
    }
    const wrong = await request("/client.json?shown=kiwi", site);
    assertEquals(wrong.status, 400);
    await wrong.body?.cancel();
  },
});

Deno.test({
  name: "answer() is 503, not 404, if the replica cannot find clients",
  permissions: "none",
  async fn() {
    const find = () => Promise.reject(new Error("no connection"));
    const response = await request("/client.json?id=kiwi", { ...open(), find });
    assertEquals(
      `${response.status} ${await response.text()}`,
      "503 the server cannot find clients now\n",
    );
  },
});

Deno.test({
  name: "answer() sends the health of the port's server",
  permissions: "none",
  async fn() {
    const health = async (path: string, facts: Given<ServerFacts>) => {
      const response = await request(path, open(facts));
      return `${response.status} ${await response.text()}`;
    };
    const notReady = "no neighbour is linked";
    assertEquals(await health("/healthz", {}), "200 ok\n");
    assertEquals(await health("/healthz", { notReady }), "200 ok\n");
    assertEquals(
      await health("/healthz", { isStopping: true }),
      "503 the server is stopping\n",
    );
    assertEquals(await health("/readyz", {}), "200 ready\n");
    assertEquals(
      await health("/readyz", { notReady }),
      "503 no neighbour is linked\n",
    );
  },
});

Deno.test({
  name: "answer() is 503 while the server starts",
  permissions: "none",
  async fn() {
    for (const path of ["/", "/healthz", "/readyz", "/metrics"]) {
      const request = new Request(`http://127.0.0.1:8200${path}`);
      const response = await answer(request, { names: [] }, undefined);
      assertEquals(response.status, 503);
      assertEquals(await response.text(), "the server is starting\n");
    }
  },
});

Deno.test({
  name: "answer() accepts only GET and HEAD",
  permissions: "none",
  async fn() {
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      const response = await request("/status.json", open(), { method });
      assertEquals(response.status, 405, method);
      assertEquals(response.headers.get("allow"), "GET, HEAD");
    }
    const head = await request("/status.json", open(), { method: "HEAD" });
    assertEquals([head.status, await head.text()], [200, ""]);
    const whole = await (await request("/status.json", open())).bytes();
    assertEquals(head.headers.get("content-length"), `${whole.length}`);
    const site = open();
    for (let count = 0; count <= maxStreams; count++) {
      const response = await request("/events", site, { method: "HEAD" });
      assertEquals(response.status, 200, "HEAD opens no stream");
    }
    const none = await request("/nothing", open());
    assertEquals(none.status, 404);
    assertStringIncludes(await none.text(), "/status.json");
  },
});

Deno.test({
  name: "answer() refuses other hosts",
  permissions: "none",
  async fn() {
    for (const path of ["/", "/status.json", "/events", "/healthz", "/no"]) {
      const headers = { host: "evil.example:8200" };
      const response = await request(path, open(), { headers });
      assertEquals(response.status, 403, path);
      assert(!(await response.text()).includes("evil"));
    }
    const headers = { host: "herd.example" };
    const names = ["herd.example"];
    assertEquals((await request("/", open(), { headers }, names)).status, 200);
    const starting = await request("/", undefined, { headers });
    assertEquals(starting.status, 403);
  },
});

Deno.test({
  name: "answer() refuses pages of other sites, except for navigation",
  permissions: "none",
  async fn() {
    const fetch = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" };
    const response = await request("/status.json", open(), { headers: fetch });
    assertEquals(response.status, 403);
    const navigate = { ...fetch, "sec-fetch-mode": "navigate" };
    assertEquals(
      (await request("/", open(), { headers: navigate })).status,
      200,
    );
    const own = { ...fetch, "sec-fetch-site": "same-origin" };
    assertEquals((await request("/", open(), { headers: own })).status, 200);
  },
});

Deno.test({
  name: "answer() always sends security headers",
  permissions: "none",
  async fn() {
    for (const path of ["/", "/status.json", "/readyz", "/events", "/no"]) {
      const { body, headers } = await request(path, open());
      const policy = headers.get("content-security-policy")!;
      assertStringIncludes(policy, "default-src 'none'");
      assertStringIncludes(policy, "frame-ancestors 'none'");
      assert(!/unsafe|\*|https?:/.test(policy), policy);
      assertEquals(headers.get("x-content-type-options"), "nosniff");
      assertMatch(headers.get("cache-control")!, /^no-store(, no-transform)?$/);
      assertEquals(headers.get("access-control-allow-origin"), null);
      await body?.cancel();
    }
  },
});

Deno.test({
  name: "answer() limits the number of event streams",
  permissions: "none",
  async fn() {
    const site = open();
    const responses = [];
    for (let count = 0; count < maxStreams; count++) {
      responses.push(await request("/events", site));
    }
    assertEquals(
      responses[0].headers.get("content-type"),
      "text/event-stream",
    );
    // So that proxies pass on each event at once.
    assertEquals(responses[0].headers.get("x-accel-buffering"), "no");
    assertEquals(
      responses[0].headers.get("cache-control"),
      "no-store, no-transform",
    );
    const late = await request("/events", site);
    assertEquals(late.status, 503);
    assertStringIncludes(await late.text(), "too many event streams");
    site.events.close();
  },
});

Deno.test({
  name: "answer() checks the host of the URL and of the Host header",
  permissions: "none",
  async fn() {
    const outcome = async (url: string, host?: string) => {
      const headers = host === undefined ? undefined : { host };
      const request = new Request(url, { headers });
      return (await answer(request, { names: [] }, open())).status;
    };
    // HTTP/2 has no Host header.
    assertEquals(await outcome("http://127.0.0.1:8200/healthz"), 200);
    assertEquals(await outcome("http://evil.example/healthz"), 403);
    // A target may be a whole URL.
    const evil = "http://evil.example/healthz";
    assertEquals(await outcome(evil, "localhost:8200"), 403);
    const own = "http://localhost:8200/healthz";
    assertEquals(await outcome(own, "evil.example"), 403);
  },
});

Deno.test({
  name: "answer() refuses a request whose Host header makes no valid URL",
  permissions: "none",
  async fn() {
    // The runtime builds such a request: it does not parse its URL.
    const request = {
      url: "http://localhost:99999/healthz",
      method: "GET",
      headers: new Headers({ host: "localhost:99999" }),
    } as Request;
    const response = await answer(request, { names: [] }, open());
    assertEquals(response.status, 400);
    assertEquals(await response.text(), "the Host header is invalid\n");
  },
});

Deno.test({
  name: "answer() sends histories, and none of their bodies to a HEAD request",
  permissions: "none",
  async fn() {
    const site = open();
    const { records } = await (await request("/history.json?id=kiwi", site))
      .json();
    assertEquals(records[0].at, "AT Hill +0.000000000 kiwi +1-2 5");
    const head = await request("/history.json?id=kiwi", site, {
      method: "HEAD",
    });
    assertEquals([head.status, head.body], [200, null]);
    const wrong = await request("/history.json?id=kiwi&at=soon", site);
    assertEquals(wrong.status, 400);
    await wrong.body?.cancel();
  },
});
