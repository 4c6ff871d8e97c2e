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
  type Update,
} from "../mod.ts";

/** In characters. Lists of waypoints are much longer than locations. */
const maxBodyLength = 1024 * 1024;

/** Who a phone is: by its headers or its URL, or else by its message. */
function nameOf(request: Request, topic: unknown, tid: unknown): string {
  const { searchParams } = new URL(request.url);
  let parts = ["u", "d"].map((key) =>
    request.headers.get(`x-limit-${key}`) ?? searchParams.get(key) ?? ""
  );
  const isNamed = () => parts.some((part) => part !== "");
  if (!isNamed() && typeof topic === "string") {
    parts = topic.split("/").slice(1, 3);
  }
  if (!isNamed() && typeof tid === "string") parts = [tid];
  // The herd wants one word, and no two phones may have the same.
  return parts.map((part) => part.replace(/[\s%/]/g, encodeURIComponent))
    .filter((part) => part !== "").join("/");
}

/** The report in a message; undefined if it is about something else. */
function updateOf(request: Request, text: string): Update | undefined {
  // That is how the app says that a friend was deleted.
  if (text === "") return undefined;
  const { _type, lat, lon, topic, tid, tst } = JSON.parse(text) ?? {};
  if (typeof _type !== "string") throw new RangeError("_type: expected text");
  if (_type !== "location") return undefined;
  const position = { latitude: lat, longitude: lon };
  return { client: nameOf(request, topic, tid), position, time: tst };
}

async function answer(
  request: Request,
  herd: RoamingClient,
): Promise<Response> {
  if (request.method !== "POST") return new Response("POST\n", { status: 405 });
  try {
    let text = "";
    const stream = request.body?.pipeThrough(new TextDecoderStream());
    for await (const piece of stream ?? []) {
      text += piece;
      if (text.length > maxBodyLength) throw new RangeError("a body so long");
    }
    const update = updateOf(request, text);
    if (update !== undefined) await herd.iamat(update);
    // What the app should know in return: nothing.
    return Response.json([]);
  } catch (error) {
    const isPhones = error instanceof RangeError ||
      error instanceof SyntaxError || error instanceof InvalidCommandError;
    if (!isPhones) console.error(`owntracks: ${error}`);
    return new Response(`${error}\n`, { status: isPhones ? 400 : 503 });
  }
}

try {
  const [own, ...addresses] = Deno.args.map(parseAddress);
  const servers = addresses.map((address) => ({
    ...address,
    timeoutMs: 5_000,
  }));
  const herd = new RoamingClient(servers);
  const onListen = ({ hostname, port }: Deno.NetAddr) =>
    console.log(`phones can report to http://${hostname}:${port}/`);
  Deno.serve({ ...own, onListen }, (request) => answer(request, herd));
} catch (error) {
  console.error(`owntracks: ${error instanceof Error ? error.message : error}`);
  Deno.exitCode = error instanceof RangeError ? 2 : 1;
}
