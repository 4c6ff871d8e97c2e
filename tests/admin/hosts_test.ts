import { isOwnHost } from "../../admin/hosts.ts";
import { assert } from "../assert.ts";

Deno.test({
  name: "isOwnHost() accepts loopback names and addresses with any port",
  permissions: "none",
  fn() {
    for (
      const header of [
        "127.0.0.1:8200",
        "127.0.0.1",
        "127.8.9.255:1",
        "localhost:8200",
        "LocalHost",
        "[::1]:8200",
        "[::1]",
      ]
    ) assert(isOwnHost(header, []), header);
  },
});

Deno.test({
  name: "isOwnHost() refuses other hosts, also ones that resemble loopback",
  permissions: "none",
  fn() {
    for (
      const header of [
        null,
        "",
        "evil.example",
        "127.0.0.1.evil.example:8200",
        "localhost.evil.example",
        "evil@127.0.0.1",
        "evil.example:80@127.0.0.1:8200",
        "127.0.0.1:8200,evil.example",
        "127.0.0.1 evil.example",
        "127.0.0.256",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0.0.0.0:8200",
        "[::]:8200",
        "[::ffff:127.0.0.1]",
        "localhost.",
        "127.0.0.1:evil",
        "::1",
      ]
    ) assert(!isOwnHost(header, []), String(header));
  },
});

Deno.test({
  name: "isOwnHost() accepts configured names in upper or lower case",
  permissions: "none",
  fn() {
    const names = ["herd.example", "192.0.2.7", "2001:db8::7"];
    for (
      const header of [
        "herd.example:8200",
        "Herd.Example",
        "192.0.2.7:8200",
        "[2001:DB8::7]:8200",
      ]
    ) assert(isOwnHost(header, names), header);
    for (const header of ["www.herd.example", "192.0.2.70", "[2001:db8::8]"]) {
      assert(!isOwnHost(header, names), header);
    }
  },
});
