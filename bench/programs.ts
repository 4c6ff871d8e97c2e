/**
 * The programs that the herd is measured against: which of them are installed,
 * in which version, and how to install the others.
 *
 * @module
 */

/** A program, or a library of one. */
export interface Requirement {
  /** As in the versions of the results. */
  readonly name: string;
  /** The command that tells its version. */
  readonly command: readonly [program: string, ...args: string[]];
  /** What is the version in the output of that command. */
  readonly version: RegExp;
  /** What to type where it is not installed, on Debian. */
  readonly install: string;
}

/** What a program prints; undefined if it is not there or does not like it. */
function outputOf(
  [program, ...args]: Requirement["command"],
): string | undefined {
  try {
    const { stdout, success } = new Deno.Command(program, {
      args,
      stderr: "null",
    }).outputSync();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

const uvloopVersion = ["-c", "import uvloop; print(uvloop.__version__)"];

/**
 * The Python that has uvloop, if one has it: then asyncio runs on it both with
 * uvloop and without, so that nothing else is different.
 */
export const python =
  ["python3", "/usr/bin/python3"].find((program) =>
    outputOf([program, ...uvloopVersion]) !== undefined
  ) ?? "python3";

/** What rivals need. */
export const requirements = {
  node: {
    name: "node",
    command: ["node", "--version"],
    version: /^v(\S+)/,
    install: "apt-get install nodejs",
  },
  python: {
    name: "python3",
    command: [python, "--version"],
    version: /^Python (\S+)/,
    install: "apt-get install python3",
  },
  uvloop: {
    name: "uvloop",
    command: [python, ...uvloopVersion],
    version: /^(\S+)/,
    install: "apt-get install python3-uvloop",
  },
  mypy: {
    name: "mypy",
    command: ["mypy", "--version"],
    version: /^mypy (\S+)/,
    install: "apt-get install mypy",
  },
  java: {
    name: "java",
    // Not --version: it takes a compiler too, which not every Java has.
    command: ["java", "--list-modules"],
    version: /^jdk\.compiler@(\S+)/m,
    install: "apt-get install default-jdk-headless",
  },
  redis: {
    name: "redis-server",
    command: ["redis-server", "--version"],
    version: / v=(\S+)/,
    install: "apt-get install redis-server",
  },
  nats: {
    name: "nats-server",
    command: ["nats-server", "--version"],
    version: /: v(\S+)/,
    install: "apt-get install nats-server",
  },
} as const satisfies Record<string, Requirement>;

const versions = new Map<string, string | undefined>();

/** The installed version; undefined if there is none. Looks only once. */
export function versionOf(
  { command, name, version }: Requirement,
): string | undefined {
  if (!versions.has(name)) {
    versions.set(name, outputOf(command)?.match(version)?.[1]);
  }
  return versions.get(name);
}

/** What is installed, by name, with the runtime of the herd first. */
export function installedVersions(): Record<string, string> {
  const found: Record<string, string> = { deno: Deno.version.deno };
  for (const requirement of Object.values(requirements)) {
    const version = versionOf(requirement);
    if (version !== undefined) found[requirement.name] = version;
  }
  return found;
}
