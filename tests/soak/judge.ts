/**
 * Checks one server at the end of a soak.
 *
 * @module
 */
import { judgeMemory } from "./machine.ts";
import type { World } from "./world.ts";

/** Descriptors that a server may have more at the end than at the beginning. */
const descriptorsAllowed = 2;

/** Most memory samples in a failure's message. */
const maxMemoryPoints = 30;

/** The results of one server. */
export interface ServerVerdict {
  readonly name: string;
  readonly incarnations: number;
  readonly descriptorsBefore: number;
  readonly descriptorsMost: number;
  readonly descriptorsAfter: number;
  /** Highest resident memory of any incarnation, in bytes. */
  readonly memoryMostBytes: number;
  /** The verdict about memory, as text. */
  readonly memory: string;
}

/**
 * Checks all incarnations of a server.
 *
 * @param descriptorsBefore At rest, at the beginning.
 * @param descriptorsAfter At rest, at the end.
 */
export function judgeServer(
  world: World,
  name: string,
  descriptorsBefore: number,
  descriptorsAfter: number,
): ServerVerdict {
  const incarnations = world.servers.incarnations
    .filter(({ server }) => server === name);
  for (const { program } of incarnations) {
    if (program.stderr === "") continue;
    world.fail(`${name} wrote to stderr: ${program.stderr}`);
  }
  if (descriptorsAfter > descriptorsBefore + descriptorsAllowed) {
    world.fail(
      `${name} has ${descriptorsAfter} descriptors at rest, and had ` +
        `${descriptorsBefore} at the beginning`,
    );
  }
  const verdicts = incarnations.map(({ samples }) => {
    const verdict = judgeMemory(samples);
    if (verdict.state === "grown") {
      const every = Math.ceil(samples.length / maxMemoryPoints);
      const points = samples.filter((_, index) => index % every === 0)
        .map(({ memoryBytes }) => megabytes(memoryBytes));
      world.fail(`${name}'s memory grew: ${points.join(", ")}`);
    }
    return verdict;
  });
  const judged = verdicts.filter((verdict) => verdict.state !== "not judged");
  const longest = judged.toSorted((a, b) => b.durationMs - a.durationMs)[0];
  const samples = incarnations.flatMap(({ samples }) => samples);
  return {
    name,
    incarnations: incarnations.length,
    descriptorsBefore,
    descriptorsMost: Math.max(...samples.map((sample) => sample.descriptors)),
    descriptorsAfter,
    memoryMostBytes: Math.max(...samples.map((sample) => sample.memoryBytes)),
    memory: longest === undefined
      ? "not judged: no incarnation was long enough"
      : `${longest.state}: ${megabytes(longest.beforeBytes)}, then ` +
        megabytes(longest.afterBytes),
  };
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
