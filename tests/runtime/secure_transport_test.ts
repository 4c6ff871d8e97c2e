import { createHash } from "node:crypto";
import { connect, createSecureContext } from "node:tls";
import { decodeBytes, encodeBytes } from "../../protocol/bytes.ts";
import { Credentials, TlsIdentity } from "../../runtime/certificates.ts";
import { ClientTrust } from "../../runtime/client_authority.ts";
import {
  acceptSecurely,
  acceptVerified,
  connectSecurely,
  type SecureTransport,
  tlsHandshakeTimeoutMs,
} from "../../runtime/secure_transport.ts";
import {
  EncryptionError,
  type Transport,
  writeAll,
} from "../../runtime/transport.ts";
import { TransportStream } from "../../runtime/transport_stream.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import * as certificates from "../fakes/certificates.ts";
import {
  clientAuthority,
  type ClientCertificate,
  foreign,
  mira,
} from "../fakes/client_certificates.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { PipeEnd } from "../fakes/pipe.ts";

const { authority, broken, hill, smith } = certificates;

/** Both ends of an encrypted connection, whose handshake may fail. */
function pair(files = hill, host = "127.0.0.1", trusted = authority) {
  const clock = new ManualClock();
  const [near, far] = PipeEnd.pair();
  const credentials = new Credentials(files.certificate, files.key);
  const client = connectSecurely(near, host, trusted, clock);
  const server = acceptSecurely(far, credentials, clock);
  return { client, clock, far, near, server };
}

async function readAll(transport: Transport): Promise<string> {
  const buffer = new Uint8Array(1000);
  let text = "";
  let count;
  while ((count = await transport.read(buffer)) !== null) {
    text += decodeBytes(buffer, 0, count);
  }
  return text;
}

function close(...ends: SecureTransport[]): void {
  for (const end of ends) end.close();
}

Deno.test("one end reads what the other writes, and the bytes between are encrypted", async () => {
  const { client, near, server } = pair();
  const text = Array.from(
    { length: 300_000 },
    (_, index) => String.fromCharCode((index * 7919) % 256),
  ).join("");
  const there = (async () => {
    await writeAll(client, text);
    await client.closeWrite();
  })();
  assertEquals(await readAll(server), text);
  await there;
  // A client that has ended its side still gets its reply.
  const back = (async () => {
    await writeAll(server, "that is all\n");
    await server.closeWrite();
  })();
  assertEquals(await readAll(client), "that is all\n");
  await back;
  assertEquals(near.writes.join("").includes(text.slice(0, 100)), false);
  close(client, server);
});

Deno.test("a write resolves with a part when the network has accepted it", async () => {
  const { client, far, server } = pair();
  await client.established;
  await writeAll(client, "x");
  const one = new Uint8Array(1);
  await server.read(one);
  far.freeze();
  let hasWritten = false;
  const writing = server.write(new Uint8Array(1_000_000));
  writing.then(() => hasWritten = true);
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(hasWritten, false);
  far.thaw();
  const count = await writing;
  assert(count > 0 && count < 1_000_000, String(count));
  close(client, server);
});

Deno.test("both ends have the SHA-256 of the accepting side's certificate", async () => {
  const { client, server } = pair();
  const [, base64] = hill.certificate.match(/-----\n([^-]+)-----/)!;
  const der = Uint8Array.fromBase64(base64);
  const hash = createHash("sha256").update(der).digest("hex");
  assertEquals(await client.channelBinding(), hash);
  assertEquals(await server.channelBinding(), hash);
  const other = pair(certificates.smith);
  const otherHash = await other.client.channelBinding();
  assertEquals(await other.server.channelBinding(), otherHash);
  assert(otherHash !== hash);
  close(client, server, other.client, other.server);
});

