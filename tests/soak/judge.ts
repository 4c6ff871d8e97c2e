/**
 * What is to be said of one server when a soak is over.
 *
 * @module
 */
import { judgeMemory } from "./machine.ts";
import type { World } from "./world.ts";

/** So many descriptors more than in the beginning are no leak. */
const descriptorsAllowed = 2;

/** The way of a process's memory is told in so many numbers. */
const memoryPointsTold = 30;

/** What became of one server. */
export interface ServerVerdict {
  readonly name: string;
  readonly lives: number;
  readonly descriptorsBefore: number;
  readonly descriptorsMost: number;
  readonly descriptorsAfter: number;
  /** The most that it took in any life, in bytes. */
  readonly memoryMostBytes: number;
  /** In words. */
  readonly memory: string;
}

/**
 * Looks at all lives of a server.
 *
 * @param descriptorsBefore At rest, in the beginning.
 * @param descriptorsAfter At rest, in the end.
 */
export function judgeServer(
  world: World,
  name: string,
  descriptorsBefore: number,
  descriptorsAfter: number,
): ServerVerdict {
  const lives = world.servers.incarnations.filter(({ server }) =>
    server === name
  );
  for (const { program } of lives) {
    if (program.stderr === "") continue;
    world.fail(`${name} wrote to stderr: ${program.stderr}`);
  }
  if (descriptorsAfter > descriptorsBefore + descriptorsAllowed) {
    world.fail(
      `${name} has ${descriptorsAfter} descriptors at rest, and had ` +
        `${descriptorsBefore} in the beginning`,
    );
  }
  const verdicts = lives.map(({ samples }) => {
    const verdict = judgeMemory(samples);
    if (verdict.state === "grown") {
      const every = Math.ceil(samples.length / memoryPointsTold);
      const points = samples.filter((_, index) => index % every === 0)
        .map(({ memoryBytes }) => megabytes(memoryBytes));
      world.fail(`${name}'s memory grew: ${points.join(", ")}`);
    }
    return verdict;
  });
  const judged = verdicts.filter((verdict) => verdict.state !== "not judged");
  const longest = judged.toSorted((a, b) => b.livedMs - a.livedMs)[0];
  const samples = lives.flatMap(({ samples }) => samples);
  return {
    name,
    lives: lives.length,
    descriptorsBefore,
    descriptorsMost: Math.max(...samples.map((sample) => sample.descriptors)),
    descriptorsAfter,
    memoryMostBytes: Math.max(...samples.map((sample) => sample.memoryBytes)),
    memory: longest === undefined
      ? "not judged: no life was long enough"
      : `${longest.state}: ${megabytes(longest.beforeBytes)}, then ` +
        megabytes(longest.afterBytes),
  };
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
