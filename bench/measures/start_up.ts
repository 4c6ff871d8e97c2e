/**
 * How long a server takes from the start of its program until it is ready. It
 * may use all cores. Deno has compiled the modules before, as after the first
 * run on any machine.
 *
 * - listening and linked: linked with both neighbours, while the other four
 *   servers of the herd run.
 * - listening: a server alone.
 *
 * @module
 */
import type { Context, Measure } from "../measure.ts";
import { freeBasePort, Process } from "../processes.ts";
import { median } from "../results.ts";
import { serverCommand, serverNames, startHerd } from "../servers.ts";
import { herd, startSubject, type Subject } from "../subjects.ts";

const starter = "Campbell";
const neighbours = ["Singleton", "Smith"];

/** Starts in a round. The sample is their median. */
const starts = 3;

/** The median time to start a process, in milliseconds. */
async function medianMs(start: () => Promise<Process>): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < starts; count++) {
    const startMs = performance.now();
    await using _process = await start();
    times.push(performance.now() - startMs);
  }
  return median(times);
}

/** @throws {Error} If the server is ready without its neighbours. */
async function startLinked(folder: string, basePort: number): Promise<Process> {
  await using cleanup = new AsyncDisposableStack();
  const command = serverCommand(starter, basePort, folder);
  const server = cleanup.use(new Process({ ...command, cores: [] }));
  const [, linked] = await server.untilPrinted(
    / is ready: .* linked with (.*), log in /,
  );
  const absent = neighbours.find((name) => !linked.split(", ").includes(name));
  if (absent !== undefined) {
    throw new Error(`${starter} was ready without ${absent}`);
  }
  cleanup.move();
  return server;
}

async function measureLinked({ add, cores, folder }: Context): Promise<void> {
  const others = serverNames.filter((name) => name !== starter);
  await using running = await startHerd(cores, folder, others);
  const start = () => startLinked(folder, running.basePort);
  // The first start does not count.
  await (await start())[Symbol.asyncDispose]();
  const milliseconds = await medianMs(start);
  add("herd", "listening and linked", { milliseconds });
}

/** Takes a sample of how soon a subject listens. */
export async function measureListening(
  { add, folder }: Context,
  subject: Subject,
  point = "listening",
): Promise<void> {
  const place = { port: freeBasePort(), folder, connections: 0 };
  const milliseconds = await medianMs(() => startSubject(subject, place, []));
  add(subject.id, point, { milliseconds });
}

/** A server that is linked with others, and one that is alone. */
export const startUp: Measure = {
  name: "start-up",
  async run(context) {
    await measureLinked(context);
    await measureListening(context, herd);
  },
};
