/**
 * How long an update takes from one server to another.
 *
 * The time is that from just before a client writes an update to Hill until an
 * observer has read it that another server tells of it, unasked: Smith, one hop
 * away, or Campbell, two hops away by Smith. The client and both observers are
 * one process with one clock. So two hops are four writes and four reads: client
 * to Hill, Hill to Smith, Smith to Campbell, Campbell to observer.
 *
 * Of a herd an observer is one more neighbour, which has no other link: it is
 * told as neighbours are, by an AT line, and after them: its link stands last in
 * the herd file. Of NATS it is a subscriber. The servers of NATS are leaf nodes
 * in the shape of the herd (see `nats.ts`), as a cluster has no two hops. Report,
 * sockets and clock are the same for both.
 *
 * Under load, another process tells all five servers of 20,000 updates a second
 * together, on one connection each, in batches of a millisecond. Load and probes
 * go to all five servers: in a herd by themselves, with NATS because they have
 * subscribers everywhere. But the observers of NATS are told of the probes only,
 * those of a herd of the load as well: a herd has no subjects. Where the servers
 * cannot take the whole load, `backgroundPerSecond` tells what they took, and
 * probes wait behind what was sent before; 1,000,000 us stands for all that is
 * longer.
 *
 * The quiet comes first. A herd that had more to do than it could may have
 * learned other ways meanwhile, and goes on with them: after that, Campbell may
 * hear of Hill by Jaquez and Singleton, which is three hops. Servers that have
 * had a load do not answer faster in the quiet behind it; that was tried.
 *
 * @module
 */
import type { Context, Measure } from "../context.ts";
import { Process } from "../processes.ts";
import { type Running, startHerd } from "../propagation/herd.ts";
import type { Subject } from "../propagation/language.ts";
import { isNatsInstalled, startNats } from "../../research/nats/servers.ts";
import type { PacerReport } from "../propagation/pacer.ts";
import type { Propagation } from "../propagation/prober.ts";

/** The load, in updates a second. */
const loadPerSecond = 20_000;

/** Programs start, and servers warm up, for so long under load, in seconds. */
const loadWarmUpSeconds = 3;

/** The prober starts, and the servers warm up to it, for so long, in seconds. */
const idleWarmUpSeconds = 2;

/** The time in which probes and load count, in milliseconds since 1970. */
interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

function spanAfter(warmUpSeconds: number, seconds: number): Span {
  const fromMs = Date.now() + warmUpSeconds * 1000;
  return { fromMs, untilMs: fromMs + seconds * 1000 };
}

/** A program that prints what it saw. */
function start(
  { cores }: Context,
  program: string,
  subject: Subject,
  numbers: readonly number[],
): Process {
  return new Process({
    program: Deno.execPath(),
    args: [
      "run",
      "--allow-ffi",
      `bench/propagation/${program}`,
      subject,
      ...numbers.map(String),
    ],
    cores: cores.load,
  });
}

async function probe(
  context: Context,
  subject: Subject,
  { basePort }: Running,
  { fromMs, untilMs }: Span,
): Promise<Propagation[]> {
  await using prober = start(
    context,
    "prober.ts",
    subject,
    [basePort, fromMs, untilMs],
  );
  return JSON.parse((await prober.untilPrinted(/^\[.*\]$/m))[0]);
}

async function pace(
  context: Context,
  subject: Subject,
  { basePort }: Running,
  { fromMs, untilMs }: Span,
): Promise<PacerReport> {
  await using pacer = start(
    context,
    "pacer.ts",
    subject,
    [basePort, loadPerSecond, fromMs, untilMs],
  );
  return JSON.parse((await pacer.untilPrinted(/^\{.*\}$/m))[0]);
}

async function measure(
  context: Context,
  subject: Subject,
  servers: Running,
): Promise<void> {
  const { add, secondsAPoint } = context;
  const idle = spanAfter(idleWarmUpSeconds, secondsAPoint);
  for (
    const { hops, ...values } of await probe(context, subject, servers, idle)
  ) add(subject, `${hops}, idle`, values);
  const loaded = spanAfter(loadWarmUpSeconds, secondsAPoint);
  const [{ perSecond }, underLoad] = await Promise.all([
    pace(context, subject, servers, loaded),
    probe(context, subject, servers, loaded),
  ]);
  for (const { hops, ...values } of underLoad) {
    add(subject, `${hops}, ${loadPerSecond}/s`, {
      ...values,
      backgroundPerSecond: perSecond,
    });
  }
}

/** One hop and two, idle and under load. */
export const propagation: Measure = {
  name: "propagation",
  title: "how long an update takes from one server to another",
  async run(context) {
    {
      await using herd = await startHerd(context);
      await measure(context, "herd", herd);
    }
    if (!isNatsInstalled()) {
      return context.missing("nats", "apt-get install nats-server");
    }
    await using nats = await startNats(context);
    await measure(context, "nats", nats);
  },
};
