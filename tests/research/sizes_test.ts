import { loadsOf } from "../../research/measures/herd_sizes.ts";
import { assertEquals } from "../assert.ts";

Deno.test({
  name: "every size has the same load, at one server and spread over all",
  permissions: "none",
  fn() {
    const connectionsOf = (servers: number) =>
      loadsOf(servers).map(({ connections, point }) => [point, connections]);
    const atOne = [0, 0, 0, 0, 0, 0, 0, 0];
    assertEquals(connectionsOf(1), [["1 server, at one", atOne]]);
    assertEquals(connectionsOf(3), [
      ["3 servers, at each", [0, 1, 2, 0, 1, 2, 0, 1]],
      ["3 servers, at one", atOne],
    ]);
    assertEquals(connectionsOf(12), [
      ["12 servers, at each", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
      ["12 servers, at one", atOne],
    ]);
  },
});
