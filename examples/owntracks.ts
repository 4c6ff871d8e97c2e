/**
 * A bridge for phones with the app OwnTracks (https://owntracks.org) in HTTP
 * mode:
 *
 *     deno run --frozen --no-remote --allow-net examples/owntracks.ts 127.0.0.1:8080 127.0.0.1:8000 127.0.0.1:8001
 *
 * listens on the first address, and sends reports to the first of the other
 * addresses that answers. The phone "old phone" of the user jane is the client
 * jane/old%20phone.
 *
 * @module
 */
import {
  InvalidCommandError,
  parseAddress,
  RoamingClient,
} from "../client/mod.ts";

const maxBodyBytes = 1024 * 1024;

/** The client's ID: one word, and a different one for each phone. */
function idOf(parts: readonly unknown[]): string {
  return parts.filter((part) => typeof part === "string" && part !== "")
    .map((part) => `${part}`.replace(/[\s%/]/g, encodeURIComponent)).join("/");
}

async function report(request: Request, herd: RoamingClient): Promise<void> {
  const { headers, url } = request;
  if (!(Number(headers.get("content-length") ?? NaN) <= maxBodyBytes)) {
    throw new RangeError(`expected a Content-Length up to ${maxBodyBytes}`);
  }
  // The app sends an empty message when a friend was deleted.
  const message = JSON.parse(await request.text() || '{"_type":""}') ?? {};
  const { _type, lat: latitude, lon: longitude, tid, topic, tst } = message;
  if (typeof _type !== "string") throw new RangeError("_type: expected text");
  if (_type !== "location") return;
  const { searchParams } = new URL(url);
  const client = idOf(
    ["u", "d"].map((key) =>
      headers.get(`x-limit-${key}`) ?? searchParams.get(key)
    ),
  ) || idOf(typeof topic === "string" ? topic.split("/").slice(1, 3) : [tid]);
  await herd.report({ client, position: { latitude, longitude }, time: tst });
}

try {
  const [own, ...addresses] = Deno.args.map(parseAddress);
  const herd = new RoamingClient(
    addresses.map((address) => ({ ...address, timeoutMs: 5_000 })),
  );
  const onListen = ({ hostname, port }: Deno.NetAddr) =>
    console.log(`phones can report to http://${hostname}:${port}/`);
  Deno.serve({ ...own, onListen }, async (request) => {
    try {
      await report(request, herd);
      return Response.json([]); // The bridge has no messages for the app.
    } catch (error) {
      const isInvalid = [RangeError, SyntaxError, InvalidCommandError]
        .some((kind) => error instanceof kind);
      if (!isInvalid) console.error(`owntracks: ${error}`);
      return new Response(`${error}\n`, { status: isInvalid ? 400 : 503 });
    }
  });
} catch (error) {
  console.error(`owntracks: ${error instanceof Error ? error.message : error}`);
  Deno.exitCode = error instanceof RangeError ? 2 : 1;
}
