import { X509Certificate } from "node:crypto";
import { TlsIdentity } from "../../runtime/certificates.ts";
import { ClientAuthority } from "../../runtime/client_authority.ts";
import { SystemClock } from "../../runtime/clock.ts";
import { listenSecurely } from "../../runtime/secure_network.ts";
import type { Listener } from "../../runtime/network.ts";
import {
  closeQuietly,
  type Transport,
  writeAll,
} from "../../runtime/transport.ts";
import { assertEquals } from "../assert.ts";
import { authority as serverAuthority, hill } from "../fakes/certificates.ts";
import {
  clientAuthority,
  type ClientCertificate,
  foreign,
  largeAuthority,
  mira,
  otherAuthority,
} from "../fakes/client_certificates.ts";

function derOf({ cert }: ClientCertificate): Uint8Array {
  return new Uint8Array(new X509Certificate(cert).raw);
}

Deno.test("a session is resumed only with a certificate of the authority of today", () => {
  const authority = new ClientAuthority(clientAuthority);
  const may = (certificate: ClientCertificate) =>
    authority.trust.mayResume(derOf(certificate));
  assertEquals(authority.trust.mayResume(undefined), false);
  assertEquals([may(mira), may(foreign)], [true, false]);
  // As if an intermediate certificate were between it and the authority.
  authority.trust.remember(derOf(foreign));
  assertEquals([may(mira), may(foreign)], [true, true]);
  const before = authority.trust;
  authority.renew(clientAuthority + hill.certificate);
  assertEquals([may(mira), may(foreign)], [true, true]);
  authority.renew(clientAuthority);
  assertEquals([may(mira), may(foreign)], [true, false]);
  // A handshake that had begun before does not count for later ones.
  before.remember(derOf(foreign));
  assertEquals([may(mira), may(foreign)], [true, false]);
  authority.renew(otherAuthority);
  assertEquals([may(mira), may(foreign)], [false, true]);
  // A key that the runtime does not support.
  authority.renew(largeAuthority);
  assertEquals([may(mira), may(foreign)], [false, false]);
  authority.renew(largeAuthority + clientAuthority);
  assertEquals([may(mira), may(foreign)], [true, false]);
});

Deno.test("the certificates that are remembered have a limit", () => {
  const { trust } = new ClientAuthority(clientAuthority);
  const names = Array.from(
    { length: 10_001 },
    (_, index) => Uint8Array.of(index >> 8, index & 255),
  );
  for (const name of names) trust.remember(name);
  assertEquals(trust.remembered, 10_000);
});

/** A port with TLS that answers each connection with one HTTP response. */
class Port implements AsyncDisposable {
  /** `accepted` for each connection, or why it was refused. */
  readonly ends: string[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serving: Promise<void>;

  /** @param authority Undefined if clients need no certificate. */
  constructor(authority?: ClientAuthority) {
    const plain: Listener = {
      address: "127.0.0.1",
      isEncrypted: false,
      accept: async () => {
        const transport = await this.#listener.accept();
        return { transport, address: "127.0.0.1", port: 1 };
      },
      close: () => this.#listener.close(),
    };
    const clock = new SystemClock();
    this.#serving = this.#serve(
      listenSecurely(plain, new TlsIdentity(hill), clock, authority),
    );
  }

  /** Sends a request. Returns what became of the connection. */
  async reach(client: Deno.HttpClient): Promise<string> {
    const { port } = this.#listener.addr;
    const count = this.ends.length;
    // The runtime tries again if a connection ends before its response.
    await fetch(`https://localhost:${port}/`, { client })
      .then((response) => response.body?.cancel(), () => {});
    return this.ends.slice(count).join("; ");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }

  async #serve(listener: Listener): Promise<void> {
    try {
      while (true) {
        const { transport } = await listener.accept();
        this.ends.push(await answer(transport));
        closeQuietly(transport);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}

/** Answers one HTTP request. Returns `accepted`, or why the client is refused. */
async function answer(transport: Transport): Promise<string> {
  try {
    await transport.peerCertificate?.();
    await transport.read(new Uint8Array(1000));
    await writeAll(
      transport,
      "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
    );
    await transport.closeWrite();
    return "accepted";
  } catch (error) {
    return String(error);
  }
}

const refused = "EncryptionError: TLS: the resumed session began without a " +
  "trusted certificate";

Deno.test("a session that began before an authority was removed is not resumed", async () => {
  const authority = new ClientAuthority(clientAuthority);
  await using port = new Port(authority);
  using client = Deno.createHttpClient({
    caCerts: [serverAuthority],
    http2: false,
    ...mira,
  });
  assertEquals(await port.reach(client), "accepted");
  assertEquals(await port.reach(client), "accepted");
  authority.renew(otherAuthority);
  const end = await port.reach(client);
  assertEquals(end.split("; ")[0], refused);
  assertEquals(end.includes("accepted"), false);
  authority.renew(clientAuthority);
  assertEquals(await port.reach(client), "accepted");
});

Deno.test("a session of a port without certificates is not resumed at one that requires them", async () => {
  await using open = new Port();
  await using port = new Port(new ClientAuthority(clientAuthority));
  using client = Deno.createHttpClient({
    caCerts: [serverAuthority],
    http2: false,
  });
  assertEquals(await open.reach(client), "accepted");
  const end = await port.reach(client);
  assertEquals(end.split("; ")[0], refused);
  assertEquals(end.includes("accepted"), false);
});
