import { DisconnectedError } from "../../client/types.ts";
import { HttpClient } from "../../phones/http_client.ts";
import { HttpPhone } from "../../phones/http_phone.ts";
import { MqttPhone } from "../../phones/mqtt_phone.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { drainMicrotasks } from "../fakes/manual_clock.ts";
import { PipeEnd } from "../fakes/pipe.ts";

/** A phone, and the server's ends of its two connections. */
function open() {
  const [transport, mqtt] = PipeEnd.pair();
  const [other, http] = PipeEnd.pair();
  const queries = new HttpPhone(new HttpClient(other), "http");
  return { phone: new MqttPhone(transport, queries), mqtt, http };
}

const line = "AT Hill +0.500000000 rome-1 +1.500000-2.500000 9.25";
const found = `HTTP/1.1 200 OK\r\nContent-Length: ${
  line.length + 1
}\r\n\r\n${line}\n`;
const connack = "\x20\x02\0\0";

const report = {
  client: "rome-1",
  position: "+1.500000-2.500000",
  time: "9.25",
};

const query = { client: "rome-1", radiusKm: 1, bound: 1 };

Deno.test({
  name: "a phone publishes a report, and asks for it when it is acknowledged",
  permissions: "none",
  async fn() {
    const { http, mqtt, phone } = open();
    const first = phone.report(report);
    const second = phone.report(report);
    await drainMicrotasks();
    const payload = '{"lat":1.500000,"lon":-2.500000,"time":9.25}';
    // After the length: the topic with its length, and the packet ID.
    const length = String.fromCharCode(2 + 18 + 2 + payload.length);
    assertEquals(
      mqtt.takeAll(),
      "\x10\x0c\0\x04MQTT\x04\x02\0\0\0\0" +
        `\x32${length}\0\x12herd/report/rome-1\0\x01${payload}`,
    );
    mqtt.sendText(connack.slice(0, 3));
    mqtt.sendText(`${connack.slice(3)}\x40\x02\0`);
    await drainMicrotasks();
    assertEquals(http.takeAll(), "");
    mqtt.sendText("\x01");
    await drainMicrotasks();
    assertEquals(
      http.takeAll().split("\r\n")[0],
      "GET /position/rome-1 HTTP/1.1",
    );
    assertEquals(mqtt.takeAll(), "");
    http.sendText(found);
    assertEquals((await first).line, line);
    await drainMicrotasks();
    assert(mqtt.takeAll().includes("rome-1\0\x02{"));
    mqtt.sendText("\x40\x02\0\x02");
    await drainMicrotasks();
    http.sendText(found);
    assertEquals((await second).line, line);
  },
});

Deno.test({
  name: "both connections end when one of them does",
  permissions: "none",
  async fn() {
    for (const which of ["mqtt", "http", "refused"] as const) {
      const { http, mqtt, phone } = open();
      const at = phone.report(report);
      const nearby = phone.nearby(query);
      await drainMicrotasks();
      if (which === "refused") mqtt.sendText("\x20\x02\0\x05");
      else await { http, mqtt }[which].closeWrite();
      await assertRejects(() => at, DisconnectedError);
      await assertRejects(() => nearby, DisconnectedError);
      assert(mqtt.other.isClosed && http.other.isClosed, which);
    }
  },
});
