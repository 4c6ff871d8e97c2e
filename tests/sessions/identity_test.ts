import { CertificateAuthenticator } from "../../identity/certificate_authenticator.ts";
import { ClientRates, type RateLimits } from "../../identity/client_rates.ts";
import { parseIdentitiesFile } from "../../identity/identities_file.ts";
import type { ReportSource } from "../../replica/report_source.ts";
import {
  EncryptionError,
  type PeerCertificate,
} from "../../runtime/transport.ts";
import {
  ClientListener,
  type ClientListenerOptions,
} from "../../sessions/client_listener.ts";
import { heartbeatMs } from "../../sessions/limits.ts";
import { assertEquals } from "../assert.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";
import { MemoryReplica } from "../fakes/memory_replica.ts";
import { PipeEnd } from "../fakes/pipe.ts";
import { RecordingTrafficLog } from "../fakes/recording_traffic.ts";
import {
  attribute,
  commonName,
  makeCertificate,
} from "../identity/make_certificate.ts";
import { FakeBackend } from "./fake_backend.ts";
import { sessionContext } from "./session_context.ts";

const parse = (text: string) => parseIdentitiesFile(text, "identities");

/** When the clock of these tests begins, in POSIX seconds. */
const now = 1_520_024_734;

/** The end of a connection that has a certificate. */
class VerifiedEnd {
  readonly transport: PipeEnd;

  constructor(transport: PipeEnd, certificate: Promise<PeerCertificate>) {
    this.transport = Object.assign(transport, {
      peerCertificate: () => certificate,
    });
  }
}

/** A listener whose clients have certificates of these identities. */
function open(identities: string, limits?: RateLimits) {
  const clock = new ManualClock();
  const events: string[] = [];
  const denied: unknown[] = [];
  const sources: (string | undefined)[] = [];
  const certificates = new CertificateAuthenticator(parse(identities));
  const replica = new MemoryReplica();
  const put = replica.put.bind(replica);
  replica.put = (report, settling, source?: ReportSource) => {
    sources.push(source?.key);
    return put(report, settling);
  };
  const context = sessionContext(new FakeBackend(), replica);
  const options: ClientListenerOptions = {
    ...context,
    clock,
    certificates,
    rates: limits && new ClientRates(limits),
    trafficLogFor: () => new RecordingTrafficLog(),
    emit: (_level, connection, event, fields = {}) =>
      events.push([connection, event, ...Object.values(fields)].join(" ")),
    onDenied: (connection, use, client, { subject }) =>
      denied.push([connection, use, client, subject]),
  };
  const listener = new ClientListener(options);
  const serve = (transport: PipeEnd) =>
    listener.serve({ transport, address: "192.0.2.1", port: 5000 });
  return {
    ...context,
    certificates,
    clock,
    denied,
    events,
    listener,
    sources,
    /** Connects with a certificate for this common name. */
    connect(name: string, validUntilSeconds = now + 1_000) {
      const [transport, client] = PipeEnd.pair();
      const der = makeCertificate([attribute(commonName, name)]);
      const certificate = Promise.resolve({ der, validUntilSeconds });
      serve(new VerifiedEnd(transport, certificate).transport);
      return client;
    },
    connectWithout(error: Error) {
      const [transport, client] = PipeEnd.pair();
      const failed = Promise.reject(error);
      serve(new VerifiedEnd(transport, failed).transport);
      return client;
    },
    connectPlain() {
      const [transport, client] = PipeEnd.pair();
      serve(transport);
      return client;
    },
  };
}

async function ask(client: PipeEnd, text: string): Promise<string> {
  client.sendText(text);
  await drainMicrotasks();
  return client.takeAll();
}

const report = (client: string) => `IAMAT ${client} +1+2 1520023934\n`;

Deno.test({
  name: "a client reports and queries only what its identity permits",
  permissions: "none",
  async fn() {
    const { connect, connectPlain, denied, refusals, sources } = open(
      "CN:mira reports=mira/* sees=fam/a",
    );
    const mira = connect("mira");
    assertEquals(
      (await ask(mira, report("mira/pixel"))).slice(0, 8),
      "AT Hill ",
    );
    for (
      const line of [
        report("fam/a"),
        // Not in its shortest form.
        ` ${report("eve")}`,
        "WHATSAT mira/pixel 0 0\n",
        "WHATSAT eve 0 0\n",
        // It is permitted, and the client is unknown.
        "WHATSAT fam/a 0 0\n",
      ]
    ) assertEquals(await ask(mira, line), `? ${line}`);
    assertEquals([...refusals.counts], [["report", 2], ["query", 2]]);
    // One event for reports and one for queries.
    assertEquals(denied, [
      ["client/1", "report", "fam/a", "CN:mira"],
      ["client/1", "query", "mira/pixel", "CN:mira"],
    ]);
    await ask(connect("mira"), report("mira/tablet"));
    // Without a certificate, at a port that requires none.
    const other = connectPlain();
    assertEquals((await ask(other, report("eve"))).slice(0, 8), "AT Hill ");
    // The share of the table is the identity's.
    assertEquals(sources, [
      "identity CN:mira",
      "identity CN:mira",
      "192.0.2.1",
    ]);
  },
});

Deno.test({
  name: "a connection whose certificate has no identity ends without a reply",
  permissions: "none",
  async fn() {
    const { connect, connectWithout, events, refusals } = open(
      "CN:mira reports=mira/*",
    );
    const eve = connect("eve");
    const none = connectWithout(new EncryptionError("TLS: no certificate"));
    assertEquals(await ask(eve, report("mira/a")), "");
    assertEquals(await ask(none, report("mira/a")), "");
    const closed = events.filter((event) => event.includes(" closed "));
    assertEquals(closed, [
      "client/2 closed encryption failed TLS: no certificate",
      "client/1 closed certificate not listed",
    ]);
    assertEquals([...refusals.counts].sort(), [
      ["certificate", 1],
      ["certificate-not-listed", 1],
    ]);
  },
});

