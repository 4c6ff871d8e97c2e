/**
 * Tells a herd where a client is, and prints what is near it:
 *
 *     deno run --allow-net examples/track.ts kiwi +34.068930-118.445127
 *
 * More words are the servers to try, as HOST:PORT, in this order; without any,
 * the default herd's on this machine. The exit status is 0 when the herd has
 * answered, 1 when it has not, and 2 when the command line is wrong.
 *
 * @module
 */
import { parseAddress, RoamingClient } from "../client/mod.ts";

/** A server may take 10 s to hear from Google what is near. */
const timeoutMs = 15_000;

const defaultServers = [0, 1, 2, 3, 4].map((index) => `127.0.0.1:800${index}`);

const [client = "", position = "", ...words] = Deno.args;
try {
  const servers = words.length > 0 ? words : defaultServers;
  await using herd = new RoamingClient(
    servers.map((server) => ({ ...parseAddress(server), timeoutMs })),
  );
  // Both are sent at once. Replies come in order, so it is known by then.
  const [at, nearby] = await Promise.all([
    herd.report({ client, position }),
    herd.nearby({ client, radiusKm: 10, bound: 5 }),
  ]);
  console.log(`${at.client} was heard by ${at.server}`);
  for (const { name } of nearby.results) console.log(name);
} catch (error) {
  if (!(error instanceof Error)) throw error;
  console.error(`track: ${error.message}`);
  Deno.exitCode = error instanceof RangeError ? 2 : 1;
}