Deno.test("a certificate for another host, authority or time is refused", async () => {
  const cases: [typeof hill, string, string, RegExp][] = [
    [
      hill,
      "127.0.0.1",
      certificates.smith.certificate,
      /not issued by the authority/,
    ],
    [hill, "192.0.2.1", authority, /altnames/],
    [certificates.elsewhere, "127.0.0.1", authority, /altnames/],
    [certificates.expired, "127.0.0.1", authority, /not valid today/],
  ];
  for (const [files, host, trusted, message] of cases) {
    const { client, clock, near, server } = pair(files, host, trusted);
    const error = await assertRejects(
      () => client.established,
      EncryptionError,
    );
    assert(message.test(error.message), error.message);
    assertEquals(error.message.includes("\n"), false);
    await assertRejects(() => writeAll(client, "IAMAT"), EncryptionError);
    await assertRejects(() => client.channelBinding(), EncryptionError);
    assertEquals(near.isClosed, true);
    close(server);
    assertEquals(clock.timers, 0);
  }
});

Deno.test("no environment variable disables the check of certificates", async () => {
  const name = "NODE_TLS_REJECT_UNAUTHORIZED";
  const before = Deno.env.get(name);
  Deno.env.set(name, "0");
  try {
    const { client, server } = pair(hill, "127.0.0.1", smith.certificate);
    await assertRejects(() => client.established, EncryptionError);
    close(client, server);
  } finally {
    if (before === undefined) Deno.env.delete(name);
    else Deno.env.set(name, before);
  }
});

Deno.test("an invalid certificate in the chain is an error of the connection", async () => {
  const clock = new ManualClock();
  const [near, far] = PipeEnd.pair();
  // `Credentials` would refuse such a chain, so the test creates the context.
  const context = createSecureContext({
    cert: certificates.elsewhere.certificate + broken,
    key: certificates.elsewhere.key,
  });
  const credentials = { context, fingerprint: "", validUntilMs: 0 };
  const server = acceptSecurely(far, credentials, clock);
  const client = connectSecurely(near, "127.0.0.1", authority, clock);
  await assertRejects(() => client.established, EncryptionError);
  close(client, server);
});

Deno.test("wasTruncated is true for a stream that ends without close_notify", async () => {
  const endings: [boolean, (client: SecureTransport, near: PipeEnd) => void][] =
    [
      [false, (client) => client.closeWrite()],
      [true, (_client, near) => near.closeWrite()],
    ];
  for (const [isCut, end] of endings) {
    const { client, near, server } = pair();
    await writeAll(client, "IAMAT kiwi +1+2 15");
    end(client, near);
    assertEquals(await readAll(server), "IAMAT kiwi +1+2 15");
    assertEquals(server.wasTruncated, isCut);
    // The other direction is still open.
    await writeAll(server, "answer");
    await server.closeWrite();
    assertEquals(await readAll(client), "answer");
    assertEquals(client.wasTruncated, false);
    close(client, server);
  }
});

Deno.test("one of several authorities in a file is enough", async () => {
  const both = certificates.smith.certificate + authority;
  const { client, server } = pair(hill, "localhost", both);
  await client.established;
  close(client, server);
});

Deno.test("a failed handshake gives the reason", async () => {
  const clock = new ManualClock();
  const credentials = new Credentials(hill.certificate, hill.key);
  const accept = () => {
    const [far, near] = PipeEnd.pair();
    return { far, near, server: acceptSecurely(far, credentials, clock) };
  };
  const buffer = new Uint8Array(100);
  const plain = accept();
  plain.near.sendText("IAMAT kiwi +34-118 1\n");
  const error = await assertRejects(
    () => plain.server.read(buffer),
    EncryptionError,
  );
  assertEquals(error.message, "expected TLS, found something else");
  assertEquals(plain.far.isClosed, true);

  const gone = accept();
  await gone.near.closeWrite();
  const early = await assertRejects(
    () => gone.server.read(buffer),
    EncryptionError,
  );
  assertEquals(early.message, "closed during the TLS handshake");

  const silent = accept();
  const reading = assertRejects(
    () => silent.server.read(buffer),
    EncryptionError,
    "no TLS handshake in 10000 ms",
  );
  await clock.advance(tlsHandshakeTimeoutMs - 1);
  assertEquals(silent.far.isClosed, false);
  await clock.advance(1);
  await reading;
  assertEquals(silent.far.isClosed, true);
  assertEquals(clock.timers, 0);
});

