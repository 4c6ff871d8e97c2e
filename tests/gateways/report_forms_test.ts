import {
  cardOf,
  locationOf,
  plainReportOf,
} from "../../gateways/report_forms.ts";
import { bytesOfText } from "../../protocol/bytes.ts";
import { assertEquals } from "../assert.ts";

const pure = { permissions: "none" } as const;

/** The AT line of a client. */
const at = (
  client: string,
  position = "+059.9138688-010.0",
  time = "1796.25",
) => `AT Hill +1.000000000 ${client} ${position} ${time}`;

const attributes =
  "accuracy=12.25,altitude=-3.5,battery=87.6,course=0.4,source=overland," +
  "speed=13.88888889,tid=os";

Deno.test(
  "a location has the digits of the position, and whole numbers",
  pure,
  () => {
    assertEquals(
      locationOf(at("oskar/phone"), attributes),
      '{"_type":"location","tid":"os","lat":59.9138688,"lon":-10.0,"tst":1796' +
        ',"acc":13,"alt":-3,"batt":88,"cog":0,"vel":50}',
    );
  },
);

Deno.test(
  "a location without attributes has a tracker ID of the client's ID",
  pure,
  () => {
    const ids = [
      ["oskar/phone", "ne"],
      ["o", "o"],
      ["\xff\xfe", "?"],
    ];
    for (const [client, trackerId] of ids) {
      assertEquals(
        locationOf(at(client, "+0-0.50", "7"), "", "t"),
        `{"_type":"location","tid":"${trackerId}","lat":0,"lon":-0.50,"tst":7` +
          ',"topic":"t"}',
      );
    }
  },
);

Deno.test(
  "a card has the name of the user as it was before it was encoded",
  pure,
  () => {
    const user = bytesOfText("Élodie");
    assertEquals(
      cardOf(`${user}%20"B"/phone`, "tid=%25%2C"),
      `{"_type":"card","tid":"%,","name":"${user} \\u0022B\\u0022"}`,
    );
    assertEquals(
      cardOf("\xff", ""),
      '{"_type":"card","tid":"?","name":"\\u00ff"}',
    );
    assertEquals(cardOf("/x", ""), '{"_type":"card","tid":"x","name":"/x"}');
  },
);

Deno.test("a plain report has its attributes with their digits", pure, () => {
  assertEquals(
    plainReportOf(at("cab"), attributes),
    '{"id":"cab","lat":59.9138688,"lon":-10.0,"time":"1796.25"' +
      ',"accuracy":12.25,"altitude":-3.5,"battery":87.6,"course":0.4' +
      ',"speed":13.88888889,"tid":"os"}',
  );
});
