/**
 * How many updates one server takes, how long each takes, and what it costs.
 *
 * Each server runs alone on one core, with its log on and no neighbours, and the
 * load generator on another. At every point of load all servers are measured one
 * right after the other, so that a ratio compares what was measured within
 * seconds. Those that are not being measured stay idle.
 *
 * @module
 */
import type { Context, Measure } from "../context.ts";
import { runLoad } from "../loads.ts";
import { freeBasePort, type Process } from "../processes.ts";
import { isInstalled, startSubject } from "../start_subject.ts";
import type { Subject } from "../subjects.ts";

/** A point of load. */
interface Point {
  readonly connections: number;
  /** Requests on their way at any time, on each connection. */
  readonly depth: number;
}

const points: readonly Point[] = [
  { connections: 1, depth: 1 },
  { connections: 50, depth: 1 },
  { connections: 50, depth: 16 },
  { connections: 4, depth: 256 },
];

/** After its start a server has so long to compile what is hot, in seconds. */
const firstWarmUpSeconds = 1;

/** The load that it does that under. */
const firstPoint: Point = { connections: 50, depth: 16 };

/** Before each measurement it has so long to get used to the load. */
const warmUpSeconds = 0.5;

/** A subject that runs, or one that is started for each load. */
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

  /** Starts it, unless it is to be started for each load, and warms it up. */
  async start(): Promise<void> {
    if (this.subject.servesOnce) return;
    this.#process = await this.#start(firstPoint);
    const seconds = Math.min(firstWarmUpSeconds, this.#context.secondsAPoint);
    await this.#load(this.#process, firstPoint, seconds / 2, seconds / 2);
  }

  /** Measures it at a point. */
  async measure(point: Point): Promise<void> {
    const { add, secondsAPoint } = this.#context;
    await using once = this.subject.servesOnce
      ? await this.#start(point)
      : undefined;
    const outcome = await this.#load(
      once ?? this.#process!,
      point,
      Math.min(warmUpSeconds, secondsAPoint),
      secondsAPoint,
    );
    const { answersPerSecond, busyShare, serverCpuUs } = outcome;
    const { p50Us, p99Us, p999Us } = outcome;
    add(this.subject.id, `${point.connections}x${point.depth}`, {
      updatesPerSecond: answersPerSecond,
      p50Us,
      p99Us,
      p999Us,
      serverCpuUs,
      loadCpuShare: busyShare,
    });
    this.#cutLog();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
  }

  #start({ connections }: Point): Promise<Process> {
    return startSubject(
      this.subject,
      { port: this.#port, folder: this.#folder, connections },
      this.#context.cores.servers.slice(0, 1),
    );
  }

  #load(
    process: Process,
    { connections, depth }: Point,
    warmUpSeconds: number,
    seconds: number,
  ) {
    const { language } = this.subject;
    return runLoad(this.#context.cores, {
      language,
      connections,
      depth,
      warmUpSeconds,
      seconds,
      ports: [this.#port],
    }, [process]);
  }

  /** A rival's log is of no use, and would soon fill the disk. */
  #cutLog(): void {
    const { log } = this.subject;
    if (log !== undefined) Deno.truncateSync(`${this.#folder}/${log}`);
  }
}

/** The measure, of some subjects. */
export function updatesOf(subjects: readonly Subject[]): Measure {
  return {
    name: "updates",
    title: "what one server makes of updates",
    async run(context) {
      await using cleanup = new AsyncDisposableStack();
      const runners = new Set<Runner>();
      /** Does something with one; who fails is left out of the round. */
      const attempt = async (runner: Runner, act: () => Promise<void>) => {
        try {
          await act();
        } catch (error) {
          runners.delete(runner);
          context.missing(runner.subject.id, `failed: ${messageOf(error)}`);
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
  };
}

const messageOf = (error: unknown) =>
  error instanceof Error ? error.message : String(error);
