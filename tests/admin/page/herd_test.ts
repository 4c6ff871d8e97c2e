import { placeOnCircle } from "../../../admin/page/circle_layout.js";
import { viewLinks, viewServers } from "../../../admin/page/herd.js";
import { assert, assertEquals } from "../../assert.ts";
import { type FakeHerd, fakeStatus } from "../../fakes/herd_status.ts";

/** The states of servers and links, by name. */
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
  name: "herd: a single server's status has the states of its neighbours only",
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
  name: "herd: states of starting and stopping servers, and of links behind",
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
    "layout: the default herd has Hill and Jaquez at the top, Campbell at the bottom",
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
  name: "layout: each server of any herd has its own place",
  permissions: "none",
  fn() {
    for (const count of [1, 2, 3, 50]) {
      const names = Array.from({ length: count }, (_, index) => `s${index}`);
      const links = names.map((name, index): [string, string] => [
        name,
        names[(index * 7 + 3) % count],
      ]);
      const places = placeOnCircle(names, [...links, ["s0", "unknown"]]);
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

Deno.test({
  name:
    "herd: summaries show servers and links of other processes while they are fresh",
  permissions: "none",
  fn() {
    const at = (age: number) =>
      states({
        seen: ["Hill"],
        down: ["Hill Smith", "Smith Campbell"],
        summaries: { Campbell: age, Smith: age },
        servers: { Campbell: { isStopping: true } },
      });
    const fresh = at(14);
    assertEquals(fresh.servers.Campbell, "stopping");
    // Its own word counts more than one lost link.
    assertEquals(fresh.servers.Smith, "ready");
    assertEquals(fresh.links["Smith Campbell"], "down");
    assertEquals(fresh.links["Singleton Campbell"], "up");
    const old = at(16);
    assertEquals(old.servers.Campbell, "unseen");
    assertEquals(old.servers.Smith, "down");
    assertEquals(old.links["Smith Campbell"], "unseen");
  },
});
