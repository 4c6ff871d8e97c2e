import { addressKey, formatAddress } from "../../runtime/network.ts";
import { assertEquals } from "../assert.ts";

Deno.test({
  name:
    "addressKey() is the IPv4 address, or the first 64 bits of an IPv6 address",
  permissions: "none",
  fn() {
    for (
      const [address, key] of [
        ["192.0.2.7", "192.0.2.7"],
        ["::ffff:192.0.2.7", "192.0.2.7"],
        ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
        ["2001:db8:1:2::", "2001:db8:1:2::/64"],
        ["2001:0DB8:0001:0002:ffff::1", "2001:db8:1:2::/64"],
        ["2001:db8::1", "2001:db8:0:0::/64"],
        ["2001:db8::2:3:4:5:6", "2001:db8:0:2::/64"],
        ["fe80::1%eth0", "fe80:0:0:0::/64"],
        ["::1", "0:0:0:0::/64"],
        ["::", "0:0:0:0::/64"],
      ]
    ) {
      assertEquals(addressKey(address), key, address);
    }
  },
});

Deno.test({
  name: "formatAddress() puts brackets around IPv6",
  permissions: "none",
  fn() {
    assertEquals(formatAddress("127.0.0.1", 8000), "127.0.0.1:8000");
    assertEquals(formatAddress("::1", 8000), "[::1]:8000");
  },
});
