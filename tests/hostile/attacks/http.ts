/**
 * Attacks over HTTP: by pages, and by a places service.
 *
 * @module
 */
import { encodeBytes } from "../../../protocol/bytes.ts";
import { FakeHttpServer, respond } from "../../fakes/http_server.ts";
import { newTraffic, pause, sayUnderWay, type Traffic, Wire } from "./wire.ts";

/** How long a page is open, in milliseconds. */
const openMs = 2_000;

/** Opens pages again and again, and reads the events that each is sent. */
export async function readPages(
  { pages, port, seconds }: {
    /** The administration port. */
    readonly port: number;
    /** How many are open at once. */
    readonly pages: number;
    readonly seconds: number;
  },
): Promise<Traffic> {
  const traffic = newTraffic();
  const endMs = performance.now() + seconds * 1000;
  sayUnderWay();
  const request = encodeBytes(
    `GET /events HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`,
  );
  await Promise.all(Array.from({ length: pages }, async () => {
    while (performance.now() < endMs) {
      const page = await Wire.open(port, traffic);
      await page.send(request);
      page.readAll();
      await pause(openMs);
      page.close();
    }
  }));
  return traffic;
}

/** An item of a body of places; it is long to parse for its bytes. */
const item = '{"name":"\\u0041","types":["a","b"],"n":[1,2,3]},\n';

/** A body of places that has about `bytes` bytes. */
export function bodyOf(bytes: number): string {
  const items = item.repeat(Math.floor(bytes / item.length) - 1);
  return `{"status":"OK","results":[${items}{}]}`;
}

/** Queries that wait at once. */
const queriesAtOnce = 8;

/** Is a places service with long bodies, and a client that queries for them. */
export async function serveBodies(
  { bodyBytes, placesPort, port, seconds }: {
    readonly port: number;
    readonly placesPort: number;
    readonly bodyBytes: number;
    readonly seconds: number;
  },
): Promise<Traffic & { readonly bodies: number }> {
  const body = bodyOf(bodyBytes);
  const places = new FakeHttpServer(() => respond(body), placesPort);
  const wire = await Wire.open(port);
  await wire.send(encodeBytes(`IAMAT a +1+1 ${Date.now() / 1000}\n`));
  await wire.readLine();
  wire.readAll();
  sayUnderWay();
  const endMs = performance.now() + seconds * 1000;
  let asked = 0;
  while (performance.now() < endMs) {
    // Each has a radius of its own, so that no answer is used twice.
    if (asked < places.requests.length + queriesAtOnce) {
      asked += 1;
      const line = `WHATSAT a 1.${String(asked).padStart(7, "0")} 20\n`;
      if (!await wire.send(encodeBytes(line))) break;
    } else {
      await pause(1);
    }
  }
  const bodies = places.requests.length;
  return { ...wire.traffic, bodies };
}