Deno.test({
  name: "a connection ends when its identity does",
  permissions: "none",
  async fn() {
    const { certificates, clock, connect, connectPlain, events, listener } =
      open("CN:mira reports=mira/*\nCN:eve reports=eve");
    certificates.changes.add(() => listener.checkIdentities());
    const closed = () =>
      events.filter((event) => event.includes(" closed "))
        .map((event) => event.replace(" closed", ""));
    const silent = connect("mira", now + 5);
    const busy = connect("eve", now + 9.5);
    const plain = connectPlain();
    await ask(silent, report("mira/a"));
    await clock.advance(4 * heartbeatMs);
    assertEquals(closed(), []);
    await clock.advance(heartbeatMs);
    assertEquals(closed(), ["client/1 identity ended expired"]);
    await clock.advance(4 * heartbeatMs + 400);
    assertEquals((await ask(busy, report("eve"))).slice(0, 3), "AT ");
    // Before the next heartbeat.
    await clock.advance(100);
    assertEquals(await ask(busy, report("eve")), "");
    assertEquals(closed()[1], "client/2 identity ended expired");
    const [kept, removed] = ["mira", "eve"].map((name) => connect(name));
    await drainMicrotasks();
    certificates.replaceGrants(parse("CN:mira reports=mira/*"));
    await drainMicrotasks();
    assertEquals(await ask(removed, report("eve")), "");
    assertEquals((await ask(kept, report("mira/a"))).slice(0, 3), "AT ");
    assertEquals(closed()[2], "client/5 identity ended not listed");
    listener.endCertificates("an authority was removed");
    await drainMicrotasks();
    assertEquals(
      closed()[3],
      "client/4 identity ended an authority was removed",
    );
    assertEquals(await ask(plain, "x\n"), "? x\n");
  },
});

Deno.test({
  name: "beyond its rate a connection is read slowly, and nothing is lost",
  permissions: "none",
  async fn() {
    const { clock, connect, connectPlain, counts, listener } = open(
      "CN:mira reports=mira/* sees=mira/*",
      { report: 2, query: 1 },
    );
    const lines = Array.from({ length: 5 }, () => report("mira/a")).join("");
    const repliesOf = async (client: PipeEnd) => {
      await drainMicrotasks();
      return client.takeAll().split("\n").length - 1;
    };
    const one = connect("mira");
    one.sendText(`x\n${lines}`);
    // Two reports at once, and a line that is no report before them.
    assertEquals(await repliesOf(one), 3);
    // The rate is the identity's too.
    const two = connect("mira");
    two.sendText(lines);
    assertEquals(await repliesOf(two), 0);
    const other = connectPlain();
    other.sendText(report("x"));
    assertEquals(await repliesOf(other), 1);
    assertEquals(counts.hits.get("reports-per-second"), 2);
    let replies = 0;
    for (let halves = 1; halves <= 10; halves++) {
      await clock.advance(500);
      replies += await repliesOf(one) + await repliesOf(two);
      assertEquals(replies <= 2 * halves, true, `${replies} ${halves}`);
    }
    assertEquals(replies, 8);
    other.sendText("WHATSAT x 0 0\nWHATSAT x 0 0\nhello\n");
    await drainMicrotasks();
    assertEquals(counts.hits.get("queries-per-second"), 1);
    const stopped = listener.stop();
    await drainMicrotasks();
    await clock.advance(5_000);
    await stopped;
  },
});

Deno.test({
  name: "a connection that begins with an HTTP request ends after its reply",
  permissions: "none",
  async fn() {
    const { clock, connectPlain, events, refusals } = open(
      "CN:mira reports=mira/*",
    );
    const request = "POST / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n" +
      report("kiwi") + "hello\n";
    const whole = connectPlain();
    assertEquals(await ask(whole, request), "? POST / HTTP/1.1\r\n");
    const parts = connectPlain();
    for (const part of request.slice(0, 15)) parts.sendText(part);
    await drainMicrotasks();
    assertEquals(await ask(parts, "\r\n"), "? POST / HTTP/1.1\r\n");
    assertEquals(await ask(parts, report("kiwi")), "");
    const ended = connectPlain();
    ended.sendText("GET / HTTP/1.0");
    await ended.closeWrite();
    await drainMicrotasks();
    assertEquals(ended.takeAll(), "? GET / HTTP/1.0\n");
    // Any other line before it makes it a line like all others.
    for (const first of ["x\n", report("kiwi"), "WHATSAT nobody 0 0\n", "\n"]) {
      const later = connectPlain();
      await ask(later, first);
      assertEquals(await ask(later, "GET / HTTP/1.1\n"), "? GET / HTTP/1.1\n");
      assertEquals(await ask(later, "x\n"), "? x\n");
      const together = connectPlain();
      const replies = await ask(together, `${first}GET / HTTP/1.1\nx\n`);
      assertEquals(replies.endsWith("? GET / HTTP/1.1\n? x\n"), true, first);
    }
    await clock.advance(5_000);
    assertEquals(
      events.filter((event) => event.includes(" closed ")).slice(0, 3)
        .map((event) => event.split(" ").slice(2).join(" ")),
      ["HTTP request", "HTTP request", "HTTP request"],
    );
    assertEquals([...refusals.counts], [["http-request", 3]]);
  },
});
