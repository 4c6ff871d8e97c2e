/**
 * TCP, as Deno has it.
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

/** The network of the machine. */
export const tcp: Network = {
  listen,
  connect: async (hostname, port, signal) =>
    withoutDelay(await Deno.connect({ hostname, port, signal })),
};

/** Opens a port, or says in one line why not. */
function listen(hostname: string, port: number): Listener {
  const address = formatAddress(hostname, port);
  try {
    const listener = Deno.listen({ hostname, port });
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
