/**
 * The programs whose updates are measured, and how each is started.
 *
 * @module
 */
import type { Language } from "./load/requests.ts";
import type { Context } from "./measure.ts";
import { type Command, Process } from "./processes.ts";
import { redis, type Requirement, versionOf } from "./programs.ts";
import { serverCommand } from "./servers.ts";

/** Where a subject runs. */
export interface Place {
  readonly port: number;
  /** A folder for its files. */
  readonly folder: string;
  /** How many connections the load will have. */
  readonly connections: number;
}

/** A program that is measured. */
export interface Subject {
  /** As in the samples. */
  readonly id: string;
  /** The requests that it understands. */
  readonly language: Language;
  /** What must be installed. */
  readonly needs?: Requirement;
  readonly command: (place: Place) => Omit<Command, "cores">;
  /** What it prints when it listens. */
  readonly ready: RegExp;
  /** It serves one load and exits, so it is started for each load. */
  readonly servesOnce?: true;
  /** The name of a log in its folder that grows without limit. */
  readonly log?: string;
}

/** The herd: one server without neighbours. */
export const herd: Subject = {
  id: "herd",
  language: "iamat",
  command: ({ folder, port }) => serverCommand("Hill", port, folder),
  ready: / is ready: /,
};

/** Redis without snapshots. */
const redisSubject = (
  language: Language,
  appendOnly: "yes" | "no",
): Subject => ({
  id: "redis",
  language,
  needs: redis,
  command: ({ folder, port }) => ({
    program: "redis-server",
    args: [
      ...["--port", `${port}`, "--bind", "127.0.0.1", "--save", ""],
      ...["--appendonly", appendOnly, "--dir", folder],
    ],
  }),
  ready: /Ready to accept connections/,
});

/** Redis that keeps positions, and writes every change to a file. */
export const redisGeo = redisSubject("geoadd", "yes");

/** Redis that keeps AT lines in memory only. */
export const redisStrings = redisSubject("set", "no");

const denoCommand = (...args: readonly string[]) => ({
  program: Deno.execPath(),
  args: ["run", ...args],
});

/** Sends back what it receives: the ceiling of a server on this runtime. */
export const echo: Subject = {
  id: "echo",
  language: "echo",
  command: ({ port }) =>
    denoCommand("--allow-net=127.0.0.1", "bench/load/echo.ts", `${port}`),
  ready: /^ready$/m,
};

/** The same by bare system calls: the ceiling of the load generator. */
export const generator: Subject = {
  id: "generator",
  language: "echo",
  command: ({ connections, port }) =>
    denoCommand(
      ...["--allow-ffi", "bench/load/plain_echo.ts"],
      ...[`${port}`, `${connections}`],
    ),
  ready: /^ready$/m,
  servesOnce: true,
};

/** Starts a subject on these cores. Resolves when it listens. */
export function startSubject(
  { command, ready }: Subject,
  place: Place,
  cores: readonly number[],
): Promise<Process> {
  return Process.start({ ...command(place), cores }, ready);
}

/** Whether a subject is installed. If not, records it as missing. */
export function isInstalled(
  { missing }: Context,
  { id, needs }: Pick<Subject, "id" | "needs">,
): boolean {
  if (needs === undefined || versionOf(needs) !== undefined) return true;
  missing(id, needs.install);
  return false;
}
