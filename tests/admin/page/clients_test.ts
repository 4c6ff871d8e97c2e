import { Clients, otherServer } from "../../../admin/page/clients.js";
import { assertEquals } from "../../assert.ts";

/** Clients with this limit, on a map whose units are degrees. */
function open(limit: number): Clients {
  const clients = new Clients(
    (latitude, longitude) => [longitude, latitude],
    limit,
  );
  clients.setServers(["Hill", "Smith"]);
  return clients;
}

const names = (clients: Clients) => [...clients.ids].sort();

Deno.test({
  name: "clients: a newer position replaces the older one",
  permissions: "none",
  fn() {
    const clients = open(10);
    clients.put(["kiwi", 1, 2, "Hill", 100]);
    const slot = clients.put(["kiwi", 3, 4, "Smith", 101]);
    assertEquals(clients.count, 1);
    assertEquals([clients.x[slot], clients.y[slot]], [4, 3]);
    assertEquals(clients.server[slot], 1);
    assertEquals(clients.time[slot], 101);
  },
});

Deno.test({
  name: "clients: the clients with the oldest reports are removed first",
  permissions: "none",
  fn() {
    const clients = open(3);
    for (const id of ["a", "b", "c"]) clients.put([id, 0, 0, "Hill", 0]);
    clients.put(["a", 0, 0, "Hill", 1]);
    clients.put(["d", 0, 7, "Hill", 1]);
    assertEquals(names(clients), ["a", "c", "d"]);
    clients.keep(2);
    assertEquals(names(clients), ["a", "d"]);
    // The arrays and the index are still consistent.
    for (const id of ["a", "d"]) {
      assertEquals(clients.ids[clients.slotOf(id)!], id);
    }
    assertEquals(clients.x[clients.slotOf("d")!], 7);
    assertEquals(clients.slotOf("c"), undefined);
  },
});

Deno.test({
  name: "clients: they are counted by the server that received their reports",
  permissions: "none",
  fn() {
    const clients = open(10);
    clients.put(["a", 0, 0, "Hill", 0]);
    clients.put(["b", 0, 0, "Smith", 0]);
    clients.put(["c", 0, 0, "Smith", 0]);
    clients.put(["d", 0, 0, "Nobody", 0]);
    const counts = clients.countByServer();
    assertEquals([counts[0], counts[1], counts[otherServer]], [1, 2, 1]);
    clients.setServers(["Nobody", "Smith", "Hill"]);
    assertEquals([...clients.countByServer().slice(0, 3)], [1, 2, 1]);
  },
});

Deno.test({
  name:
    "clients: nearest() finds the nearest one within reach, except the given ones",
  permissions: "none",
  fn() {
    const clients = open(10);
    clients.put(["near", 10, 10, "Hill", 0]);
    clients.put(["nearer", 10, 11, "Hill", 0]);
    const nearest = (reach: number, except?: Set<string>) => {
      const slot = clients.nearest(12, 10, reach, except);
      return slot === undefined ? undefined : clients.ids[slot];
    };
    assertEquals(nearest(5), "nearer");
    assertEquals(nearest(5, new Set(["nearer"])), "near");
    assertEquals(nearest(0.5), undefined);
  },
});

Deno.test({
  name: "clients: find() finds an ID, or else one that begins with the text",
  permissions: "none",
  fn() {
    const clients = open(10);
    clients.put(["kiwi.cs", 0, 0, "Hill", 0]);
    clients.put(["kiwi", 0, 0, "Hill", 0]);
    assertEquals(clients.find("kiwi"), 1);
    assertEquals(clients.find("kiwi."), 0);
    assertEquals(clients.find("wi"), undefined);
    assertEquals(clients.find(""), undefined);
  },
});
