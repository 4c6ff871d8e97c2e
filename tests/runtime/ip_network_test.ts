import { IpNetwork, parseAddress } from "../../runtime/ip_network.ts";
import { assert, assertEquals } from "../assert.ts";

const hex = (text: string) => parseAddress(text)?.toHex();

Deno.test({
  name: "parseAddress() reads both kinds of IP addresses, and nothing else",
  permissions: "none",
  fn() {
    const mapped = "00000000000000000000ffffc0000207";
    assertEquals(hex("192.0.2.7"), mapped);
    assertEquals(hex("::ffff:192.0.2.7"), mapped);
    assertEquals(hex("::FFFF:c000:207"), mapped);
    assertEquals(hex("::"), "0".repeat(32));
    assertEquals(hex("::1"), `${"0".repeat(31)}1`);
    assertEquals(hex("2001:db8::"), `20010db8${"0".repeat(24)}`);
    assertEquals(hex("1:2:3:4:5:6:7:8"), "00010002000300040005000600070008");
    assertEquals(hex("fe80::1%eth0"), `fe80${"0".repeat(27)}1`);
    for (
      const text of [
        "",
        "kiwi",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.07",
        "192.0.2.7.1",
        "1.2.3.4::",
        ":",
        ":::",
        "1::2::3",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7::8:9",
        "12345::",
        "g::",
        "::192.0.2",
        "1::g",
      ]
    ) assertEquals(parseAddress(text), undefined, text);
  },
});

Deno.test({
  name: "IpNetwork includes the addresses that begin with its bits",
  permissions: "none",
  fn() {
    const includes = (network: string, address: string) =>
      IpNetwork.parse(network)!.includes(parseAddress(address)!);
    for (
      const [network, inside, outside] of [
        ["10.0.0.0/8", "10.255.0.1", "11.0.0.0"],
        ["10.0.0.0/8", "::ffff:10.1.1.1", "::1"],
        ["192.0.2.128/25", "192.0.2.129", "192.0.2.127"],
        ["192.0.2.7", "192.0.2.7", "192.0.2.6"],
        ["192.0.2.7/31", "192.0.2.6", "192.0.2.8"],
        ["2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"],
        ["::1", "::1", "::2"],
      ]
    ) {
      assert(includes(network, inside), `${network} ${inside}`);
      assert(!includes(network, outside), `${network} ${outside}`);
    }
    assert(includes("0.0.0.0/0", "203.0.113.9"));
    assert(!includes("0.0.0.0/0", "2001:db8::1"));
    assert(includes("::/0", "203.0.113.9"));
    for (
      const text of ["", "/8", "10.0.0.0/33", "::/129", "10.0.0.0/", "kiwi/8"]
    ) assertEquals(IpNetwork.parse(text), undefined, text);
  },
});
