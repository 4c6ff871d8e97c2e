import { TlsIdentity } from "../../runtime/certificates.ts";
import type { Accepted } from "../../runtime/network.ts";
import {
  createSecureConnect,
  listenSecurely,
} from "../../runtime/secure_network.ts";
import { writeAll } from "../../runtime/transport.ts";
import { assertEquals, assertRejects } from "../assert.ts";
import { authority, hill } from "../fakes/certificates.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { PipeEnd } from "../fakes/pipe.ts";

const { signal } = new AbortController();

Deno.test("createSecureConnect() connects to listenSecurely()", async () => {
  const clock = new ManualClock();
  const [near, far] = PipeEnd.pair();
  const accepted: Accepted = {
    transport: far,
    address: "192.0.2.1",
    port: 5000,
  };
  const listener = listenSecurely(
    {
      address: "127.0.0.1:8300",
      isEncrypted: false,
      accept: () => Promise.resolve(accepted),
      close: () => {},
    },
    new TlsIdentity(hill),
    clock,
  );
  assertEquals(
    [listener.address, listener.isEncrypted],
    ["127.0.0.1:8300", true],
  );
  const connect = createSecureConnect(
    () => Promise.resolve(near),
    () => authority,
    clock,
  );
  const { address, port, transport: server } = await listener.accept();
  assertEquals([address, port], ["192.0.2.1", 5000]);
  const client = await connect("127.0.0.1", 8300, signal);
  await writeAll(client, "x");
  assertEquals(await server.read(new Uint8Array(9)), 1);
  client.close();
  server.close();
});

Deno.test("connecting stops when the signal aborts, and leaves no timers", async () => {
  const clock = new ManualClock();
  const [near] = PipeEnd.pair();
  const attempt = new AbortController();
  const connect = createSecureConnect(
    () => Promise.resolve(near),
    () => authority,
    clock,
  );
  const connecting = assertRejects(
    () => connect("127.0.0.1", 8300, attempt.signal),
    Deno.errors.BadResource,
  );
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(near.isClosed, false);
  attempt.abort();
  await connecting;
  assertEquals([near.isClosed, clock.timers], [true, 0]);
});