Deno.test("close() ends pending reads and writes, and leaves no timers", async () => {
  const { client, clock, far, near, server } = pair();
  await Promise.all([client.established, server.established]);
  const reading = assertRejects(
    () => client.read(new Uint8Array(1)),
    Deno.errors.BadResource,
  );
  near.freeze();
  const writing = assertRejects(
    () => client.write(new Uint8Array(100_000)),
    Deno.errors.BadResource,
  );
  client.close();
  await reading;
  await writing;
  await assertRejects(() => client.closeWrite(), Deno.errors.BadResource);
  assertEquals(near.isClosed, true);
  // A second call has no effect.
  client.close();
  assertEquals(await server.read(new Uint8Array(1)), null);
  server.close();
  assertEquals([far.isClosed, clock.timers], [true, 0]);
});

Deno.test("there is no deadline after the handshake", async () => {
  const { client, clock, server } = pair();
  await Promise.all([client.established, server.established]);
  assertEquals(clock.timers, 0);
  await clock.advance(2 * tlsHandshakeTimeoutMs);
  await client.write(encodeBytes("x"));
  assertEquals(await server.read(new Uint8Array(9)), 1);
  close(client, server);
});

Deno.test("renewed certificates apply to new connections", async () => {
  const clock = new ManualClock();
  const identity = new TlsIdentity({ ...hill, authority });
  const connect = () => {
    const [near, far] = PipeEnd.pair();
    const server = acceptSecurely(far, identity.credentials, clock);
    const client = connectSecurely(near, "localhost", authority, clock);
    return { client, server };
  };
  const before = connect();
  const old = await before.client.channelBinding();
  identity.renew(certificates.smith);
  const after = connect();
  assert(await after.client.channelBinding() !== old);
  // The old connection continues, and links stay encrypted.
  await before.client.write(encodeBytes("x"));
  assertEquals(await before.server.read(new Uint8Array(9)), 1);
  assertEquals(await before.server.channelBinding(), old);
  assertEquals(identity.authority, authority);
  close(before.client, before.server, after.client, after.server);
});

/** A server's end that requires a certificate, and the client's stream. */
function verifiedPair() {
  const clock = new ManualClock();
  const [near, far] = PipeEnd.pair();
  const credentials = new Credentials(hill.certificate, hill.key);
  const trust = new ClientTrust(clientAuthority);
  const server = acceptVerified(far, credentials, trust, clock);
  const connectWith = (certificate: ClientCertificate) => {
    const client = connect({
      socket: new TransportStream(near),
      host: "127.0.0.1",
      ca: authority,
      ...certificate,
    });
    client.on("error", () => {});
    return client;
  };
  return { clock, connectWith, server };
}

Deno.test("a verified end gives the certificate of the client after the handshake", async () => {
  const { connectWith, clock, server } = verifiedPair();
  await assertRejects(() => server.closeWrite(), Deno.errors.NotConnected);
  const client = connectWith(mira);
  const { der, validUntilSeconds } = await server.peerCertificate();
  assertEquals(validUntilSeconds, Date.UTC(2120, 0, 1) / 1000);
  assert(decodeBytes(der, 0, der.length).includes("mira.example"));
  client.end("hello");
  assertEquals(await readAll(server), "hello");
  assertEquals(clock.timers, 0);
  server.close();
  client.destroy();
});

Deno.test("a verified end fails without a certificate of its authority, and without a handshake", async () => {
  const { connectWith, server } = verifiedPair();
  const client = connectWith(foreign);
  await assertRejects(
    () => server.peerCertificate(),
    EncryptionError,
    "TLS: the client's certificate was not issued by the authority",
  );
  await assertRejects(() => readAll(server), EncryptionError);
  client.destroy();
  const silent = verifiedPair();
  await silent.clock.advance(tlsHandshakeTimeoutMs);
  await assertRejects(
    () => silent.server.peerCertificate(),
    EncryptionError,
    "no TLS handshake in 10000 ms",
  );
  assertEquals(silent.clock.timers, 0);
});
