/**
 * A herd of five whose Smith and Campbell each have an observer for one more
 * neighbour.
 *
 * @module
 */
import defaultHerd from "../../herd.json" with { type: "json" };
import type { Context } from "../context.ts";
import {
  type RunningHerd,
  startHerd as startServers,
  writeHerdFile,
} from "../servers.ts";
import { places, serverNames } from "./shape.ts";

/** Running servers, and the first of their ports. */
export interface Running extends AsyncDisposable {
  readonly basePort: number;
}

/** Starts the servers; resolves when all are linked. */
export async function startHerd(
  { cores, folder }: Context,
): Promise<RunningHerd> {
  const names = [...serverNames, ...places.map(({ observer }) => observer)];
  const observed = places.map(({ observer, server }) => [observer, server]);
  const links = [...defaultHerd.links, ...observed];
  const herdFile = await writeHerdFile(folder, names, links);
  return await startServers(cores, folder, serverNames, [herdFile]);
}
