/**
 * Memory and start-up of the rivals, by the bench's own measures.
 *
 * @module
 */
import type { Context } from "../../bench/measure.ts";
import {
  measureClient,
  measureConnection,
} from "../../bench/measures/memory.ts";
import { measureListening } from "../../bench/measures/start_up.ts";
import { projectFolder } from "../../bench/processes.ts";
import { isInstalled } from "../../bench/subjects.ts";
import { asyncio, java, javaSource, node, withArgs } from "../subjects.ts";

const rivals = [node, asyncio, java];

/**
 * Takes the samples of all rivals at the same time, each rival on one core. Their
 * memory does not depend on their speed. After a failure the others go on.
 */
export async function measureRivalMemory(context: Context): Promise<void> {
  const cores = [...context.cores.servers, ...context.cores.load];
  const installed = rivals.filter((rival) => isInstalled(context, rival));
  const outcomes = await Promise.allSettled(
    installed.flatMap((rival, index) => {
      const turn = index % Math.max(1, cores.length);
      const own = cores.slice(turn, turn + 1);
      return [
        measureClient(context, rival, own),
        measureConnection(context, rival, own),
      ];
    }),
  );
  const failure = outcomes.find(({ status }) => status === "rejected");
  if (failure?.status === "rejected") throw failure.reason;
}

/**
 * Takes the samples of all rivals, and of Java without its compiler: in
 * `listening, compiled before`.
 */
export async function measureRivalStarts(context: Context): Promise<void> {
  for (const rival of rivals) {
    if (!isInstalled(context, rival)) continue;
    await measureListening(context, rival);
    if (rival === java) await measureCompiled(context);
  }
}

async function measureCompiled(context: Context): Promise<void> {
  const { folder } = context;
  const compiler = "jdk.compiler/com.sun.tools.javac.Main";
  const { success } = await new Deno.Command("java", {
    args: ["-m", compiler, "-d", folder, javaSource],
    cwd: projectFolder,
  }).output();
  if (!success) throw new Error(`cannot compile ${javaSource}`);
  const compiled = withArgs(
    java,
    ([_source, ...args]) => ["-cp", folder, "HerdServer", ...args],
  );
  await measureListening(context, compiled, "listening, compiled before");
}
