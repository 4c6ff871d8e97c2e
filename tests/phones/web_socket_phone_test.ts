import { DisconnectedError, InvalidCommandError } from "../../client/types.ts";
import { WebSocketPhone } from "../../phones/web_socket_phone.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { drainMicrotasks } from "../fakes/manual_clock.ts";

/** A WebSocket whose other side is the test. */
class FakeSocket extends EventTarget {
  readonly sent: string[] = [];
  isClosed = false;

  send(message: string): void {
    this.sent.push(message);
  }

  close(): void {
    this.isClosed = true;
    this.dispatchEvent(new Event("close"));
  }

  receive(data: string): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }
}

const line = "AT Hill +0.500000000 rome-1 +1.500000-2.500000 9.25";

const report = {
  client: "rome-1",
  position: "+1.500000-2.500000",
  time: "9.25",
};

const query = { client: "rome-1", radiusKm: 1.5, bound: 3 };

Deno.test({
  name:
    "a phone sends the lines of the client port, and reads their answers in order",
  permissions: "none",
  async fn() {
    const socket = new FakeSocket();
    const phone = new WebSocketPhone(socket);
    const at = phone.report(report);
    const unknown = phone.nearby(query);
    const nearby = phone.nearby(query);
    const closed = phone.close();
    assertEquals(socket.sent, [
      "IAMAT rome-1 +1.500000-2.500000 9.25",
      "WHATSAT rome-1 1.5 3",
      "WHATSAT rome-1 1.5 3",
    ]);
    socket.receive(line);
    assertEquals((await at).line, line);
    socket.receive("? WHATSAT rome-1 1.5 3");
    const error = await assertRejects(() => unknown, InvalidCommandError);
    assert(error.message.endsWith("? WHATSAT rome-1 1.5 3"));
    await drainMicrotasks();
    assertEquals(socket.isClosed, false);
    socket.receive(`${line}\n{"results":[],"status":"OK"}\n\n`);
    const { at: found, results, status } = await nearby;
    assertEquals([found.line, results, status], [line, [], "OK"]);
    await closed;
    assert(socket.isClosed);
  },
});

Deno.test({
  name: "requests without an answer are rejected when the WebSocket ends",
  permissions: "none",
  async fn() {
    for (const end of ["close", "error", "abort"]) {
      const socket = new FakeSocket();
      const phone = new WebSocketPhone(socket);
      const at = phone.report(report);
      if (end === "abort") phone.abort();
      else socket.dispatchEvent(new Event(end));
      await assertRejects(() => at, DisconnectedError);
      await assertRejects(() => phone.nearby(query), DisconnectedError);
      await phone.close();
    }
  },
});
