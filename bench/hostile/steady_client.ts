/**
 * A client that does nothing wrong: `steady_client.ts PORT SECONDS`. It sends a
 * report every 20 ms, whether or not the last one is answered, so that a server
 * that stops for a second delays fifty reports. Prints as JSON how long the
 * answers took.
 *
 * @module
 */
import { nearestRank } from "./lateness.ts";

/** How long answers took, in milliseconds. */
export interface ClientReport {
  readonly answers: number;
  /** Reports without an answer at the end. */
  readonly unanswered: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
}

const everyMs = 20;

/** The last answers may take this long, in milliseconds. */
const patienceMs = 10_000;

const lineFeed = 0x0a;

async function report(port: number, seconds: number): Promise<ClientReport> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay();
  const encoder = new TextEncoder();
  const waitingMs: number[] = [];
  const tookMs: number[] = [];
  const reading = (async () => {
    const buffer = new Uint8Array(64 * 1024);
    let count;
    while ((count = await connection.read(buffer)) !== null) {
      const nowMs = performance.now();
      for (const byte of buffer.subarray(0, count)) {
        if (byte === lineFeed) tookMs.push(nowMs - waitingMs.shift()!);
      }
    }
  })();
  console.log("measuring");
  const startMs = performance.now();
  for (let sent = 0; sent * everyMs < seconds * 1000; sent++) {
    const waitMs = startMs + sent * everyMs - performance.now();
    if (waitMs > 0) await new Promise((done) => setTimeout(done, waitMs));
    waitingMs.push(performance.now());
    const time = (Date.now() / 1000).toFixed(6);
    await connection.write(
      encoder.encode(`IAMAT steady +34.068930-118.445127 ${time}\n`),
    );
  }
  await connection.closeWrite();
  const late = setTimeout(() => connection.close(), patienceMs);
  // A missing answer counts as if it had taken until the end.
  await reading.catch(() => {});
  clearTimeout(late);
  const unanswered = waitingMs.length;
  const endMs = performance.now();
  tookMs.push(...waitingMs.map((sentMs) => endMs - sentMs));
  tookMs.sort((one, other) => one - other);
  return {
    answers: tookMs.length - unanswered,
    unanswered,
    p50Ms: nearestRank(tookMs, 0.5),
    p99Ms: nearestRank(tookMs, 0.99),
    mostMs: nearestRank(tookMs, 1),
  };
}

if (import.meta.main) {
  const [port, seconds] = Deno.args.map(Number);
  console.log(JSON.stringify(await report(port, seconds)));
  Deno.exit();
}
