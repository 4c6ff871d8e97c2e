import { placeOnCircle } from "../../../admin/page/circle_layout.js";
import { viewLinks, viewServers } from "../../../admin/page/herd.js";
import { assert, assertEquals } from "../../assert.ts";
import { type FakeHerd, fakeStatus } from "../../fakes/herd_status.ts";

/** Servers' and links' states by name. */
function states(herd: FakeHerd) {
  const status = fakeStatus(herd);
  return {
    servers: Object.fromEntries(
      viewServers(status).map(({ name, state }) => [name, state]),
    ),
    links: Object.fromEntries(
      viewLinks(status).map(({ ends, state }) => [ends.join(" "), state]),
    ),
  };
}

Deno.test({
  name: "herd: what a single server sees, and what it does not",
  permissions: "none",
  fn() {
    assertEquals(states({ seen: ["Hill"], down: ["Hill Smith"] }), {
      servers: {
        Hill: "ready",
        Jaquez: "reachable",
        Smith: "down",
        Campbell: "unseen",
        Singleton: "unseen",
      },
      links: {
        "Hill Jaquez": "up",
        "Hill Smith": "down",
        "Singleton Jaquez": "unseen",
        "Singleton Smith": "unseen",
        "Singleton Campbell": "unseen",
        "Smith Campbell": "unseen",
      },
    });
  },
});

Deno.test({
  name: "herd: servers that start and stop, links that are behind",
  permissions: "none",
  fn() {
    const { servers, links } = states({
      servers: { Hill: { notReady: "no link" }, Smith: { isStopping: true } },
      waiting: { "Hill Jaquez": 99, "Hill Smith": 1234 },
    });
    assertEquals(servers.Hill, "not ready");
    assertEquals(servers.Smith, "stopping");
    assertEquals(links["Hill Jaquez"], "up");
    assertEquals(links["Hill Smith"], "behind");
  },
});

Deno.test({
  name:
    "layout: the default herd has Hill and Jaquez above, Campbell below, no crossing",
  permissions: "none",
  fn() {
    const { herd } = fakeStatus();
    const places = placeOnCircle(
      herd.servers.map(({ name }) => name),
      herd.links,
    );
    const at = (name: string) => places.get(name)!;
    assert(at("Hill").x < 0 && at("Hill").y < -0.5);
    assert(at("Jaquez").x > 0 && at("Jaquez").y < -0.5);
    assert(Math.abs(at("Campbell").x) < 1e-9 && at("Campbell").y > 0.9);
    assert(at("Smith").x < 0 && at("Singleton").x > 0);
  },
});

Deno.test({
  name: "layout: any herd gets a place for each server",
  permissions: "none",
  fn() {
    for (const count of [1, 2, 3, 50]) {
      const names = Array.from({ length: count }, (_, index) => `s${index}`);
      const links = names.map((name, index): [string, string] => [
        name,
        names[(index * 7 + 3) % count],
      ]);
      const places = placeOnCircle(names, [...links, ["s0", "stranger"]]);
      assertEquals([...places.keys()].sort(), [...names].sort());
      const different = new Set(
        [...places.values()].map(({ x, y }) =>
          `${x.toFixed(3)} ${y.toFixed(3)}`
        ),
      );
      assertEquals(different.size, count);
    }
  },
});
