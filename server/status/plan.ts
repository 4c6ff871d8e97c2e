/**
 * The herd as its file describes it, for `/status.json`.
 *
 * @module
 */
import type { Topology } from "../../peers/topology.ts";
import type { HerdPlan } from "./status.ts";

/** The part of a topology that the status contains. */
export function planOf({ neighbours, servers }: Topology): HerdPlan {
  return {
    servers: servers.map(({ adminPort, clientPort, host, name }) => ({
      name,
      host,
      clientPort,
      adminPort,
    })),
    links: [...neighbours].flatMap(([name, others]) =>
      others
        .filter((other) => name < other.name)
        .map((other) => [name, other.name] as const)
    ),
  };
}
