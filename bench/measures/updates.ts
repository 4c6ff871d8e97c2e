/**
 * How many updates one server accepts, how long replies take, and what CPU time
 * an update costs.
 *
 * Each server runs alone on one core, with its log and without neighbours. The
 * load generator has another core. At each point of load the servers are
 * measured one after another, so that a ratio compares samples that were taken
 * within seconds. The other servers are idle meanwhile.
 *
 * @module
 */
import { runLoad } from "../loads.ts";
import type { Context, Measure } from "../measure.ts";
import { freeBasePort, type Process } from "../processes.ts";
import { isInstalled, startSubject, type Subject } from "../subjects.ts";

/** A point of load. */
interface Point {
  readonly connections: number;
  /** Requests in flight on each connection. */
  readonly depth: number;
}

const points: readonly Point[] = [
  { connections: 1, depth: 1 },
  { connections: 50, depth: 1 },
  { connections: 50, depth: 16 },
  { connections: 4, depth: 256 },
];

/** The load under which a new server compiles its code. */
const firstPoint: Point = { connections: 50, depth: 16 };

/** Its longest duration, in seconds. */
const firstLoadSeconds = 1;

/** The longest warm-up of each measurement, in seconds. */
const maxWarmUpSeconds = 0.5;

/** A subject, and its process if it serves many loads. */
class Runner implements AsyncDisposable {
  readonly subject: Subject;
  readonly #context: Context;
  readonly #folder: string;
  readonly #port = freeBasePort();
  #process: Process | undefined;

  constructor(subject: Subject, context: Context) {
    this.subject = subject;
    this.#context = context;
    this.#folder = `${context.folder}/${subject.id}`;
    Deno.mkdirSync(this.#folder);
  }

  /** Starts a subject that serves many loads, and warms it up. */
  async start(): Promise<void> {
    if (this.subject.servesOnce) return;
    this.#process = await this.#startProcess(firstPoint);
    const seconds = Math.min(firstLoadSeconds, this.#context.secondsAPoint);
    await this.#load(this.#process, firstPoint, seconds / 2, seconds / 2);
  }

  /** Takes a sample. */
  async measure(point: Point): Promise<void> {
    const { add, secondsAPoint } = this.#context;
    await using once = this.subject.servesOnce
      ? await this.#startProcess(point)
      : undefined;
    const outcome = await this.#load(
      once ?? this.#process!,
      point,
      Math.min(maxWarmUpSeconds, secondsAPoint),
      secondsAPoint,
    );
    add(this.subject.id, `${point.connections}x${point.depth}`, {
      updatesPerSecond: outcome.answersPerSecond,
      p50Us: outcome.p50Us,
      p99Us: outcome.p99Us,
      p999Us: outcome.p999Us,
      serverCpuUs: outcome.serverCpuUs,
      loadCpuShare: outcome.busyShare,
    });
    const { log } = this.subject;
    // It would soon fill the disk.
    if (log !== undefined) Deno.truncateSync(`${this.#folder}/${log}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
  }

  #startProcess({ connections }: Point): Promise<Process> {
    return startSubject(
      this.subject,
      { port: this.#port, folder: this.#folder, connections },
      this.#context.cores.servers.slice(0, 1),
    );
  }

  #load(
    process: Process,
    point: Point,
    warmUpSeconds: number,
    seconds: number,
  ) {
    const { language } = this.subject;
    const ports = [this.#port];
    const load = { ...point, language, warmUpSeconds, seconds, ports };
    return runLoad(this.#context.cores, load, [process]);
  }
}

/** The measure of these subjects. One that fails is left out of the round. */
export const updatesOf = (subjects: readonly Subject[]): Measure => ({
  name: "updates",
  async run(context) {
    await using cleanup = new AsyncDisposableStack();
    const runners = new Set<Runner>();
    const attempt = async (runner: Runner, act: () => Promise<void>) => {
      try {
        await act();
      } catch (error) {
        runners.delete(runner);
        const reason = error instanceof Error ? error.message : String(error);
        context.missing(runner.subject.id, `failed: ${reason}`);
      }
    };
    for (const subject of subjects) {
      if (!isInstalled(context, subject)) continue;
      const runner = cleanup.use(new Runner(subject, context));
      runners.add(runner);
      await attempt(runner, () => runner.start());
    }
    for (const point of points) {
      for (const runner of [...runners]) {
        await attempt(runner, () => runner.measure(point));
      }
    }
  },
});
