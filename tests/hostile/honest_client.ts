/**
 * A client that does nothing wrong. It reports again and again, in a process of
 * its own, and remembers how long each answer took: on the clock, and in CPU
 * time of the server's main thread. The latter does not depend on what else the
 * machine is busy with.
 *
 * @module
 */
import { allocateBuffer, encodeBytes } from "../../protocol/bytes.ts";
import { connect, Program } from "../end_to_end/process.ts";
import type { HostileHerd, HostileServer } from "./hostile_herd.ts";

/** What a client has found. */
export interface HonestResult {
  readonly answers: number;
  readonly medianMs: number;
  readonly worstMs: number;
  /** The most CPU time that a server spent before it answered. */
  readonly worstCpuMs: number;
  /** Why it ended before it was stopped. */
  readonly failure: string | undefined;
}

/** One client, that reports all the time until it is stopped. */
export class HonestClient {
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  /** Connects, and reports at once and then so often. */
  static async start(
    herd: HostileHerd,
    server: HostileServer,
    everyMs = 50,
  ): Promise<HonestClient> {
    const program = Program.start([
      "run",
      "--frozen",
      "--no-check",
      "--config=tests/deno.json",
      // Looking into /proc needs them all.
      "--allow-all",
      "tests/hostile/honest_client.ts",
      String(server.port),
      String(server.program.pid),
      String(everyMs),
    ]);
    herd.track(program);
    await program.untilPrinted("under way\n");
    return new HonestClient(program);
  }

  /** Ends; the answer that is still due counts with the time that it takes. */
  async stop(): Promise<HonestResult> {
    try {
      this.#program.signal("SIGTERM");
    } catch {
      // It has ended by itself, and says why.
    }
    const status = await this.#program.ended();
    if (status !== 0) throw new Error(this.#program.stderr);
    return JSON.parse(this.#program.stdout.split("\n").at(-2)!);
  }
}

/** An answer that takes longer is given up, in milliseconds. */
const patienceMs = 30_000;

/** CPU time of a process's main thread, in milliseconds; 0 if it is unknown. */
function cpuMsOf(pid: string): number {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/schedstat`);
    return Number(text.split(" ")[0]) / 1e6;
  } catch {
    return 0;
  }
}

async function run(
  port: number,
  pid: string,
  everyMs: number,
): Promise<HonestResult> {
  const durationsMs: number[] = [];
  let worstCpuMs = 0;
  let failure: string | undefined;
  let isStopping = false;
  Deno.addSignalListener("SIGTERM", () => isStopping = true);
  const buffer = allocateBuffer(4_096);
  const connection = await connect(port);
  while (!isStopping && failure === undefined) {
    const [startMs, startCpuMs] = [performance.now(), cpuMsOf(pid)];
    const late = setTimeout(() => connection.close(), patienceMs);
    try {
      const time = (Date.now() / 1000).toFixed(3);
      await connection.write(
        encodeBytes(`IAMAT honest +34.068930-118.445127 ${time}\n`),
      );
      let count;
      do count = await connection.read(buffer); while (
        count !== null && buffer[count - 1] !== 0x0a
      );
      if (count === null) failure = "the server closed the connection";
    } catch (error) {
      failure = String(error);
    }
    clearTimeout(late);
    const tookMs = performance.now() - startMs;
    durationsMs.push(tookMs);
    worstCpuMs = Math.max(worstCpuMs, cpuMsOf(pid) - startCpuMs);
    if (durationsMs.length === 1) console.log("under way");
    await new Promise((resolve) =>
      setTimeout(resolve, Math.max(0, everyMs - tookMs))
    );
  }
  durationsMs.sort((one, other) => one - other);
  return {
    answers: durationsMs.length - (failure === undefined ? 0 : 1),
    medianMs: Math.round(durationsMs[durationsMs.length >> 1]),
    worstMs: Math.round(durationsMs.at(-1)!),
    worstCpuMs: Math.round(worstCpuMs),
    failure,
  };
}

if (import.meta.main) {
  const [port, pid, everyMs] = Deno.args;
  const result = await run(Number(port), pid, Number(everyMs));
  console.log(JSON.stringify(result));
  Deno.exit();
}
