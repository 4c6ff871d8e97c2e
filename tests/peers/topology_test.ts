import defaultHerd from "../../herd.json" with { type: "json" };
import {
  connectedParts,
  parseTopology,
  TopologyError,
} from "../../peers/topology.ts";
import { assertEquals, assertThrows } from "../assert.ts";

const two = { servers: [{ name: "A" }, { name: "B" }], links: [["A", "B"]] };

Deno.test({
  name: "parseTopology() reads the default herd",
  permissions: "none",
  fn() {
    const { neighbours, servers } = parseTopology(defaultHerd);
    assertEquals(
      servers.map(({ adminPort, clientPort, host, name, peerPort }) =>
        [name, host, clientPort, peerPort, adminPort].join(" ")
      ),
      [
        "Hill 127.0.0.1 8000 8100 8200",
        "Jaquez 127.0.0.1 8001 8101 8201",
        "Smith 127.0.0.1 8002 8102 8202",
        "Campbell 127.0.0.1 8003 8103 8203",
        "Singleton 127.0.0.1 8004 8104 8204",
      ],
    );
    const names = (name: string) =>
      neighbours.get(name)!.map((server) => server.name).sort().join(" ");
    assertEquals(names("Hill"), "Jaquez Smith");
    assertEquals(names("Jaquez"), "Hill Singleton");
    assertEquals(names("Smith"), "Campbell Hill Singleton");
    assertEquals(names("Campbell"), "Singleton Smith");
    assertEquals(names("Singleton"), "Campbell Jaquez Smith");
  },
});

Deno.test({
  name: "parseTopology() reads hosts and ports of single entries",
  permissions: "none",
  fn() {
    const { servers } = parseTopology({
      host: "10.0.0.1",
      servers: [
        { name: "A" },
        { name: "B", host: "b.example", clientPort: 1, peerPort: 2 },
      ],
    }, 9000);
    const described = servers.map((
      { adminPort, clientPort, host, name, peerPort, tlsPort },
    ) => [name, host, clientPort, peerPort, adminPort, tlsPort].join(" "));
    assertEquals(described, [
      "A 10.0.0.1 9000 9100 9200 9300",
      "B b.example 1 2 9201 9301",
    ]);
  },
});

Deno.test({
  name: "parseTopology() accepts a single server without links",
  permissions: "none",
  fn() {
    const { neighbours } = parseTopology({ servers: [{ name: "A" }] });
    assertEquals(neighbours.get("A"), []);
  },
});

Deno.test({
  name: "parseTopology() names the invalid entry in its error",
  permissions: "none",
  fn() {
    const cases: [unknown, string][] = [
      [[], "the herd file: expected an object, found []"],
      [{}, "servers: expected a list, found nothing"],
      [{ servers: [] }, "servers: the list is empty"],
      [{ servers: ["A"] }, 'servers[0]: expected an object, found "A"'],
      [
        { ...two, ports: 1 },
        'the herd file: unknown key "ports"; known keys are',
      ],
      [{ servers: [{ name: "A b" }] }, "servers[0].name: expected"],
      [{ servers: [{ name: "../A" }] }, "servers[0].name: expected"],
      [{ servers: [{}] }, "servers[0].name: expected"],
      [{ servers: [{ name: "A", port: 1 }] }, 'servers[0]: unknown key "port"'],
      [
        { servers: [{ name: "A" }, { name: "a" }] },
        "servers: the name a appears twice",
      ],
      [
        { servers: [{ name: "A" }, { name: "B", clientPort: 8000 }] },
        "B's clientPort: 127.0.0.1:8000 is already A's clientPort",
      ],
      [
        { servers: [{ name: "A", clientPort: 0 }] },
        "A's clientPort: expected a port from 1 to 65535, found 0",
      ],
      [{ ...two, basePort: "8000" }, "basePort: expected a port"],
      [{ ...two, host: "a b" }, "host: expected a host name"],
      [
        { ...two, links: [["A", "C"]] },
        'links[0]: no server is called "C"; servers are A, B',
      ],
      [{ ...two, links: [["A", "A"]] }, "links[0]: links A to itself"],
      [
        { ...two, links: [["A", "B"], ["B", "A"]] },
        "links[1]: B and A are already linked",
      ],
      [{ ...two, links: [["A"]] }, "links[0]: expected two names"],
      [{ ...two, links: "AB" }, 'links: expected a list, found "AB"'],
    ];
    for (const [json, message] of cases) {
      assertThrows(() => parseTopology(json), TopologyError, message);
    }
    assertThrows(
      () => parseTopology(two, 65_500),
      TopologyError,
      "A's peerPort: expected a port",
    );
  },
});

Deno.test({
  name: "connectedParts() finds the servers that no link connects",
  permissions: "none",
  fn() {
    const parts = (names: string, links: readonly [string, string][]) =>
      connectedParts(parseTopology({
        servers: [...names].map((name) => ({ name })),
        links,
      })).map((part) => part.join(""));
    assertEquals(parts("A", []), ["A"]);
    assertEquals(parts("ABCD", [["A", "C"], ["B", "A"], ["D", "C"]]), ["ACBD"]);
    assertEquals(parts("ABCDE", [["A", "D"], ["B", "E"], ["E", "C"]]), [
      "AD",
      "BEC",
    ]);
    assertEquals(parts("ABC", []), ["A", "B", "C"]);
  },
});
