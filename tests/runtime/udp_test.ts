import { createSocket } from "node:dgram";
import { maxDatagramBytes } from "../../runtime/network.ts";
import { PortInUseError, SetupError } from "../../runtime/setup_error.ts";
import { openUdp } from "../../runtime/udp.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";

/** A UDP port that is free now. */
async function freePort(hostname: string): Promise<number> {
  const socket = createSocket(hostname === "::1" ? "udp6" : "udp4");
  await new Promise<void>((resolve) => socket.bind(0, hostname, resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

/** Sends datagrams in order. Returns the port that they come from. */
async function send(
  hostname: string,
  port: number,
  datagrams: readonly Uint8Array[],
): Promise<number> {
  const socket = createSocket(hostname === "::1" ? "udp6" : "udp4");
  // Without an address it would need the permission for 0.0.0.0.
  await new Promise<void>((resolve) => socket.bind(0, hostname, resolve));
  for (const datagram of datagrams) {
    await new Promise<void>((resolve) =>
      socket.send(datagram, port, hostname, () => resolve())
    );
  }
  const own = socket.address().port;
  socket.close();
  return own;
}

for (const hostname of ["127.0.0.1", "::1"]) {
  Deno.test(`datagrams to ${hostname} are received whole, or too long to be taken`, async () => {
    const port = await freePort(hostname);
    const udp = await openUdp(hostname, port);
    try {
      const sizes = [0, 1, maxDatagramBytes, maxDatagramBytes + 1, 60_000, 3];
      const received: [number, string, number][] = [];
      const all = Promise.withResolvers<void>();
      udp.receive((datagram, address, from) => {
        received.push([datagram.length, address, from]);
        if (datagram.length === 3) all.resolve();
      }, all.reject);
      const from = await send(
        hostname,
        port,
        sizes.map((size) => new Uint8Array(size)),
      );
      await all.promise;
      assertEquals(
        received.map(([size]) => Math.min(size, maxDatagramBytes + 1)),
        sizes.map((size) => Math.min(size, maxDatagramBytes + 1)),
      );
      assert(
        received.every(([, address, own]) =>
          address === hostname && own === from
        ),
      );
      assertEquals(
        (await assertRejects(() => openUdp(hostname, port), PortInUseError))
          .message,
        `port ${port} of ${hostname} is in use`,
      );
    } finally {
      udp.close();
      udp.close();
    }
  });
}

Deno.test("a UDP port needs an address, as permissions for names do not hold", async () => {
  const error = await assertRejects(
    () => openUdp("localhost", 8600),
    SetupError,
  );
  assertEquals(
    error.message,
    "cannot receive datagrams on localhost:8600: expected an IP address, such " +
      "as 127.0.0.1, found localhost",
  );
});
