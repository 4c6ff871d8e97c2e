/**
 * A herd of five whose Smith and Campbell each have an observer for one more
 * neighbour.
 *
 * @module
 */
import type { Context } from "../context.ts";
import { freeBasePort, Process, projectFolder } from "../processes.ts";
import { places, serverNames } from "./shape.ts";

/** Running servers, and the first of their ports. */
export interface Running extends AsyncDisposable {
  readonly basePort: number;
}

/** Starts the servers; resolves when all are linked. */
export async function startHerd({ cores, folder }: Context): Promise<Running> {
  await using cleanup = new AsyncDisposableStack();
  const basePort = freeBasePort();
  const herdFile = `${folder}/propagation-herd.json`;
  const { links, servers } = JSON.parse(
    await Deno.readTextFile(`${projectFolder}herd.json`),
  );
  servers.push(...places.map(({ observer }) => ({ name: observer })));
  links.push(...places.map(({ observer, server }) => [observer, server]));
  await Deno.writeTextFile(
    herdFile,
    JSON.stringify({ basePort, servers, links }),
  );
  // One after the other: the last one of each pair dials the first.
  for (const name of serverNames) {
    const server = cleanup.use(
      new Process({
        program: Deno.execPath(),
        args: [
          "run",
          "--allow-net=127.0.0.1",
          `--allow-read=${herdFile}`,
          `--allow-write=${folder}`,
          "server.ts",
          name,
          `--config=${herdFile}`,
          `--log-dir=${folder}`,
        ],
        cores: cores.servers,
      }),
    );
    await server.saying(/ is ready: /);
  }
  const running = cleanup.move();
  return {
    basePort,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
