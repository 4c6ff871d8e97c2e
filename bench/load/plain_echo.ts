/**
 * Sends back what it receives, by bare system calls. The rate that the load
 * generator reaches against it is the generator's own ceiling.
 *
 *     plain_echo.ts PORT CONNECTIONS
 *
 * @module
 */
import {
  acceptConnection,
  close,
  listenLoopback,
  Poller,
  read,
  write,
} from "./system.ts";

if (import.meta.main) {
  const [port, connections] = Deno.args.map(Number);
  const listener = listenLoopback(port);
  console.log("ready");
  using poller = new Poller();
  for (let index = 0; index < connections; index++) {
    poller.add(acceptConnection(listener));
  }
  const buffer = new Uint8Array(64 * 1024);
  let open = connections;
  while (open > 0) {
    poller.wait(-1, (descriptor) => {
      const count = read(descriptor, buffer);
      if (count > 0) return write(descriptor, buffer.subarray(0, count));
      close(descriptor);
      open -= 1;
    });
  }
}
