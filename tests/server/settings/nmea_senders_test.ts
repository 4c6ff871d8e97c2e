import { readArguments } from "../../../cli/arguments.ts";
import { parseNmeaSenders } from "../../../server/settings/nmea_senders.ts";
import {
  openPorts,
  readSettings,
  serverFlags,
} from "../../../server/settings/settings.ts";
import { SetupError } from "../../../runtime/setup_error.ts";
import { assertEquals, assertThrows } from "../../assert.ts";

Deno.test({
  name: "addresses are as the system writes them, and IDs as in AT lines",
  permissions: "none",
  fn() {
    const text = [
      "# devices of the yard",
      "192.0.2.7 van-12",
      " \t::FFFF:192.0.2.8\tb%C3\t",
      "",
      "2001:DB8:0:0::7 k\u00fche",
      "::1 local",
    ].join("\r\n");
    assertEquals([...parseNmeaSenders(text, "senders")], [
      ["192.0.2.7", "van-12"],
      ["192.0.2.8", "b%C3"],
      ["2001:db8::7", "k\xc3\xbche"],
      ["::1", "local"],
    ]);
    assertEquals(parseNmeaSenders("", "senders").size, 0);
  },
});

Deno.test({
  name: "a fault in the file is named by its line",
  permissions: "none",
  fn() {
    const form =
      'expected an IP address and the ID of a client, such as "192.0.2.7 van-12"';
    for (
      const [text, message] of [
        ["\n192.0.2.7", `:2: ${form}`],
        ["192.0.2.7 a b", `:1: ${form}`],
        ["192.0.2.256 a", `:1: ${form}`],
        ["192.0.2.0/24 a", `:1: ${form}`],
        ["van.example a", `:1: ${form}`],
        [
          "# a\r\n\r\n192.0.2.7 \x01",
          ":3: expected an ID of at most 1024 bytes without control bytes",
        ],
        [
          `::1 ${"a".repeat(1_025)}`,
          ":1: expected an ID of at most 1024 bytes without control bytes",
        ],
        [
          "192.0.2.7 a\r\n::ffff:192.0.2.7 b",
          ":2: 192.0.2.7 is in line 1 already",
        ],
        ["192.0.2.7 \ufffd", ":1: expected UTF-8"],
      ]
    ) {
      assertThrows(
        () => parseNmeaSenders(text, "senders"),
        SetupError,
        `senders${message}`,
      );
    }
  },
});

Deno.test("the NMEA port is open with --nmea only, and its file is read with a BOM", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "\ufeff192.0.2.7 van\r\n");
    const read = (...args: string[]) =>
      readSettings(readArguments(args, serverFlags), openPorts);
    assertEquals((await read()).nmea, false);
    assertEquals((await read("--nmea")).gateways.nmeaSenders, undefined);
    const { gateways, nmea, sources } = await read(
      "--nmea",
      `--open-nmea=${path}`,
    );
    assertEquals([nmea, gateways.nmeaSenders?.get("192.0.2.7")], [
      true,
      "van",
    ]);
    assertEquals(sources.filter(({ name }) => name === "read"), [
      { name: "read", path },
    ]);
  } finally {
    await Deno.remove(path);
  }
});
