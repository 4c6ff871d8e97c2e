/**
 * Who is measured with updates: how each is started, what it is asked, and what
 * it needs.
 *
 * @module
 */
import type { Language } from "./load/requests.ts";
import type { Command } from "./processes.ts";
import { python, type Requirement, requirements } from "./programs.ts";
import { serverCommand } from "./servers.ts";

/** Where a subject runs. Its port for peers is the other one plus 100. */
export interface Place {
  readonly port: number;
  /** A folder of its own, for its log. */
  readonly folder: string;
  /** How many connections the load will have. */
  readonly connections: number;
}

/** Someone who is measured. */
export interface Subject {
  /** As in the samples. */
  readonly id: string;
  readonly language: Language;
  /** What must be installed. */
  readonly needs?: Requirement;
  readonly command: (place: Place) => Omit<Command, "cores">;
  /** What it prints when it listens. */
  readonly ready: RegExp;
  /** Serves one load and ends: it is started for each load anew. */
  readonly servesOnce?: true;
  /** A log in its folder that grows without end. */
  readonly log?: string;
}

const deno = Deno.execPath();

/** Redis on one port of this machine, without snapshots. */
export function redisCommand(
  port: number,
  args: readonly string[],
): Omit<Command, "cores"> {
  return {
    program: "redis-server",
    args: ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", ...args],
  };
}

/** What Redis prints when it listens. */
export const redisReady = /Ready to accept connections/;

/** A program in `rivals/`: all take the same arguments. */
function rival(
  id: string,
  needs: Requirement,
  program: string,
  ...args: readonly string[]
): Subject {
  const log = `${id}.log`;
  return {
    id,
    language: "iamat",
    needs,
    log,
    command: ({ folder, port }) => ({
      program,
      args: [...args, "Hill", `${port}`, `${port + 100}`, `${folder}/${log}`],
    }),
    ready: /^ready$/m,
  };
}

/** All of them, in the order in which they are measured. */
export const subjects: readonly Subject[] = [
  {
    id: "herd",
    language: "iamat",
    command: ({ folder, port }) => serverCommand("Hill", port, folder),
    ready: / is ready: /,
  },
  {
    id: "echo",
    language: "echo",
    command: ({ port }) => ({
      program: deno,
      args: [
        "run",
        "--allow-net=127.0.0.1",
        "bench/load/echo.ts",
        `${port}`,
      ],
    }),
    ready: /^ready$/m,
  },
  {
    id: "redis",
    language: "geoadd",
    needs: requirements.redis,
    // Without snapshots, and with the log of all changes: as a herd's is.
    command: ({ folder, port }) =>
      redisCommand(port, ["--appendonly", "yes", "--dir", folder]),
    ready: redisReady,
  },
  rival("node", requirements.node, "node", "research/rivals/node_net.mjs"),
  rival(
    "asyncio",
    requirements.python,
    python,
    "research/rivals/asyncio_herd.py",
  ),
  rival(
    "uvloop",
    requirements.uvloop,
    python,
    "research/rivals/asyncio_herd.py",
    "--uvloop",
  ),
  rival("java", requirements.java, "java", "research/rivals/HerdServer.java"),
  {
    id: "generator",
    language: "echo",
    command: ({ connections, port }) => ({
      program: deno,
      args: [
        "run",
        "--allow-ffi",
        "bench/load/plain_echo.ts",
        `${port}`,
        `${connections}`,
      ],
    }),
    ready: /^ready$/m,
    servesOnce: true,
  },
];
