/**
 * Opens connections, sends one update of the same client on each, and keeps
 * them open: a program that prints `holding` and then waits for a signal.
 *
 *     hold.ts CONNECTIONS PORT
 *
 * @module
 */
import { layOut } from "./requests.ts";
import { connectLoopback, readSome, write } from "./system.ts";

const lineFeed = 0x0a;

const received = new Uint8Array(1024);

if (import.meta.main) {
  const [connections, port] = Deno.args.map(Number);
  const { bytes, renew } = layOut("iamat", 0, 1);
  for (let index = 0; index < connections; index++) {
    const descriptor = connectLoopback(port);
    renew!(0);
    write(descriptor, bytes);
    let length;
    do length = readSome(descriptor, received); while (
      received[length - 1] !== lineFeed
    );
  }
  console.log("holding");
  // Longer than any measurement.
  await new Promise((resolve) => setTimeout(resolve, 24 * 60 * 60 * 1000));
}
