import { ForwardedRefusal, TrustedProxies } from "../../runtime/forwarded.ts";
import { assertEquals } from "../assert.ts";

const none = new TrustedProxies([]);
const some = new TrustedProxies(["127.0.0.1", "10.0.0.0/8"]);

/** The client, or the status and the text of the refusal. */
function clientOf(
  proxies: TrustedProxies,
  headers: Record<string, string>,
  remote = "127.0.0.1",
): string {
  const client = proxies.clientOf(remote, new Headers(headers));
  return client instanceof ForwardedRefusal
    ? `${client.status} ${client.detail}`
    : client;
}

Deno.test({
  name: "a request that was passed on is refused unless its proxy is trusted",
  permissions: "none",
  fn() {
    for (
      const header of [
        "Forwarded",
        "Via",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded",
        "X-Real-IP",
      ]
    ) {
      assertEquals(
        clientOf(none, { [header]: "for=192.0.2.7" }),
        `403 a request with ${header.toLowerCase()} was passed on by a proxy; ` +
          "to accept it, add --trusted-proxies 127.0.0.1",
      );
      assertEquals(
        clientOf(some, { [header]: "for=192.0.2.7" }, "192.0.2.9"),
        `403 a request with ${header.toLowerCase()} was passed on by 192.0.2.9, ` +
          "which is not among --trusted-proxies",
      );
    }
    assertEquals(clientOf(none, { accept: "*/*" }), "127.0.0.1");
    assertEquals(clientOf(some, {}, "192.0.2.9"), "192.0.2.9");
    assertEquals(clientOf(some, {}), "127.0.0.1");
  },
});

Deno.test({
  name: "the client is the last address that no trusted proxy has",
  permissions: "none",
  fn() {
    for (
      const [value, client] of [
        ["192.0.2.7", "192.0.2.7"],
        ["192.0.2.7:4711", "192.0.2.7"],
        ["[2001:db8::7]:4711", "2001:db8::7"],
        ["2001:db8::7", "2001:db8::7"],
        // The client has sent the first one itself.
        ["127.0.0.1, 192.0.2.7", "192.0.2.7"],
        ["198.51.100.1, 192.0.2.7, 10.1.1.1", "192.0.2.7"],
        ["10.1.1.1,10.2.2.2", "10.1.1.1"],
        ["unknown, 192.0.2.7", "192.0.2.7"],
      ]
    ) assertEquals(clientOf(some, { "x-forwarded-for": value }), client);
    for (
      const [value, client] of [
        ["for=192.0.2.7;proto=https", "192.0.2.7"],
        ['proto=http; For="[2001:db8::7]:4711";by=x', "2001:db8::7"],
        ['for=1.1.1.1, for="192.0.2.7:80"', "192.0.2.7"],
        ['for="a, for=1.1.1.1", for=192.0.2.7', "192.0.2.7"],
        // The client has chosen the host.
        ['host="a;for=1.1.1.1;b";for=192.0.2.7', "192.0.2.7"],
        ['host="a\\";for=1.1.1.1;b=\\"";for=192.0.2.7', "192.0.2.7"],
        ['host="\\"", for=192.0.2.7;proto=https', "192.0.2.7"],
        [" for=192.0.2.7 ; proto=https , for=10.1.1.1", "192.0.2.7"],
      ]
    ) assertEquals(clientOf(some, { forwarded: value }), client);
    assertEquals(clientOf(some, { via: "1.1 proxy" }), "127.0.0.1");
    const many = Array.from({ length: 100 }, () => "10.1.1.1").join();
    const header = { "x-forwarded-for": `192.0.2.7,${many}` };
    assertEquals(clientOf(some, header), "10.1.1.1");
  },
});

Deno.test({
  name: "a trusted proxy has to name its client, in one way",
  permissions: "none",
  fn() {
    const nothing = "400 the trusted proxy names no IP address of its client";
    for (
      const value of ["", "unknown", "_hidden", "kiwi", "fe80::1%<b>", "1.2.3"]
    ) assertEquals(clientOf(some, { "x-forwarded-for": value }), nothing);
    for (const value of ["proto=https", "for=unknown", 'for="', "for=_x"]) {
      assertEquals(clientOf(some, { forwarded: value }), nothing);
    }
    for (
      const value of [
        // A client has begun a quote, so that it hides what the proxy adds.
        'for=1.1.1.1;by="a, for=192.0.2.7',
        'for=1.1.1.1;by="\\", for=192.0.2.7',
        'for=1.1.1.1;by=a"b, for=192.0.2.7;by="x"',
        "for=1.1.1.1;for=192.0.2.7",
        "for=1.1.1.1 for=192.0.2.7",
      ]
    ) assertEquals(clientOf(some, { forwarded: value }), nothing);
    assertEquals(
      clientOf(some, { "x-forwarded-for": "192.0.2.7", forwarded: "for=::1" }),
      "400 a request has Forwarded and X-Forwarded-For: the proxy has to " +
        "remove one",
    );
  },
});
