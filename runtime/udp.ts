/**
 * UDP ports. `Deno.listenDatagram` needs `--unstable-net` in Deno 2.9.6;
 * `node:dgram` does not. It reads datagrams whether or not there is room for
 * them, so code that receives them has to drop what is too much.
 *
 * @module
 */
import { createSocket } from "node:dgram";
import { parseAddress } from "./ip_network.ts";
import {
  type DatagramPort,
  formatAddress,
  maxDatagramBytes,
} from "./network.ts";
import { PortInUseError, SetupError, setupError } from "./setup_error.ts";

/**
 * Deno allocates a buffer of this size, or twice as large, for each datagram, in
 * bytes. By default it has 64 KiB: their allocation takes most of the time while
 * many datagrams come.
 */
const bufferBytes = maxDatagramBytes + 1;

/**
 * Opens a UDP port.
 *
 * @throws {SetupError} If that fails, with the reason in one line.
 */
export async function openUdp(
  hostname: string,
  port: number,
): Promise<DatagramPort> {
  const address = formatAddress(hostname, port);
  if (parseAddress(hostname) === undefined) {
    // A permission for a name does not permit what node:dgram resolves it to.
    throw new SetupError(
      `cannot receive datagrams on ${address}: expected an IP address, such as ` +
        `127.0.0.1, found ${hostname}`,
    );
  }
  const type = hostname.includes(":") ? "udp6" : "udp4";
  const socket = createSocket({ type });
  const { promise, reject, resolve } = Promise.withResolvers<void>();
  socket.once("error", reject);
  socket.bind({ address: hostname, port, exclusive: true }, resolve);
  try {
    await promise;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "EADDRINUSE") throw new PortInUseError(hostname, port);
    throw setupError(`cannot receive datagrams on ${address}`, error);
  }
  socket.off("error", reject);
  socket.setRecvBufferSize(bufferBytes);
  let onFailure = (_error: Error) => {};
  socket.on("error", (error) => onFailure(error));
  let isOpen = true;
  return {
    receive(sink, failed) {
      onFailure = failed;
      socket.on("message", (datagram, sender) => {
        if (isOpen) sink(datagram, sender.address, sender.port);
      });
    },
    close() {
      if (isOpen) socket.close();
      isOpen = false;
    },
  };
}
