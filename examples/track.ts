/**
 * Reports the position of a client, and prints what is near it:
 *
 *     deno run --frozen --no-remote --allow-net examples/track.ts kiwi +34.068930-118.445127
 *
 * More arguments are the servers to try, as HOST:PORT, in this order. Without
 * them it tries the default herd on this machine. The exit status is 0 if the
 * herd has answered, 1 if it has not, and 2 if the command line is wrong.
 *
 * @module
 */
import { parseAddress, RoamingClient } from "../client/mod.ts";

/** A server may wait 10 s for an answer from Google. */
const timeoutMs = 15_000;

const defaultServers = [0, 1, 2, 3, 4].map((index) => `127.0.0.1:800${index}`);

const [client = "", position = "", ...addresses] = Deno.args;
try {
  const servers = addresses.length > 0 ? addresses : defaultServers;
  await using herd = new RoamingClient(
    servers.map((server) => ({ ...parseAddress(server), timeoutMs })),
  );
  // Both are sent at once. The server has the report when it reads the query.
  const [at, nearby] = await Promise.all([
    herd.report({ client, position }),
    herd.nearby({ client, radiusKm: 10, bound: 5 }),
  ]);
  console.log(`${at.server} received the report of ${at.client}`);
  for (const { name } of nearby.results) console.log(name);
} catch (error) {
  if (!(error instanceof Error)) throw error;
  console.error(`track: ${error.message}`);
  Deno.exitCode = error instanceof RangeError ? 2 : 1;
}
