/**
 * The servers in `rivals/` as subjects of the bench.
 *
 * @module
 */
import type { Requirement } from "../bench/programs.ts";
import type { Place, Subject } from "../bench/subjects.ts";
import { python, requirements } from "./programs.ts";

const folder = "research/rivals";

/** All rivals take the same arguments. The peer port is the client port + 100. */
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

/** On Node.js. */
export const node = rival(
  "node",
  requirements.node,
  "node",
  `${folder}/node_net.mjs`,
);

const asyncioProgram = `${folder}/asyncio_herd.py`;

/** On CPython. */
export const asyncio = rival(
  "asyncio",
  requirements.python,
  python,
  asyncioProgram,
);

/** The same on uvloop. */
export const uvloop = rival(
  "uvloop",
  requirements.uvloop,
  python,
  ...[asyncioProgram, "--uvloop"],
);

/** The source of the rival in Java. */
export const javaSource = `${folder}/HerdServer.java`;

/** On the JVM, compiled at each start. */
export const java = rival("java", requirements.java, "java", javaSource);

/** A subject that is started with other arguments. */
export const withArgs = (
  subject: Subject,
  change: (args: readonly string[], place: Place) => readonly string[],
): Subject => ({
  ...subject,
  command: (place) => {
    const { args, ...command } = subject.command(place);
    return { ...command, args: change(args, place) };
  },
});
