import { formatEvent, TimestampWriter } from "../../log/record.ts";
import { assertEquals } from "../assert.ts";

Deno.test({
  name: "TimestampWriter writes RFC 3339 in UTC with microseconds",
  permissions: "none",
  fn() {
    const formatter = new TimestampWriter();
    for (
      const [seconds, nanoseconds, text] of [
        [1520023934, 918963997, "2018-03-02T20:52:14.918963Z"],
        [1520023934, 918963000, "2018-03-02T20:52:14.918963Z"],
        [1520023934, 918000999, "2018-03-02T20:52:14.918000Z"],
        [1520023934, 999999999, "2018-03-02T20:52:14.999999Z"],
        [1520023935, 0, "2018-03-02T20:52:15.000000Z"],
        [0, 1000, "1970-01-01T00:00:00.000001Z"],
      ] as const
    ) assertEquals(formatter.format({ seconds, nanoseconds }), text);
  },
});

Deno.test({
  name: "formatEvent() writes values as JSON in printable ASCII",
  permissions: "none",
  fn() {
    assertEquals(
      formatEvent("TIME", "peer/2", "warning", "link refused", {
        reason: 'say "hi"\n\u202e\u00e9',
        ports: ["1", "2"],
        count: 3,
        sure: true,
      }),
      'TIME peer/2 -- warning link-refused reason="say \\"hi\\"\\n\\u202e\\u00e9" ' +
        'ports=["1","2"] count=3 sure=true\n',
    );
    const long = formatEvent("TIME", "server", "info", "x", {
      detail: "y".repeat(10_000),
    });
    assertEquals(long.length < 600, true);
  },
});
