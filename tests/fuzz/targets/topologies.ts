/**
 * The parser of herd files, `peers/topology.ts`.
 *
 * For every JSON text, the result is a `TopologyError` of one line, or a herd
 * with:
 *
 * - at least one server, and all servers in the order of the file;
 * - names that are valid as a field and as a file's name, and differ by more
 *   than case;
 * - ports from 1 to 65,535, with distinct addresses;
 * - neighbours that are other servers of the herd, each once, and neighbours of
 *   each other; as many pairs as there are links.
 *
 * @module
 */
import { portKinds } from "../../../peers/port_kinds.ts";
import { parseTopology, TopologyError } from "../../../peers/topology.ts";
import { textOfBytes } from "../../../protocol/bytes.ts";
import { demand, demandSame, magnitude, type Target } from "../target.ts";

/** @param parse The parser under test. */
export function topologiesTarget(parse = parseTopology): Target {
  return {
    name: "topologies",
    tokens: [
      '{"name":"Hill"}',
      ',{"name":"Smith"}',
      '{"name":"hill"}',
      ',["Hill","Smith"]',
      '"servers":[',
      '"links":[',
      '"host":"127.0.0.1",',
      '"host":"::1"',
      '"basePort":65300,',
      ',"clientPort":8000',
      ',"peerPort":8100',
      ',"adminPort":65535',
      '"__proto__":',
      '"constructor"',
      "null",
      "65536",
      "8000.5",
      "1e4",
      "-1",
      "[",
      "]",
      "{",
      "}",
      '"',
      ",",
    ],
    check(input) {
      const text = textOfBytes(input);
      let json;
      try {
        json = JSON.parse(text);
      } catch {
        return "not JSON";
      }
      return [undefined, 65_200].map((basePort) => {
        try {
          return checkHerd(parse(json, basePort), json);
        } catch (error) {
          if (!(error instanceof TopologyError)) throw error;
          demand("an error of one line", !/[\r\n]/.test(error.message));
          // The rule that was broken, without values from the file.
          return /: ([a-z]+ [a-z]+ [a-z]+)/.exec(error.message)?.[1] ?? "other";
        }
      }).join();
    },
  };
}

type Topology = ReturnType<typeof parseTopology>;

function checkHerd(
  { neighbours, servers }: Topology,
  file: { servers: { name: string }[]; links?: unknown[] },
): string {
  const names = servers.map(({ name }) => name);
  demand("a server", servers.length > 0);
  demandSame("the names", names.join(), file.servers.map((s) => s.name).join());
  demandDistinct("names", names.map((name) => name.toLowerCase()));
  for (const name of names) {
    demand("a name", /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name));
    demand("a short name", name.length <= 64);
  }
  const addresses = servers.flatMap((server) => {
    const ports = portKinds.map(({ field }) => server[field]);
    for (const port of ports) {
      demand("a port", Number.isInteger(port) && port >= 1 && port <= 65_535);
    }
    return ports.map((port) => `${server.host} ${port}`);
  });
  demandDistinct("addresses", addresses);
  demandSame(
    "the keys of neighbours",
    [...neighbours.keys()].join(),
    names.join(),
  );
  let links = 0;
  for (const [name, others] of neighbours) {
    links += others.length;
    demandDistinct("neighbours", others.map((other) => other.name));
    for (const other of others) {
      demand("another server", other.name !== name && servers.includes(other));
      const back = neighbours.get(other.name)!.map(({ name }) => name);
      demand("neighbours of each other", back.includes(name));
    }
  }
  demandSame("how many links", links / 2, file.links?.length ?? 0);
  return `${magnitude(servers.length)} servers, ${magnitude(links)} links`;
}

function demandDistinct(what: string, list: readonly string[]): void {
  demandSame(`distinct ${what}`, new Set(list).size, list.length);
}
