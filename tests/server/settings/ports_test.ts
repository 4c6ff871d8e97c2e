import { portKinds } from "../../../peers/port_kinds.ts";
import { findServer, parseTopology } from "../../../peers/topology.ts";
import {
  labelledPorts,
  linkPorts,
  portsOf,
} from "../../../server/settings/ports.ts";
import { schema } from "../../../server/settings/schema.ts";
import { resolveSettings } from "../../../server/settings/sources.ts";
import { assert, assertEquals } from "../../assert.ts";

const topology = parseTopology({
  servers: [{ name: "Hill", host: "192.0.2.7", tlsPort: 443 }],
});
const hill = findServer(topology, "Hill")!;

type PortSettings = Parameters<typeof portsOf>[0];

const plain: PortSettings = {
  ...resolveSettings(schema, []).values,
  admin: undefined,
  identity: undefined,
  tls: undefined,
};

/** The part of TLS settings that ports depend on. */
function tls(plainClients: boolean, authority?: string): PortSettings["tls"] {
  const identity = { authority };
  return { identity, plainClients } as PortSettings["tls"];
}

const describePorts = (settings: PortSettings) =>
  portsOf(settings, hill).map(({ address, isEncrypted, kind }) =>
    `${kind.name} ${address}${isEncrypted ? " encrypted" : ""}`
  );

Deno.test("a server opens the ports that its settings ask for", () => {
  const admin = { host: "::1", names: [] };
  for (
    const [settings, ports] of [
      [{}, ["clients 192.0.2.7:8000", "peers 192.0.2.7:8100"]],
      [{ host: "0.0.0.0", admin }, [
        "clients 0.0.0.0:8000",
        "peers 192.0.2.7:8100",
        "admin [::1]:8200",
      ]],
      [{ host: "0.0.0.0", tls: tls(false) }, [
        "clients 0.0.0.0:8000 encrypted",
        "peers 192.0.2.7:8100",
        "TLS 0.0.0.0:443 encrypted",
      ]],
      [{ http: true }, [
        "clients 192.0.2.7:8000",
        "peers 192.0.2.7:8100",
        "HTTP 192.0.2.7:8400",
      ]],
      [{ host: "0.0.0.0", http: true, tls: tls(true) }, [
        "clients 0.0.0.0:8000",
        "peers 192.0.2.7:8100",
        "TLS 0.0.0.0:443 encrypted",
        "HTTP 0.0.0.0:8400 encrypted",
      ]],
      [{ nmea: true, tls: tls(false) }, [
        "clients 192.0.2.7:8000 encrypted",
        "peers 192.0.2.7:8100",
        "TLS 192.0.2.7:443 encrypted",
        "NMEA 192.0.2.7:8600 encrypted",
      ]],
      [{ nmea: true, tls: tls(true) }, [
        "clients 192.0.2.7:8000",
        "peers 192.0.2.7:8100",
        "TLS 192.0.2.7:443 encrypted",
        "NMEA 192.0.2.7:8600",
      ]],
      [{ tls: tls(true, "PEM") }, [
        "clients 192.0.2.7:8000",
        "peers 192.0.2.7:8100 encrypted",
        "TLS 192.0.2.7:443 encrypted",
      ]],
    ] as [Partial<PortSettings>, string[]][]
  ) assertEquals(describePorts({ ...plain, ...settings }), ports);
});

Deno.test("a server that is ready lists its ports by label", () => {
  const labelled = labelledPorts({ ...plain, tls: tls(true) }, hill);
  assertEquals(
    [...labelled].map(([label, ports]) => [
      label,
      ...ports.map(({ address }) => address),
    ]),
    [
      ["clients", "192.0.2.7:8000", "192.0.2.7:443"],
      ["peers", "192.0.2.7:8100"],
    ],
  );
});

Deno.test("neighbours dial only the peer port", () => {
  const addresses = linkPorts({ ...plain, tls: tls(true) }, hill)
    .map(({ address }) => address);
  assertEquals(addresses, ["192.0.2.7:8100"]);
});

Deno.test("kinds of ports have different names, fields and offsets", () => {
  for (const part of ["name", "field", "offset"] as const) {
    const values: unknown[] = portKinds.map((kind) => kind[part]);
    assertEquals(new Set(values).size, portKinds.length, part);
  }
  const file = { servers: [{ name: "A" }], basePort: 1 };
  const [server] = parseTopology(file).servers;
  for (const { field, offset } of portKinds) {
    assertEquals(server[field], 1 + offset, field);
    const moved = { servers: [{ name: "A", [field]: 7 }] };
    assertEquals(parseTopology(moved).servers[0][field], 7, field);
  }
  // Herds of up to 100 servers fit between two offsets.
  assert(portKinds.every(({ offset }) => offset % 100 === 0));
});
