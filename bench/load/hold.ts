/**
 * Opens connections one after the other, uses each for one update of the same
 * client, and keeps all of them open: a program that prints `holding` and then
 * waits until it is ended.
 *
 *     hold.ts CONNECTIONS PORT
 *
 * @module
 */
import { countUp, layOut } from "./requests.ts";
import { connectLoopback, read, write } from "./system.ts";

const lineFeed = 0x0a;

const received = new Uint8Array(1024);

if (import.meta.main) {
  const [connections, port] = Deno.args.map(Number);
  const { bytes, counterEnd } = layOut("iamat", 0, 1);
  for (let index = 0; index < connections; index++) {
    const descriptor = connectLoopback(port);
    countUp(bytes, counterEnd);
    write(descriptor, bytes);
    let length;
    do {
      length = read(descriptor, received);
      if (length === 0) throw new Error("the server closed the connection");
    } while (received[length - 1] !== lineFeed);
  }
  console.log("holding");
  // Longer than any measurement; the bench ends it before.
  await new Promise((resolve) => setTimeout(resolve, 24 * 60 * 60 * 1000));
}
