import { createHash } from "node:crypto";
import { createSecureContext } from "node:tls";
import { decodeBytes, encodeBytes } from "../../protocol/bytes.ts";
import { Credentials, TlsIdentity } from "../../runtime/certificates.ts";
import {
  acceptSecurely,
  connectSecurely,
  type SecureTransport,
  tlsHandshakeTimeoutMs,
} from "../../runtime/secure_transport.ts";
import {
  EncryptionError,
  type Transport,
  writeAll,
} from "../../runtime/transport.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import * as certificates from "../fakes/certificates.ts";
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

Deno.test("what one end writes the other reads, and nobody in between", async () => {
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
  // A client that has ended its side still gets its answer.
  const back = (async () => {
    await writeAll(server, "that is all\n");
    await server.closeWrite();
  })();
  assertEquals(await readAll(client), "that is all\n");
  await back;
  assertEquals(near.writes.join("").includes(text.slice(0, 100)), false);
  close(client, server);
});

Deno.test("a write takes a part at a time, when the network has it", async () => {
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

Deno.test("both ends know which certificate was shown, as its SHA-256", async () => {
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

Deno.test("a certificate is refused that does not show who is there", async () => {
  const cases: [typeof hill, string, string, RegExp][] = [
    [hill, "127.0.0.1", certificates.smith.certificate, /not of the/],
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

Deno.test("no variable of the environment makes a stranger trusted", async () => {
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

Deno.test("a certificate of the chain that cannot be read is an error of the connection", async () => {
  const clock = new ManualClock();
  const [near, far] = PipeEnd.pair();
  // Such a chain is refused where it is read from a file, so by hand.
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

Deno.test("a stream that ends without close_notify is told from one that ends", async () => {
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

Deno.test("who does not speak TLS is told from who is gone", async () => {
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
  assertEquals(early.message, "closed within the TLS handshake");

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

Deno.test("closing ends what waits, and nothing is left behind", async () => {
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
  // Safe to do again.
  client.close();
  assertEquals(await server.read(new Uint8Array(1)), null);
  server.close();
  assertEquals([far.isClosed, clock.timers], [true, 0]);
});

Deno.test("who has made the handshake has all the time there is", async () => {
  const { client, clock, server } = pair();
  await Promise.all([client.established, server.established]);
  assertEquals(clock.timers, 0);
  await clock.advance(2 * tlsHandshakeTimeoutMs);
  await client.write(encodeBytes("x"));
  assertEquals(await server.read(new Uint8Array(9)), 1);
  close(client, server);
});

Deno.test("renewed certificates are for new connections", async () => {
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
  // The old one goes on, and links stay encrypted.
  await before.client.write(encodeBytes("x"));
  assertEquals(await before.server.read(new Uint8Array(9)), 1);
  assertEquals(await before.server.channelBinding(), old);
  assertEquals(identity.authority, authority);
  close(before.client, before.server, after.client, after.server);
});
