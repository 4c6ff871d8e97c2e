import { SystemClock } from "../../runtime/clock.ts";
import { assert } from "../assert.ts";

Deno.test({
  name: "nextTurn() lets sockets in, though there is always work",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    using sender = await Deno.connect({ hostname: "127.0.0.1", port });
    using receiver = await listener.accept();
    const clock = new SystemClock();
    for (let message = 0; message < 3; message++) {
      let isReceived = false;
      const reading = receiver.read(new Uint8Array(1)).then(() => {
        isReceived = true;
      });
      await sender.write(new Uint8Array(1));
      let turns = 0;
      while (!isReceived) {
        turns += 1;
        const endMs = performance.now() + 1;
        while (performance.now() < endMs);
        await new Promise<void>((resolve) => clock.nextTurn(resolve));
      }
      await reading;
      // Deno by itself looks at sockets at every 61st turn.
      assert(turns < 20, `${turns} turns`);
    }
  },
});
