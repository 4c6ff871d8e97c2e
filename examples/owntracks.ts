/**
 * Lets phones report that run OwnTracks (https://owntracks.org) in HTTP mode:
 *
 *     deno run --allow-net examples/owntracks.ts 127.0.0.1:8080 127.0.0.1:8000 127.0.0.1:8001
 *
 * listens on the first address, and tells whichever of the servers behind it
 * answers. Jane's phone, called "old phone", is the client jane/old%20phone.
 *
 * @module
 */
import {
  InvalidCommandError,
  parseAddress,
  RoamingClient,
} from "../client/mod.ts";

const maxBodyBytes = 1024 * 1024;

/** The herd wants one word for a phone, and no two may have the same. */
function idOf(parts: readonly unknown[]): string {
  return parts.filter((part) => typeof part === "string" && part !== "")
    .map((part) => `${part}`.replace(/[\s%/]/g, encodeURIComponent)).join("/");
}

async function report(request: Request, herd: RoamingClient): Promise<void> {
  const { headers, url } = request;
  if (!(Number(headers.get("content-length") ?? NaN) <= maxBodyBytes)) {
    throw new RangeError(`expected a Content-Length up to ${maxBodyBytes}`);
  }
  // An empty message says that a friend was deleted.
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
      return Response.json([]); // What the app should know in return: nothing.
    } catch (error) {
      const isPhones = [RangeError, SyntaxError, InvalidCommandError]
        .some((kind) => error instanceof kind);
      if (!isPhones) console.error(`owntracks: ${error}`);
      return new Response(`${error}\n`, { status: isPhones ? 400 : 503 });
    }
  });
} catch (error) {
  console.error(`owntracks: ${error instanceof Error ? error.message : error}`);
  Deno.exitCode = error instanceof RangeError ? 2 : 1;
}
