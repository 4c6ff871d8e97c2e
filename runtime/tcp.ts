/**
 * The network of TCP connections, and UDP ports where some are needed.
 *
 * @module
 */
import { formatAddress, type Listener, type Network } from "./network.ts";
import { PortInUseError, setupError } from "./setup_error.ts";

/** The functions for ports and connections: `Deno.listen`, `Deno.connect`. */
export interface TcpCalls {
  readonly listen: (
    options: { readonly hostname: string; readonly port: number },
  ) => Deno.TcpListener;
  readonly connect: (
    options: {
      readonly hostname: string;
      readonly port: number;
      readonly signal: AbortSignal;
    },
  ) => Promise<Deno.TcpConn>;
}

/** Creates a network from these functions. */
export function createTcp(calls: TcpCalls): Network {
  return {
    listen: (hostname, port) => listen(calls, hostname, port),
    connect: async (hostname, port, signal) =>
      prepared(await calls.connect({ hostname, port, signal })),
    // Loaded only by a server that receives datagrams.
    openDatagrams: async (hostname, port) =>
      await (await import("./udp.ts")).openUdp(hostname, port),
  };
}

/** Opens a port. Throws a SetupError if that fails. */
function listen(calls: TcpCalls, hostname: string, port: number): Listener {
  const address = formatAddress(hostname, port);
  try {
    const listener = calls.listen({ hostname, port });
    return {
      address,
      isEncrypted: false,
      async accept() {
        const transport = prepared(await listener.accept());
        const { hostname, port } = transport.remoteAddr;
        return { transport, address: hostname, port };
      },
      close: () => listener.close(),
    };
  } catch (error) {
    throw listenError(hostname, port, error);
  }
}

function listenError(hostname: string, port: number, error: unknown): Error {
  if (error instanceof Deno.errors.AddrInUse) {
    return new PortInUseError(hostname, port);
  }
  return setupError(
    `cannot listen on ${formatAddress(hostname, port)}`,
    error,
  );
}

/**
 * Sets the options of a connection. Without Nagle's algorithm, small replies do
 * not wait for a full packet. Keep-alive probes find a remote side that has
 * vanished, on Linux after two hours.
 */
function prepared(transport: Deno.TcpConn): Deno.TcpConn {
  try {
    transport.setNoDelay();
    transport.setKeepAlive();
    return transport;
  } catch (cause) {
    transport.close();
    throw new Deno.errors.ConnectionReset(
      "connection ended before it was accepted",
      { cause },
    );
  }
}
