/**
 * Sends back what it receives, on Deno's own connections: a server on this
 * runtime cannot do less.
 *
 *     echo.ts PORT
 *
 * @module
 */

/** The size of a busy connection's read buffer in the herd, in bytes. */
const bufferBytes = 64 * 1024;

async function echo(connection: Deno.TcpConn): Promise<void> {
  connection.setNoDelay();
  const buffer = new Uint8Array(bufferBytes);
  while (true) {
    const count = await connection.read(buffer);
    if (count === null) return connection.close();
    let written = 0;
    while (written < count) {
      written += await connection.write(buffer.subarray(written, count));
    }
  }
}

if (import.meta.main) {
  const port = Number(Deno.args[0]);
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  console.log("ready");
  while (true) {
    // A load generator that ends may reset its connections.
    echo(await listener.accept()).catch(() => {});
  }
}
