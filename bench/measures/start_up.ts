/**
 * How long a server takes to come up, from running its program until it says that
 * it is ready. The one that starts may use all cores: nobody else has much to do.
 *
 * - listening and linked: a server of the herd, linked with both of its
 *   neighbours, while the other four are running.
 * - listening: a server alone, of the herd and of each rival. Java compiles its
 *   rival from the source each time; in `listening, compiled before` it does not.
 *
 * Deno has compiled the herd's modules before and kept the result, as it does
 * after the first run on any machine.
 *
 * @module
 */
import type { Context, Measure } from "../context.ts";
import { freeBasePort, Process, projectFolder } from "../processes.ts";
import { median } from "../results.ts";
import { serverCommand, serverNames, startHerd } from "../servers.ts";
import {
  isInstalled,
  startSubject,
  subjectNamed,
  type Wrap,
} from "../start_subject.ts";
import type { Subject } from "../subjects.ts";

const starter = "Campbell";
const neighbours = ["Singleton", "Smith"];

/** Starts in a round; what counts is their median. */
const starts = 3;

async function startOnce(
  { folder }: Context,
  basePort: number,
): Promise<number> {
  const startMs = performance.now();
  await using server = new Process({
    ...serverCommand(starter, basePort, folder),
    cores: [],
  });
  const [, linked] = await server.untilPrinted(
    / is ready: .* linked with (.*), log in /,
  );
  const tookMs = performance.now() - startMs;
  const absent = neighbours.find((name) => !linked.split(", ").includes(name));
  if (absent !== undefined) {
    throw new Error(`${starter} was ready without ${absent}`);
  }
  return tookMs;
}

/** The median of some starts, in milliseconds. */
async function medianOf(startOnce: () => Promise<number>): Promise<number> {
  const milliseconds: number[] = [];
  for (let start = 0; start < starts; start++) {
    milliseconds.push(await startOnce());
  }
  return median(milliseconds);
}

async function measureLinked(context: Context): Promise<void> {
  const { add, cores, folder } = context;
  const others = serverNames.filter((name) => name !== starter);
  await using herd = await startHerd(cores, folder, others);
  const { basePort } = herd;
  await startOnce(context, basePort);
  const milliseconds = await medianOf(() => startOnce(context, basePort));
  add("herd", "listening and linked", { milliseconds });
}

async function measureAlone(
  { add, folder }: Context,
  subject: Subject,
  point: string,
  wrap?: Wrap,
): Promise<void> {
  const port = freeBasePort();
  const milliseconds = await medianOf(async () => {
    const startMs = performance.now();
    const place = { port, folder, connections: 0 };
    await using _server = await startSubject(subject, place, [], wrap);
    return performance.now() - startMs;
  });
  add(subject.id, point, { milliseconds });
}

/** Java's rival again, out of class files. */
async function measureCompiled(context: Context): Promise<void> {
  const { folder } = context;
  const compiler = "jdk.compiler/com.sun.tools.javac.Main";
  const { success } = await new Deno.Command("java", {
    args: ["-m", compiler, "-d", folder, "research/rivals/HerdServer.java"],
    cwd: projectFolder,
  }).output();
  if (!success) throw new Error("java does not compile HerdServer.java");
  const fromClasses: Wrap = ({ args: [_source, ...args], ...command }) => ({
    ...command,
    args: ["-cp", folder, "HerdServer", ...args],
  });
  const point = "listening, compiled before";
  await measureAlone(context, subjectNamed("java"), point, fromClasses);
}

/** Until a server is listening: linked with others, and alone. */
export const startUp: Measure = {
  name: "start-up",
  title: "how long a server takes to come up",
  async run(context) {
    await measureLinked(context);
    for (const name of ["herd", "node", "asyncio", "java"]) {
      const subject = subjectNamed(name);
      if (!isInstalled(context, subject)) continue;
      await measureAlone(context, subject, "listening");
      if (name === "java") await measureCompiled(context);
    }
  },
};
