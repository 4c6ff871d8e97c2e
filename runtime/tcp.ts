/**
 * A network on TCP connections as Deno has them.
 *
 * @module
 */
import {
  formatAddress,
  type Listener,
  type Network,
  type ServeHttp,
} from "./network.ts";
import { openHttpPort } from "./http_port.ts";
import { SetupError, setupError } from "./setup_error.ts";

/** Where ports are opened and connections are made: Deno.listen, Deno.connect. */
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

/** The network of the machine. */
export function createTcp(calls: TcpCalls): Network {
  return {
    listen: (hostname, port) => listen(calls, hostname, port),
    connect: async (hostname, port, signal) =>
      withoutDelay(await calls.connect({ hostname, port, signal })),
  };
}

/** Opens a port, or says in one line why not. */
function listen(calls: TcpCalls, hostname: string, port: number): Listener {
  const address = formatAddress(hostname, port);
  try {
    const listener = calls.listen({ hostname, port });
    return {
      address,
      isEncrypted: false,
      async accept() {
        const transport = withoutDelay(await listener.accept());
        const { hostname, port } = transport.remoteAddr;
        return { transport, address: hostname, port };
      },
      close: () => listener.close(),
    };
  } catch (error) {
    throw whyNotOpen(hostname, port, error);
  }
}

/** Opens a port that speaks HTTP, or says in one line why not. */
export const serveHttp: ServeHttp = (hostname, port, handler) => {
  try {
    return openHttpPort(hostname, port, handler);
  } catch (error) {
    throw whyNotOpen(hostname, port, error);
  }
};

function whyNotOpen(hostname: string, port: number, error: unknown): Error {
  if (error instanceof Deno.errors.AddrInUse) {
    return new SetupError(
      `port ${port} of ${hostname} is taken: is another server running? ` +
        "(--base-port chooses others)",
    );
  }
  return setupError(
    `cannot listen on ${formatAddress(hostname, port)}`,
    error,
  );
}

/** Replies are small, and must not wait for the next one to fill a packet. */
function withoutDelay(transport: Deno.TcpConn): Deno.TcpConn {
  try {
    transport.setNoDelay();
    return transport;
  } catch (cause) {
    transport.close();
    throw new Deno.errors.ConnectionReset("gone already", { cause });
  }
}
